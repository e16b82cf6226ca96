# Terms, contrasts, Firth and start-stop rows in R: run `Rscript tests/reference/more_terms.R` from the root (writes more_terms.json).
suppressPackageStartupMessages({library(survival); library(rms); library(epiR); library(jsonlite)})
options(digits = 17, warn = 1)
target <- "analysis/neurohlh/catalogue/reference"
REF <- list()
ref <- function(name, code, data = NULL, note = NULL) {
  src <- substitute(code)
  REF[[paste0("terms_", name)]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                                         values = eval(src, new.env(parent = globalenv())))
}
read_data <- function(name) read.csv(file.path(target, "data", paste0(name, ".csv")))
ctl <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
lc <- read_data("derived_lung_cc"); lc$sex <- factor(lc$sex, c(1, 2), c("m", "f")); lc$worse <- factor(lc$ph.ecog > 0, c(FALSE, TRUE), c("no", "yes"))
vet <- read_data("survival_veteran"); vet$celltype <- factor(vet$celltype, c("squamous", "smallcell", "adeno", "large")); vet$trt <- factor(vet$trt, 1:2, c("standard", "test")); vet$prior <- factor(vet$prior, c(0, 10), c("no", "yes"))
pb <- read_data("survival_pbc")[1:312, ]; pb$death <- as.integer(pb$status == 2)
heart1 <- read_data("survival_heart"); jasa0 <- read_data("survival_jasa"); col2 <- read_data("survival_colon"); col2 <- col2[col2$etype == 2 & !is.na(col2$nodes), ]
rot <- read_data("derived_rotterdam_iptw")
no_names <- function(x) { x <- unclass(x); attributes(x) <- list(dim = dim(x)); x }
lr <- function(f, g) c(2 * (f$loglik[2] - (if (inherits(g, "coxph.null")) g$loglik[1] else g$loglik[length(g$loglik)])), length(coef(f)) - length(coef(g)))
padded <- function(f, g) { b <- setNames(numeric(length(coef(f))), names(coef(f))); b[names(coef(g))] <- coef(g); b }
score <- function(f, g) { b <- unname(padded(f, g)); coxph(formula(f), data = eval(f$call$data), ties = f$method, init = b, control = coxph.control(iter.max = 0))$score }

ref("knots", { x <- list(lung_age = lc$age, lung_wt = lc$wt.loss, pbc_bili = pb$bili, pbc_stage_age = pb$age[1:40], colon_nodes = col2$nodes, colon_age = col2$age, rot_lpgr = rot$lpgr, rot_ler = rot$ler, rot_nodes = rot$nodes, vet_time = vet$diagtime)
  lapply(x, function(v) lapply(setNames(3:7, paste0("k", 3:7)), function(n) { k <- try(suppressWarnings(rcspline.eval(v, nk = n, knots.only = TRUE)), silent = TRUE); w <- tryCatch({ rcspline.eval(v, nk = n, knots.only = TRUE); FALSE }, warning = function(e) TRUE, error = function(e) TRUE); list(knots = if (inherits(k, "try-error")) numeric(0) else k, warned = w) })) },
  "derived_lung_cc", "pbc: first 312 rows, colon: etype 2 with nodes; warned: rcspline.eval fell back to other knots or failed")
ref("rcs_by_sex", { dd <- datadist(lc); assign("dd", dd, globalenv()); options(datadist = "dd")
  f <- cph(Surv(time, ev) ~ rcs(age, 4) * sex + ph.ecog, lc, x = TRUE, y = TRUE, eps = 1e-13); a <- anova(f)
  k1 <- contrast(f, list(age = 75, sex = "f"), list(age = 60, sex = "f")); k2 <- contrast(f, list(age = c(50, 60, 75), sex = "f"), list(age = c(50, 60, 75), sex = "m"))
  B <- rcspline.eval(lc$age, nk = 4, inclx = TRUE); d <- cbind(lc, B1 = B[, 1], B2 = B[, 2], B3 = B[, 3]); assign("d", d, globalenv())
  g <- coxph(Surv(time, ev) ~ (B1 + B2 + B3) * sex + ph.ecog, d, control = ctl); h <- update(g, . ~ . - B1:sex - B2:sex - B3:sex); l <- update(g, . ~ B1 * sex + ph.ecog)
  list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = f$loglik, anova_rows = rownames(a), anova = no_names(a),
       age75_vs_60_f = c(k1$Contrast, k1$SE, k1$Lower, k1$Upper), sex_at_50_60_75 = list(coef = k2$Contrast, se = k2$SE, lower = k2$Lower, upper = k2$Upper),
       lr_interaction = lr(g, h), lr_nonlinear = lr(g, l), lr_no_age = lr(g, update(g, . ~ sex + ph.ecog)), score_interaction = { b <- c(coef(h)[c("B1", "B2", "B3", "sexf", "ph.ecog")], 0, 0, 0); coxph(Surv(time, ev) ~ (B1 + B2 + B3) * sex + ph.ecog, d, init = b, control = coxph.control(iter.max = 0))$score }) },
  "derived_lung_cc", "columns in the order age, age', age'', sex=f, ph.ecog, then the interaction; sex 1 = m, 2 = f")
