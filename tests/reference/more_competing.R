# Further reference values on competing risks.  Run: Rscript more_competing.R  (R 4.2.2, Debian 12 packages); writes
# more_competing.json; reads the data of riskRegression (Melanoma) and survival (pbc).
suppressPackageStartupMessages({library(survival); library(cmprsk); library(jsonlite)})
REF <- list()
full <- function(x) if (is.list(x)) lapply(x, full) else if (is.numeric(x)) ifelse(is.na(x), NA, paste0("@@", sprintf("%.17g", x), "@@")) else x
ref <- function(name, code, data, note = NULL) {
  src <- substitute(code)
  REF[[name]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                       values = full(eval(src, envir = new.env(parent = globalenv()))))
}
data(Melanoma, package = "riskRegression")
mel <- Melanoma; mel$months <- ceiling(mel$time / 30.4375); mel$male <- as.numeric(mel$sex == "Male"); mel$id <- seq_len(nrow(mel))
mel$f <- factor(mel$status, 0:2); mel$start <- floor(mel$months / 4)
ctl <- coxph.control(eps = 1e-12, iter.max = 60, toler.chol = 1e-13)
ref("competing_melanoma_gray", {
  out <- list(rho = c(0, 1, -1))
  for (r in out$rho) out[[paste0("rho", r)]] <- unname(cuminc(mel$months, mel$status, mel$invasion, mel$ulcer, rho = r)$Tests[, 1])
  out
}, "riskRegression_Melanoma", "months = ceiling(time / 30.4375): ties; groups invasion, strata ulcer; causes 1, 2")
ref("competing_melanoma_crr_ties", {
  f <- crr(mel$months, mel$status, as.matrix(mel[, c("age", "thick", "male")]), gtol = 1e-11, maxiter = 100)
  list(coef = unname(f$coef), se = sqrt(diag(f$var)))
}, "riskRegression_Melanoma", "tied months")
ref("competing_melanoma_finegray_strata_entry", {
  s <- finegray(Surv(months, f) ~ age + thick + male + id + strata(ulcer), mel, etype = "1")
  s <- merge(s, mel[, c("id", "ulcer")])
  a <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + thick + male + strata(ulcer), s, weights = fgwt, cluster = id, control = ctl)
  e <- finegray(Surv(start, months, f) ~ age + thick + male + id, mel, etype = "1", id = id)
  b <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + thick + male, e, weights = fgwt, cluster = id, control = ctl)
  list(strata_coef = unname(coef(a)), strata_se = sqrt(diag(a$var)), entry_coef = unname(coef(b)), entry_se = sqrt(diag(b$var)))
}, "riskRegression_Melanoma", "strata ulcer, censoring by stratum; start = floor(months / 4)")
pb <- survival::pbc[, c("time", "status", "age", "bili", "sex", "edema", "trt")]; pb$id <- seq_len(nrow(pb))
pb$months <- ceiling(pb$time / 30.4375); pb$start <- floor(pb$months / 4); pb$w <- 1 + pb$id %% 3; pb$half <- pb$w / 2
pb$f <- factor(pb$status, 0:2); pb$male <- as.numeric(pb$sex == "m")
states <- function(s, times) {
  r <- summary(s, times = times)
  list(time = times, pstate = r$pstate[, 2:3], std_err = r$std.err[, 2:3], lower = r$lower[, 2:3], upper = r$upper[, 2:3])
}
ref("competing_pbc_survfit", {
  at <- c(36, 72, 108, 132); m <- Surv(months, f) ~ 1
  list(plain = states(survfit(m, pb, id = id, conf.type = "log-log"), at),
       weights = states(survfit(m, pb, id = id, weights = half, conf.type = "log-log"), at),
       entry = states(survfit(Surv(start, months, f) ~ 1, pb, id = id, conf.type = "log-log"), at))
}, "survival_pbc", "transplant 1, death 2; months = ceiling(time / 30.4375), start = floor(months / 4), half = (1 + row %% 3) / 2, rows from 1")
ref("competing_pbc_gray", {
  out <- list(rho = c(0, 1, -1))
  for (r in out$rho) out[[paste0("rho", r)]] <- unname(cuminc(pb$months, pb$status, pb$edema, pb$sex, rho = r)$Tests[, 1])
  out
}, "survival_pbc", "three groups of edema, strata sex, tied months; causes 1, 2")
ref("competing_pbc_crr", {
  out <- list()
  for (k in 1:2) {
    f <- crr(pb$months, pb$status, as.matrix(pb[, c("age", "bili", "male")]), failcode = k, gtol = 1e-11, maxiter = 100)
    out[[paste0("coef", k)]] <- unname(f$coef); out[[paste0("se", k)]] <- sqrt(diag(f$var))
  }
  out
}, "survival_pbc", "transplant, death")
ref("competing_pbc_crr_cengroup", {
  f <- crr(pb$months, pb$status, as.matrix(pb[, c("age", "bili", "male")]), cengroup = pb$sex, failcode = 2, gtol = 1e-11, maxiter = 100)
  list(coef = unname(f$coef))
}, "survival_pbc", "death; censoring distribution by sex; coefficients only")
ref("competing_pbc_finegray_weights", {
  r <- pb[rep(seq_len(nrow(pb)), pb$w), ]; r$one <- seq_len(nrow(r))
  s <- finegray(Surv(months, f) ~ age + bili + male + id + one, r, etype = "2", id = one)
  b <- coxph(Surv(fgstart, fgstop, fgstatus) ~ age + bili + male, s, weights = fgwt, cluster = id, ties = "breslow", control = ctl)
  list(coef = unname(coef(b)), se = sqrt(diag(b$var)))
}, "survival_pbc", "death; every row repeated w = 1 + row %% 3 times, rows from 1 (finegray's own weights = w gives other numbers than repeated rows)")
ref("competing_pbc_riskregression", {
  suppressPackageStartupMessages({library(riskRegression); library(prodlim)})
  new <- data.frame(age = c(40, 60), bili = c(1, 5), male = c(0, 1)); at <- c(24, 60, 96)
  f <- FGR(Hist(months, status) ~ age + bili + male, data = pb, cause = 2)
  g <- CSC(Hist(months, status) ~ age + bili + male, data = pb, cause = 2)
  list(times = at, fgr = predictRisk(f, newdata = new, times = at), csc = predictRisk(g, newdata = new, times = at, cause = 2, product.limit = TRUE))
}, "survival_pbc", "death by FGR and CSC for ages 40, 60, bilirubin 1, 5, male 0, 1")
REF[["_meta"]] <- list(R = R.version.string)
txt <- toJSON(REF, auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), "more_competing.json")
