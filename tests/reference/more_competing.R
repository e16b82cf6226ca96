# Further reference values on competing risks.  Run: Rscript more_competing.R  (R 4.2.2, Debian 12 packages); writes
# more_competing.json; reads the Melanoma data of riskRegression.
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
REF[["_meta"]] <- list(R = R.version.string)
txt <- toJSON(REF, auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), "more_competing.json")