ref("rcs_named_knots_strata", { f <- cph(Surv(time, death) ~ rcs(bili, c(0.6, 1.5, 4, 12)) + rcs(age, 5) + strat(sex), pb, eps = 1e-13, tol = 1e-14); a <- anova(f); list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = f$loglik, anova_rows = rownames(a), anova = no_names(a), age_knots = f$Design$parms$age) }, "survival_pbc", "first 312 rows, death = status 2")
ref("drop1_veteran", { f <- coxph(Surv(time, status) ~ trt + celltype + karno + age + prior, vet, control = ctl); d <- drop1(f, test = "Chisq"); wt <- function(i) drop(coef(f)[i] %*% solve(vcov(f)[i, i]) %*% coef(f)[i])
  b <- coxph(Surv(time, status) ~ trt + celltype + karno + age + prior, vet, ties = "breslow", control = ctl); db <- drop1(b, test = "Chisq")
  sc <- function(ties) { g <- coxph(Surv(time, status) ~ trt + karno + age + prior, vet, ties = ties, control = ctl); coxph(Surv(time, status) ~ trt + celltype + karno + age + prior, vet, ties = ties, init = c(coef(g)[1], 0, 0, 0, coef(g)[2:4]), control = coxph.control(iter.max = 0))$score }
  list(terms = rownames(d)[-1], lrt = d$LRT[-1], df = d$Df[-1], p = d[-1, 4], breslow_lrt = db$LRT[-1], wald_celltype = wt(2:4), wald_trt = wt(1), score_celltype = sc("efron"), score_celltype_breslow = sc("breslow")) }, "survival_veteran")
ref("three_way", { f <- coxph(Surv(time, status) ~ trt * prior * karno + celltype, vet, control = ctl); list(names = names(coef(f)), coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = f$loglik, lr_three_way = lr(f, update(f, . ~ . - trt:prior:karno)), lr_trt = lr(f, update(f, . ~ prior * karno + celltype))) }, "survival_veteran")
ref("cluster_contrast", { f <- coxph(Surv(start, stop, event) ~ (age + surgery) * transplant + year, heart1, cluster = id, control = ctl); K <- rbind(transplant_age0 = c(0, 0, 1, 0, 0, 0), transplant_age10_surgery = c(0, 0, 1, 0, 10, 1)); V <- vcov(f); w <- function(i) drop(coef(f)[i] %*% solve(V[i, i]) %*% coef(f)[i]); est <- drop(K %*% coef(f)); S <- K %*% V %*% t(K)
  list(names = names(coef(f)), coef = unname(est), se = unname(sqrt(diag(S))), joint = drop(est %*% solve(S) %*% est), wald_interactions = w(5:6), lr_interactions = { g <- coxph(Surv(start, stop, event) ~ age + surgery + transplant + year, heart1, control = ctl); lr(f, g) }) }, "survival_heart", "robust variance by id")
ref("additive", { f <- coxph(Surv(time, ev) ~ worse * sex + age, lc2 <- within(lc, sex <- factor(sex, c("f", "m"))), control = ctl); i <- c(1, 2, 4); r <- epi.interaction(model = f, param = "product", coef = i, conf.level = .95); e <- function(t) unlist(r[[tolower(t)]])
  list(coef = unname(coef(f)), RERI = unname(e("RERI")), AP = unname(e("APAB")), S = unname(e("S"))) }, "derived_lung_cc", "exposure ph.ecog > 0, modifier sex with f as reference; epiR: estimate, lower, upper")
