# Curves in R: run `Rscript tests/reference/more_curves.R` from the root (writes more_curves.json and its data).
suppressPackageStartupMessages({library(survival); library(geepack); library(jsonlite)})
options(digits = 17, warn = 1)
target <- "analysis/neurohlh/catalogue/reference"
REF <- list()
ref <- function(name, code, data = NULL, note = NULL) {
  src <- substitute(code)
  REF[[paste0("curves_", name)]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                                          values = eval(src, new.env(parent = globalenv())))
}
read_data <- function(name) read.csv(file.path(target, "data", paste0(name, ".csv")))
save_data <- function(d, name) write.csv(d, file.path(target, "data", paste0(name, ".csv")), row.names = FALSE, na = "")

save_data(aml, "survival_aml"); save_data(ovarian, "survival_ovarian")
save_data(myeloma[seq_len(600), c("id", "year", "entry", "futime", "death")], "survival_myeloma600")
edge <- function(case, time, event, entry = 0, weight = 1) data.frame(case, entry, time, event, weight)
save_data(rbind(
  edge("single", 5, 1), edge("single_censored", 5, 0), edge("all_censored", c(2, 3, 3, 9), 0),
  edge("reaches_zero", c(1, 2, 4, 7, 7), c(1, 0, 1, 1, 1)), edge("all_at_once", c(3, 3, 3), 1),
  edge("tie_event_censoring", c(2, 2, 2, 5, 5, 8), c(1, 0, 1, 0, 1, 0)), edge("half_then_falls", c(1, 2, 3, 4), c(1, 1, 0, 1)),
  edge("half_to_the_end", c(1, 2, 3, 4), c(1, 1, 0, 0)), edge("quarter_flat", c(1, 2, 6, 8, 9, 11, 12, 14), c(1, 1, 0, 1, 1, 1, 1, 0)),
  edge("event_at_zero", c(0, 1, 2, 3, 3), c(1, 0, 1, 1, 0)), edge("early_gap", c(3, 5, 9, 10, 12, 14), c(1, 0, 1, 0, 1, 0), c(0, 2, 2, 4, 6, 8)),
  edge("weighted", c(1, 2, 2, 3, 5, 8, 8, 9), c(1, 1, 0, 1, 1, 0, 1, 0), 0, c(.5, 1.5, 2, .25, 1, 3, .75, 1))
), "derived_curve_edges")
edges <- read_data("derived_curve_edges"); types <- c("log-log", "log", "plain", "logit", "arcsin")
pbc1 <- read_data("survival_pbc"); pbc1 <- pbc1[1:312, ]; pbc1$death <- as.integer(pbc1$status == 2); colon2 <- read_data("survival_colon"); colon2 <- colon2[colon2$etype == 2, ]
lung1 <- read_data("survival_lung"); lung1$death <- as.integer(lung1$status == 2); lung1$w <- .5 + (lung1$age %% 7) / 4; heart1 <- read_data("survival_heart"); heart1$w <- .5 + (heart1$id %% 5) / 3
vet <- read_data("survival_veteran"); vet$celltype <- factor(vet$celltype, c("squamous", "smallcell", "adeno", "large"))
rot <- read_data("derived_rotterdam_iptw"); rot$w <- 1 + (rot$age %% 4) / 3

