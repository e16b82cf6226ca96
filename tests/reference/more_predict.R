# Further reference values on prediction.  Run: Rscript more_predict.R  (R 4.2.2, Debian 12 packages); writes
# more_predict.json and the data sets derived_melanoma_risk.csv, derived_birthwt_risk.csv, derived_lung_risk.csv and derived_gbsg_scores.csv.
suppressPackageStartupMessages({
  library(survival); library(riskRegression); library(jsonlite); library(rms); library(MASS)
})
options(digits = 17)
REF <- list()
full <- function(x) if (is.list(x)) lapply(x, full) else if (is.numeric(x)) ifelse(is.na(x), NA, paste0("@@", sprintf("%.17g", x), "@@")) else x
ref <- function(name, code, data, note = NULL) {
  src <- substitute(code)
  REF[[name]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                       values = full(eval(src, envir = new.env(parent = globalenv()))))
}
put <- function(d, name) write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)

# Melanoma in months (ties), risks of two models rounded so that the file holds exactly what R scored
data(Melanoma, package = "riskRegression")
mel <- Melanoma[, c("time", "status", "age", "thick", "ulcer")]
mel$months <- ceiling(mel$time / 30.4375)
one <- CSC(Hist(months, status) ~ age + thick + ulcer, data = mel)
two <- CSC(Hist(months, status) ~ age, data = mel)
mt <- c(36, 72, 108)
r1 <- round(predictRisk(one, newdata = mel, times = mt, cause = 1), 4)
r2 <- round(predictRisk(two, newdata = mel, times = mt, cause = 1), 4)
mrisk <- data.frame(months = mel$months, status = mel$status, r1, r2)
names(mrisk)[3:8] <- c(paste0("full_", mt), paste0("age_", mt))
put(mrisk, "derived_melanoma_risk")
ref("predict_score_melanoma", {
  out <- list(times = mt)
  for (j in 1:3) {
    s <- Score(list(full = r1[, j], age = r2[, j]), formula = Hist(months, status) ~ 1, data = mrisk, times = mt[j],
               metrics = c("auc", "brier"), summary = "ipa", conf.int = TRUE, cens.model = "km", cause = 1)
    a <- as.data.frame(s$AUC$score); b <- as.data.frame(s$Brier$score)
    da <- as.data.frame(s$AUC$contrasts); db <- as.data.frame(s$Brier$contrasts)
    db <- db[db$model == "age" & db$reference == "full", ]
    out[[paste0("t", mt[j])]] <- list(auc = a$AUC, auc_se = a$se, brier = b$Brier, brier_se = b$se, ipa = b$IPA,
      delta_auc = da$delta.AUC, delta_auc_se = da$se, delta_auc_p = da$p, delta_brier = db$delta.Brier,
      delta_brier_se = db$se, delta_brier_p = db$p)
  }
  out
}, "derived_melanoma_risk", "models in the order full, age; Brier starts with the null model; contrasts are age - full")

bw <- birthwt
f <- glm(low ~ age + lwt + smoke, binomial, bw, control = glm.control(epsilon = 1e-14, maxit = 100))
brisk <- data.frame(low = bw$low, risk = round(plogis(0.4 + 1.6 * qlogis(fitted(f))), 5))
put(brisk, "derived_birthwt_risk")
ref("predict_calibration_birthwt", {
  d <- brisk; lp <- qlogis(d$risk); k <- glm.control(epsilon = 1e-14, maxit = 100)
  a <- glm(low ~ offset(lp), binomial, d, control = k); b <- glm(low ~ lp, binomial, d, control = k)
  list(intercept = unname(coef(a)), intercept_se = sqrt(vcov(a)[1, 1]), slope = unname(coef(b)[2]),
       slope_se = sqrt(vcov(b)[2, 2]), observed_expected = mean(d$low) / mean(d$risk))
}, "derived_birthwt_risk", "risks made too extreme on purpose")

lc <- lung[complete.cases(lung[, c("time", "status", "age", "sex", "ph.ecog", "wt.loss")]), ]; lc$ev <- lc$status - 1
g <- coxph(Surv(time, ev) ~ age + sex + ph.ecog, data = lc, x = TRUE)
p <- predictRisk(g, newdata = lc, times = 365)[, 1]
lrisk <- data.frame(time = lc$time, ev = lc$ev, risk = round(1 - (1 - p)^1.3, 5))
put(lrisk, "derived_lung_risk")
ref("predict_calibration_lung", {
  d <- lrisk; d$cll <- log(-log(1 - d$risk)); ctl <- coxph.control(eps = 1e-11, iter.max = 50, toler.chol = 1e-13)
  s <- summary(survfit(Surv(time, ev) ~ 1, data = d), times = 365)
  d$etime <- pmin(d$time, 365); d$eev <- ifelse(d$time > 365, 0, d$ev)
  b <- coxph(Surv(etime, eev) ~ cll, data = d, control = ctl)
  k <- Hmisc::rcspline.eval(d$cll, nk = 3, knots.only = TRUE)
  B <- Hmisc::rcspline.eval(d$cll, knots = k, inclx = TRUE, norm = 2)
  h <- coxph(Surv(etime, eev) ~ B, data = d, control = ctl)
  bh <- basehaz(h, centered = FALSE); H <- bh$hazard[max(which(bh$time <= 365))]
  o <- 1 - exp(-H * exp(drop(B %*% coef(h)))); e <- abs(o - d$risk)
  list(observed = 1 - s$surv, observed_se = s$std.err, expected = mean(d$risk), slope = unname(coef(b)),
       slope_se = sqrt(vcov(b)[1, 1]), knots = k, ici = mean(e), e50 = median(e),
       e90 = unname(quantile(e, .9)), emax = max(e), observed_first5 = o[1:5])
}, "derived_lung_risk", "horizon 365; smooth curve: Cox on a restricted cubic spline (3 knots) of log(-log(1 - risk)), follow-up cut at the horizon; Austin 2020")

# German breast cancer in months (ties): two scores, Harrell's and Uno's concordance, within strata, and their difference
gb <- gbsg
gb <- data.frame(months = ceiling(gb$rfstime / 30.4375), status = gb$status, s1 = round(gb$nodes * .1 + gb$age * .01, 3),
                 s2 = round(-gb$pgr / 100, 2), large = as.integer(gb$size > 25))
put(gb, "derived_gbsg_scores")
ref("predict_concordance_gbsg", {
  one <- function(v, x) coxph(as.formula(paste0("Surv(months, status) ~ ", v, x)), data = gb, init = 1, iter.max = 0)
  two <- function(x = "", ...) {
    a <- one("s1", x); b <- one("s2", x); k <- concordance(a, b, ...); v <- unname(k$var)
    list(estimate = unname(k$concordance), se = sqrt(diag(v)), difference_se = sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2]))
  }
  list(harrell = two(), uno = two(timewt = "n/G2", ymax = 60), strata = two("+strata(large)"))
}, "derived_gbsg_scores", "scores s1 and s2 as they are (models with coefficient 1); Uno's C to 60 months")

REF <- c(list(`_meta` = list(R = R.version.string, packages = sapply(c("survival", "riskRegression", "rms", "Hmisc"),
  function(p) as.character(packageVersion(p))))), REF)
writeLines(gsub('"@@([^"]*)@@"', "\\1", toJSON(REF, auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)), "more_predict.json")
