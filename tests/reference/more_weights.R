# Further reference values on weighting.  Run: Rscript more_weights.R  (R 4.2.2, survival 3.5-3, MatchIt 4.5.1); writes
# more_weights.json, matchit_lalonde.csv and two tables of matched pairs.
suppressPackageStartupMessages({ library(survival); library(jsonlite); library(MatchIt) })
options(digits = 17)
REF <- list()
full <- function(x) if (is.list(x)) lapply(x, full) else if (is.numeric(x)) ifelse(is.na(x), NA, paste0("@@", sprintf("%.17g", x), "@@")) else x
ref <- function(name, code, data, note = NULL) {
  src <- substitute(code)
  REF[[name]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                       values = full(eval(src, envir = new.env(parent = globalenv()))))
}
ctl <- coxph.control(eps = 1e-11, iter.max = 50, toler.chol = 1e-13)
rot <- rotterdam; rot$size2 <- as.integer(rot$size == "20-50"); rot$size3 <- as.integer(rot$size == ">50")
rot$g3 <- as.integer(rot$grade == 3); rot$lpgr <- log1p(rot$pgr); rot$ler <- log1p(rot$er)
lc <- lung[complete.cases(lung[, c("time", "status", "age", "sex", "ph.ecog", "wt.loss")]), ]; lc$ev <- lc$status - 1

ref("weights_g_computation_rotterdam", {
  f <- coxph(Surv(dtime, death) ~ hormon * nodes + age + g3, data = rot, control = ctl)
  S <- function(h, who) {
    n <- who; n$hormon <- h; b <- basehaz(f, centered = FALSE); lp <- predict(f, newdata = n, type = "lp", reference = "zero")
    H <- c(0, b$hazard)[findInterval(c(1826, 3652), b$time) + 1]
    sapply(H, function(x) mean(exp(-x * exp(lp))))
  }
  area <- function(h, who, tau) {
    n <- who; n$hormon <- h; b <- basehaz(f, centered = FALSE); lp <- predict(f, newdata = n, type = "lp", reference = "zero")
    u <- b$time[b$time < tau]; s <- sapply(b$hazard[b$time < tau], function(x) mean(exp(-x * exp(lp))))
    sum(diff(c(0, u, tau)) * c(1, s))
  }
  t <- rot[rot$hormon == 1, ]
  list(times = c(1826, 3652), unexposed = S(0, rot), exposed = S(1, rot), att_unexposed = S(0, t), att_exposed = S(1, t),
       rmst_difference = area(1, rot, 3652) - area(0, rot, 3652))
}, "derived_rotterdam_iptw", "Cox with an interaction; average over all patients, and over the exposed (att_)")

ref("weights_ipcw_lung", {
  d <- lc; d$id <- seq_len(nrow(d)); d$lost <- 1 - d$ev
  g <- coxph(Surv(time, lost) ~ age + sex + ph.ecog, data = d, control = ctl)
  cuts <- c(100, 200, 300, 500)
  s <- survSplit(Surv(time, ev) ~ ., data = d, cut = cuts, start = "start", end = "stop")
  b <- basehaz(g, centered = FALSE); H <- c(0, b$hazard)[findInterval(s$start, b$time) + 1]
  own <- exp(-H * exp(predict(g, newdata = s, type = "lp", reference = "zero")))
  k <- survfit(Surv(time, lost) ~ 1, data = d); km <- c(1, k$surv)[findInterval(s$start, k$time) + 1]
  s$w <- km / own
  f <- coxph(Surv(start, stop, ev) ~ age + sex, data = s, weights = w, cluster = id, control = ctl)
  list(cuts = cuts, rows = nrow(s), weight_sum = sum(s$w), weight_max = max(s$w), unstabilised_sum = sum(1 / own),
       coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))))
}, "derived_lung_cc", "inverse probability of censoring weights per interval, stabilised by Kaplan-Meier")

# MatchIt 4.5.1 compares distances after cutting off their decimals, so that on the logit scale it does not take the
# nearest partner. With the same distances times 1e7 it does; that is what a match is held against.
wide <- function(f, d) 1e7 * predict(glm(f, binomial, d, control = glm.control(epsilon = 1e-14, maxit = 100)))
rform <- hormon ~ age + meno + size2 + size3 + g3 + nodes + lpgr + ler
rd <- rot[, c("pid", "age", "meno", "size2", "size3", "g3", "nodes", "lpgr", "ler", "hormon", "chemo", "dtime", "death")]
pairs <- function(m, d) {
  mm <- m$match.matrix; k <- !is.na(mm[, 1])
  data.frame(treated_pid = d$pid[match(rownames(mm), rownames(d))][k], control_pid = d$pid[match(mm[, 1], rownames(d))][k])
}
old <- matchit(rform, data = rd, method = "nearest", distance = "glm", link = "linear.logit", caliper = .2, std.caliper = TRUE, m.order = "largest")
write.csv(pairs(old, rd), "derived_rotterdam_matchit_pairs.csv", row.names = FALSE)
new <- matchit(rform, data = rd, method = "nearest", distance = wide(rform, rd), caliper = .2, std.caliper = TRUE, m.order = "largest")
write.csv(pairs(new, rd), "derived_rotterdam_nearest_pairs.csv", row.names = FALSE)
ref("weights_match_rotterdam", {
  md <- match.data(new); f <- coxph(Surv(dtime, death) ~ hormon, data = md, cluster = subclass, control = ctl)
  list(n_pairs = sum(!is.na(new$match.matrix)), log_hr = unname(coef(f)), cluster_se = sqrt(f$var[1, 1]),
       smd = unname(summary(new)$sum.matched[-1, "Std. Mean Diff."]))
}, "derived_rotterdam_nearest_pairs", "nearest neighbour on the logit times 1e7, caliper 0.2 SD; the pairs are the data set")

data(lalonde, package = "MatchIt")
ll <- lalonde; ll$black <- as.integer(ll$race == "black"); ll$hispan <- as.integer(ll$race == "hispan"); ll$race <- NULL
write.csv(ll, "matchit_lalonde.csv", row.names = FALSE)
form <- treat ~ age + educ + black + hispan + married + nodegree + re74 + re75
ref("weights_match_lalonde", {
  d <- wide(form, ll)
  one <- matchit(form, data = ll, method = "nearest", distance = d, caliper = NULL, m.order = "largest")
  two <- matchit(form, data = ll, method = "nearest", distance = d, caliper = .2, ratio = 2, m.order = "largest")
  rep <- matchit(form, data = ll, method = "nearest", distance = d, caliper = .2, replace = TRUE, m.order = "largest")
  f <- function(m) { s <- summary(m)$sum.matched[, "Std. Mean Diff."]; w <- m$weights; list(matched_exposed = sum(w[ll$treat == 1] > 0), matched_unexposed = sum(w[ll$treat == 0] > 0), smd = unname(s[-1]), weight_sum_unexposed = sum(w[ll$treat == 0]), largest_weight = max(w)) }
  list(no_caliper = f(one), ratio_2 = f(two), replace = f(rep))
}, "matchit_lalonde", "distances times 1e7; SMD divided by the standard deviation of the exposed (MatchIt's default for ATT)")

REF <- c(list(`_meta` = list(R = R.version.string, packages = sapply(c("survival", "MatchIt"), function(p) as.character(packageVersion(p))))), REF)
writeLines(gsub('"@@([^"]*)@@"', "\\1", toJSON(REF, auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)), "more_weights.json")