at <- function(f, times) { s <- summary(f, times = times, extend = TRUE); list(time = s$time, n_risk = s$n.risk, surv = s$surv, se = s$std.err, lower = s$lower, upper = s$upper, cumhaz = s$cumhaz, std_chaz = s$std.chaz) }
quant <- function(f) { q <- quantile(f, c(.1, .25, .5, .75, .9)); list(estimate = unname(q$quantile), lower = unname(q$lower), upper = unname(q$upper)) }
ref("logit_lung_sex", { f <- survfit(Surv(time, death) ~ sex, lung1, conf.type = "logit"); c(at(f, c(50, 100, 365, 730)), list(quantiles = quant(f))) }, "survival_lung")
ref("quantiles_colon", lapply(setNames(nm = types), function(t) quant(survfit(Surv(time, status) ~ rx, colon2, conf.type = t))), "survival_colon", "etype 2 (death)")
ref("quantiles_ovarian", lapply(setNames(nm = types), function(t) quant(survfit(Surv(futime, fustat) ~ 1, ovarian, conf.type = t))), "survival_ovarian")
ref("quantiles_veteran", lapply(setNames(nm = types), function(t) quant(survfit(Surv(time, status) ~ celltype, vet, conf.type = t))), "survival_veteran")
ref("quantiles_pbc", lapply(setNames(nm = types), function(t) quant(survfit(Surv(time, death) ~ 1, pbc1, conf.type = t))), "survival_pbc", "first 312 rows")
ref("aml_curve", { f <- survfit(Surv(time, status) ~ x, aml, conf.type = "log-log"); list(time = f$time, n_risk = f$n.risk, surv = f$surv, lower = f$lower, upper = f$upper, table = unname(summary(f)$table[, c("records", "events", "median", "0.95LCL", "0.95UCL")])) }, "survival_aml")
ref("myeloma_entry", { f <- survfit(Surv(entry, futime, death) ~ 1, myeloma[1:600, ], conf.type = "log-log"); c(at(f, c(365, 1000, 3000)), list(max_risk = max(f$n.risk))) }, "survival_myeloma600", "delayed entry; the first 600 rows of myeloma")
ref("edges", lapply(split(edges, factor(edges$case, unique(edges$case))), function(d) lapply(setNames(nm = types), function(t) { f <- survfit(if (any(d$entry > 0)) Surv(entry, time, event) ~ 1 else Surv(time, event) ~ 1, d, weights = weight, conf.type = t); s <- summary(f, censored = TRUE); list(time = f$time, n_risk = f$n.risk, surv = f$surv, se = s$std.err, lower = f$lower, upper = f$upper, median = unname(s$table[c("median", "0.95LCL", "0.95UCL")])) })), "derived_curve_edges", "limits are compared where S lies strictly between 0 and 1: elsewhere R gives them no width or none")
ref("weights_entry_id", list(
  robust = at(survfit(Surv(start, stop, event) ~ transplant, heart1, weights = w, id = id, conf.type = "log-log"), c(30, 100, 365)),
  robust_one_curve = at(survfit(Surv(start, stop, event) ~ 1, heart1, weights = w, id = id, conf.type = "log"), c(30, 100, 365)),
  id_only = at(survfit(Surv(start, stop, event) ~ 1, heart1, id = id, conf.type = "log-log"), c(30, 100, 365)),
  naive = at(survfit(Surv(start, stop, event) ~ 1, heart1, weights = w, id = id, robust = FALSE, conf.type = "log-log"), c(30, 100, 365)),
  cluster = at(survfit(Surv(time, death) ~ 1, lung1, cluster = inst, conf.type = "log-log", subset = !is.na(inst)), c(100, 365, 730)),
  whole_weights = at(survfit(Surv(time, death) ~ 1, lung1, weights = 1 + (age %% 3), conf.type = "log-log"), c(100, 365, 730)),
  iptw = at(survfit(Surv(dtime, death) ~ hormon, rot, weights = w, conf.type = "log-log"), c(1000, 3000))),
  "survival_heart", "weights: heart 0.5 + (id mod 5)/3, lung 1 + (age mod 3), derived_rotterdam_iptw 1 + (age mod 4)/3")
ref("hazard", list(
  nelson = at(survfit(Surv(time, death) ~ 1, lung1, stype = 2, ctype = 1, conf.type = "log-log"), c(50, 365, 883)),
  fleming = at(survfit(Surv(time, death) ~ 1, lung1, stype = 2, ctype = 2, conf.type = "log-log"), c(50, 365, 883)),
  fleming_weighted = at(survfit(Surv(time, death) ~ 1, lung1, stype = 2, ctype = 2, weights = w, conf.type = "log"), c(50, 365, 883)),
  nelson_weighted = at(survfit(Surv(time, death) ~ 1, lung1, stype = 2, ctype = 1, weights = w, conf.type = "plain"), c(50, 365, 883)),
  fleming_naive = at(survfit(Surv(time, death) ~ 1, lung1, stype = 2, ctype = 2, weights = w, robust = FALSE, conf.type = "log"), c(50, 365, 883)),
  entry = at(survfit(Surv(start, stop, event) ~ 1, heart1, stype = 2, ctype = 2, conf.type = "logit"), c(10, 100, 900))), "survival_lung", "entry: survival_heart")

sd1 <- function(s) { s1 <- function(x) if (is.matrix(x)) rowSums(x) else as.vector(x); list(obs = s1(s$obs), exp = s1(s$exp), var = s$var, chisq = s$chisq, p = s$pvalue) }
ref("survdiff", list(
  colon_rx = sd1(survdiff(Surv(time, status) ~ rx, colon2)), colon_rx_half_strata = sd1(survdiff(Surv(time, status) ~ rx + strata(extent, node4), colon2, rho = .5)),
  pbc_stage_rho1 = sd1(survdiff(Surv(time, death) ~ stage, pbc1, rho = 1)), pbc_trt_strata = sd1(survdiff(Surv(time, death) ~ trt + strata(stage), pbc1)),
  veteran_half_strata = sd1(survdiff(Surv(time, status) ~ celltype + strata(trt), vet, rho = .5)),
  ovarian = sd1(survdiff(Surv(futime, fustat) ~ rx, ovarian)), aml = sd1(survdiff(Surv(time, status) ~ x, aml)), aml_rho1 = sd1(survdiff(Surv(time, status) ~ x, aml, rho = 1))), "survival_colon", "obs and exp of rho above 0 are R's weighted ones")