ref("survsplit", { s <- survSplit(Surv(time, status) ~ ., vet, cut = c(60, 120), episode = "tg", id = "nr"); f <- coxph(Surv(tstart, time, status) ~ trt + karno:strata(tg), s, control = ctl); g <- coxph(Surv(tstart, time, status) ~ trt + karno, s, control = ctl)
  list(rows = nrow(s), tstart = s$tstart, stop = s$time, event = s$status, episode = s$tg, nr = s$nr, coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), plain = unname(coef(g))) }, "survival_veteran", "karno per period; rows ordered by patient and start")
ref("tmerge", { d <- jasa0; d$id <- seq_len(nrow(d)); d$wait <- d$tx.date - d$accept.dt; d$futime <- pmax(.5, d$futime); d$wait <- ifelse(!is.na(d$wait) & d$wait == d$futime, d$wait - .5, d$wait); d2 <- d[, c("id", "age", "surgery")]
  t1 <- tmerge(d2, d, id = id, death = event(futime, fustat), trans = tdc(wait)); f <- coxph(Surv(tstart, tstop, death) ~ trans + age + surgery, t1, control = ctl)
  list(id = t1$id, tstart = t1$tstart, tstop = t1$tstop, death = t1$death, trans = t1$trans, coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f))))) }, "survival_jasa", "follow-up of 0 set to 0.5; a transplant on the last day 0.5 earlier")

firth <- function(y, X, s, ties) { K <- ncol(X); pl0 <- function(b) { f <- suppressWarnings(coxph(y ~ X + strata(s), ties = ties, init = b, control = coxph.control(iter.max = 0))); f$loglik[length(f$loglik)] - .5 * as.numeric(determinant(f$var)$modulus) }
  grad <- function(b, free) sapply(free, function(j) { h <- 1e-3; e <- replace(numeric(K), j, h); (8 * (pl0(b + e) - pl0(b - e)) - (pl0(b + 2 * e) - pl0(b - 2 * e))) / (12 * h) })
  mx <- function(free, b) { for (r in 1:60) { f <- suppressWarnings(coxph(y ~ X + strata(s), ties = ties, init = b, control = coxph.control(iter.max = 0))); I <- solve(f$var); step <- solve(I[free, free, drop = FALSE], grad(b, free)); b[free] <- b[free] + step; if (max(abs(step)) < 1e-11) break }; b }
  b <- mx(seq_len(K), numeric(K)); top <- pl0(b); V <- coxph(y ~ X + strata(s), ties = ties, init = b, control = coxph.control(iter.max = 0))$var; se <- sqrt(diag(V)); target <- top - qchisq(.95, 1) / 2
  prof <- function(j, v) { o <- b; o[j] <- v; pl0(mx(setdiff(seq_len(K), j), o)) }
  lim <- sapply(seq_len(K), function(j) sapply(c(-1, 1), function(d) uniroot(function(v) prof(j, v) - target, sort(b[j] + d * c(.5, 5) * se[j]), tol = 1e-9, extendInt = "yes")$root))
  list(coef = unname(b), se = unname(se), loglik = c(pl0(numeric(K)), top), lower = lim[1, ], upper = lim[2, ], plr = sapply(seq_len(K), function(j) 2 * (top - prof(j, 0)))) }
for (ti in c("breslow", "efron")) local({ ti <- ti
  ref(paste0("firth_heart_strata_", ti), eval(bquote(firth(Surv(heart1$start, heart1$stop, heart1$event), cbind(heart1$age, heart1$year, heart1$transplant), heart1$surgery, .(ti)))), "survival_heart", "delayed entry, strata surgery; penalised likelihood by coxph at fixed coefficients")
  ref(paste0("firth_no_events_", ti), eval(bquote({ d <- vet[vet$celltype != "large" | vet$status == 0 | vet$time > 200, ]; d$status[d$celltype == "large"] <- 0; firth(Surv(d$time, d$status), model.matrix(~ celltype + karno, d)[, -1], rep(1, nrow(d)), .(ti)) })), "survival_veteran", "celltype large: no events; its others with an event up to 200 days are left out") })

REF[["_meta"]] <- list(R = R.version.string, packages = sapply(c("survival", "rms", "Hmisc", "epiR"), function(p) as.character(packageVersion(p))))
nm <- function(x) {
  if (is.list(x)) return(lapply(x, nm)); if (is.factor(x)) x <- as.character(x)
  if (is.double(x)) { n <- dim(x); y <- ifelse(!is.finite(x), NA, paste0("@@", sprintf("%.17g", x), "@@")); dim(y) <- n; return(unname(y)) }
  unname(x)
}
txt <- toJSON(nm(REF), auto_unbox = TRUE, na = "null", null = "null")
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), file.path(target, "more_terms.json"))