sc <- function(formula, d, w = rep(1, nrow(d)), id = seq_len(nrow(d))) { d$w <- w; d$cl <- id; environment(formula) <- environment(); as.vector(coxph(formula, d, weights = w, cluster = cl, ties = "breslow", control = coxph.control(iter.max = 0))$rscore) }
ref("robust_score", list(
  lung_weighted = { d <- subset(lung1, ph.ecog < 3); sc(Surv(time, death) ~ factor(ph.ecog), d, d$w) }, lung_cluster = { d <- subset(lung1, !is.na(inst)); sc(Surv(time, death) ~ sex, d, id = d$inst) },
  heart_weighted = sc(Surv(start, stop, event) ~ transplant, heart1, heart1$w, heart1$id), heart_strata = sc(Surv(start, stop, event) ~ transplant + strata(surgery), heart1, heart1$w, heart1$id),
  rotterdam = sc(Surv(dtime, death) ~ hormon, rot, rot$w)), "survival_lung", "robust score test of coxph with Breslow's ties at coefficient 0: the log-rank test with its robust variance; weights as in curves_weights_entry_id")
wlr <- function(start, stop, ev, g, w) { ut <- sort(unique(stop[ev == 1])); R <- function(t) start < t & stop >= t; n <- sapply(ut, function(t) sum(R(t))); n1 <- sapply(ut, function(t) sum(R(t) & g)); d <- sapply(ut, function(t) sum(stop == t & ev == 1)); d1 <- sapply(ut, function(t) sum(stop == t & ev == 1 & g)); W <- w(n, d); v <- ifelse(n > 1, d * (n1 / n) * (1 - n1 / n) * (n - d) / (n - 1), 0); c(U = sum(W * (d1 - d * n1 / n)), V = sum(W^2 * v)) }
lagS <- function(n, d) c(1, cumprod(1 - d / n)[-length(n)])
WT <- list(logrank = function(n, d) 1 + 0 * n, gehan = function(n, d) n, `tarone-ware` = function(n, d) sqrt(n), `peto-peto` = function(n, d) cumprod(1 - d / (n + 1)), `modified-peto-peto` = function(n, d) cumprod(1 - d / (n + 1)) * n / (n + 1), `fleming-harrington` = function(n, d) sqrt(lagS(n, d)) * (1 - lagS(n, d))^2)
ref("weighted_entry_heart", lapply(WT, function(w) Reduce(`+`, lapply(0:1, function(s) { d <- heart1[heart1$surgery == s, ]; wlr(d$start, d$stop, d$event, d$transplant == 1, w) }))), "survival_heart", "U and V of transplant = 1, summed over strata of surgery; Fleming-Harrington with rho 0.5, gamma 2")
ref("pairwise_veteran", { l <- levels(vet$celltype); pr <- combn(l, 2); p <- apply(pr, 2, function(g) survdiff(Surv(time, status) ~ celltype, droplevels(vet[vet$celltype %in% g, ]))$pvalue); c(list(p = p), lapply(setNames(nm = c("holm", "hochberg", "hommel", "bonferroni", "BH", "BY")), function(m) p.adjust(p, m))) }, "survival_veteran")
ref("permutation_exact", { d <- ovarian[ovarian$age < 56, ]; r <- unname(residuals(coxph(Surv(futime, fustat) ~ 1, d, ties = "breslow"), "martingale")); g <- d$rx == 1; k <- sum(g); s <- colSums(matrix(r[combn(nrow(d), k)], nrow = k)); o <- sum(r[g]); m <- k * mean(r); list(n = nrow(d), allocations = length(s), p = mean(abs(s - m) >= abs(o - m) * (1 - 1e-9)), chisq = (o - m)^2 / (var(r) * k * (nrow(d) - k) / nrow(d))) }, "survival_ovarian", "rx in patients below 56, all allocations enumerated")

rm1 <- function(f, tau) { t <- summary(f, rmean = tau)$table; if (is.matrix(t)) list(mean = unname(t[, "rmean"]), se = unname(t[, "se(rmean)"])) else list(mean = unname(t["rmean"]), se = unname(t["se(rmean)"])) }
ref("rmst", list(
  pbc = rm1(survfit(Surv(time, death) ~ trt, pbc1), 3000), colon = rm1(survfit(Surv(time, status) ~ rx, colon2), 2500), aml_to_zero = rm1(survfit(Surv(time, status) ~ 1, aml[aml$x == "Nonmaintained", ]), 60),
  entry = rm1(survfit(Surv(entry, futime, death) ~ 1, myeloma[1:600, ]), 2000), follow_up = rm1(survfit(Surv(time, death == 0) ~ 1, lung1), 1022),
  weighted = { f <- survfit(Surv(time, death) ~ 1, lung1, weights = w); r <- residuals(f, times = 500, type = "auc"); list(mean = rm1(f, 500)$mean, se = sqrt(sum((lung1$w * as.vector(r))^2))) }), "survival_pbc", "weighted: standard error from the influence of every patient (residuals of survfit)")
kl <- function(f, t) { s <- summary(f, times = t); S <- s$surv; se <- s$std.err; x <- log(-log(S)); v <- (se / (S * log(S)))^2; m <- weighted.mean(x, 1 / v); list(surv = S, se = se, difference = S[-1] - S[1], se_difference = sqrt(se[-1]^2 + se[1]^2), log_ratio = log(S[-1] / S[1]), se_log_ratio = sqrt((se[-1] / S[-1])^2 + (se[1] / S[1])^2), cloglog = (x[-1] - x[1])^2 / (v[-1] + v[1]), all_groups = sum((x - m)^2 / v)) }
ref("difference", list(colon = kl(survfit(Surv(time, status) ~ rx, colon2), 1825), veteran = kl(survfit(Surv(time, status) ~ celltype, vet), 90), rotterdam_weighted = kl(survfit(Surv(dtime, death) ~ hormon, rot, weights = w), 2000)), "survival_colon", "weights as in curves_weights_entry_id")

ova <- data.frame(time = ovarian$futime, death = ovarian$fustat)
loo <- function(d, t, f) { n <- nrow(d); th <- f(d, t); sapply(seq_len(n), function(i) n * th - (n - 1) * f(d[-i, ], t)) }
S <- function(d, t) summary(survfit(Surv(time, death) ~ 1, d), times = t, extend = TRUE)$surv
A <- function(d, t) unname(summary(survfit(Surv(time, death) ~ 1, d), rmean = t)$table["rmean"])
ref("pseudo", { f <- survfit(Surv(time, death) ~ 1, ova); list(survival_500 = loo(ova, 500, S), rmst_500 = loo(ova, 500, A), infinitesimal_survival_500 = as.vector(pseudo(f, times = 500, type = "survival")), infinitesimal_rmst_500 = as.vector(pseudo(f, times = 500, type = "rmst"))) }, "survival_ovarian")
ref("pseudo_regression", { l <- lung1[!is.na(lung1$inst), ]; P <- cbind(loo(l, 180, S), loo(l, 365, S)); A1 <- loo(l, 365, A); k <- which(!is.na(l$ph.ecog)); l <- l[k, ]; P <- P[k, ]; A1 <- A1[k]; n <- nrow(l)
  long <- data.frame(y = as.vector(t(P)), at = factor(rep(1:2, n)), id = rep(seq_len(n), each = 2), l[rep(seq_len(n), each = 2), c("age", "sex", "ph.ecog")]); ctl <- geese.control(epsilon = 1e-13, maxit = 200)
  one <- function(g) list(coef = unname(g$beta), se = unname(sqrt(diag(g$vbeta)))); by_inst <- order(l$inst)
  list(identity = one(geese(y ~ at + 0 + age + sex + ph.ecog, id = id, data = long, control = ctl)), log = one(geese(y ~ at + 0 + age + sex + ph.ecog, id = id, data = long, mean.link = "log", control = ctl)),
       cloglog = one(geese(1 - y ~ at + 0 + age + sex + ph.ecog, id = id, data = long, mean.link = "cloglog", b = c(-1, 0, 0, -.5, .4), control = ctl)),
       rmst_cluster = one(geese(A1[by_inst] ~ age + sex + ph.ecog, id = inst, data = l[by_inst, ], control = ctl))) }, "survival_lung", "rows with inst; pseudo-observations by leaving each patient out; geepack, independence, tight tolerance")

REF[["_meta"]] <- list(R = R.version.string, packages = sapply(c("survival", "geepack"), function(p) as.character(packageVersion(p))))
nm <- function(x) {
  if (is.list(x)) return(lapply(x, nm)); if (is.factor(x)) x <- as.character(x)
  if (is.double(x)) { n <- dim(x); y <- ifelse(!is.finite(x), NA, paste0("@@", sprintf("%.17g", x), "@@")); dim(y) <- n; return(unname(y)) }
  unname(x)
}
txt <- toJSON(nm(REF), auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), file.path(target, "more_curves.json"))
