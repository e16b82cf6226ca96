# Further reference values on Cox models.  Run in the folder of the data sets: Rscript more_cox.R  (R 4.2.2, Debian 12
# packages; survival 3.5-3); writes more_cox.json. It reads data sets that stand there already.
suppressPackageStartupMessages({ library(survival); library(jsonlite) })
options(digits = 17)
REF <- list()
full <- function(x) if (is.list(x)) lapply(x, full) else if (is.numeric(x)) ifelse(is.na(x), NA, paste0("@@", sprintf("%.17g", x), "@@")) else x
ref <- function(name, code, data, note = NULL) {
  src <- substitute(code)
  REF[[name]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                       values = full(eval(src, envir = new.env(parent = globalenv()))))
}
ctl <- coxph.control(eps = 1e-12, iter.max = 60, toler.chol = 1e-13)
shipped <- function(name) read.csv(paste0(name, ".csv"))
cx <- function(f) {
  s <- summary(f)
  list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = f$loglik, wald = unname(f$wald.test),
       score = unname(f$score), robust_score = if (!is.null(f$rscore)) unname(f$rscore),
       concordance = unname(s$concordance), aic = AIC(f), bic = BIC(f))
}
rows <- function(m) unname(lapply(seq_len(nrow(m)), function(i) unname(m[i, ])))

colon <- subset(shipped("survival_colon"), etype == 2)
colon$w <- 0.5 + colon$id %% 5 / 3
colon$k <- 1 + colon$id %% 3
ref("cox_more_colon", {
  f <- function(...) cx(do.call(coxph, list(Surv(time, status) ~ age + sex + node4 + obstruct, data = colon, control = ctl, ...)))
  w <- colon$w
  list(plain = f(), breslow = f(ties = "breslow"), weights = f(weights = w), weights_breslow = f(weights = w, ties = "breslow"),
       weights_naive = f(weights = w, robust = FALSE), counts = f(weights = colon$k),
       weights_cluster = f(weights = w, cluster = colon$age),
       strata = cx(coxph(Surv(time, status) ~ age + sex + node4 + obstruct + strata(rx), data = colon, weights = w, control = ctl)))
}, "survival_colon", "etype 2 (death); w = 0.5 + (id mod 5)/3, k = 1 + id mod 3")
cgd <- shipped("survival_cgd")
cgd$w <- 0.5 + cgd$id %% 5 / 3
ref("cox_more_cgd", {
  f <- function(...) cx(do.call(coxph, list(Surv(tstart, tstop, status) ~ age + height + steroids, data = cgd, control = ctl, ...)))
  w <- cgd$w; id <- cgd$id
  list(plain = f(), cluster = f(cluster = id), weights_cluster = f(weights = w, cluster = id),
       breslow = f(ties = "breslow", weights = w, cluster = id),
       strata = cx(coxph(Surv(tstart, tstop, status) ~ age + height + steroids + strata(enum), data = cgd, weights = w,
                         cluster = id, control = ctl)))
}, "survival_cgd", "several infections per patient, start-stop; w = 0.5 + (id mod 5)/3")
my <- shipped("survival_myeloma600")
my$w <- 0.5 + seq_len(nrow(my)) %% 5 / 3
ref("cox_more_myeloma", {
  f <- function(...) cx(do.call(coxph, list(Surv(entry, futime, death) ~ year, data = my, control = ctl, ...)))
  list(plain = f(), breslow = f(ties = "breslow"), exact_coef = unname(coef(coxph(Surv(entry, futime, death) ~ year, data = my[1:150, ],
       ties = "exact", control = ctl))), weights = f(weights = my$w))
}, "survival_myeloma600", "delayed entry; w = 0.5 + (row mod 5)/3")
vet <- shipped("survival_veteran")
vet$w <- 0.5 + seq_len(nrow(vet)) %% 5 / 3
ref("cox_more_veteran_exact", {
  f <- coxph(Surv(time, status) ~ trt + karno + age + strata(celltype), data = vet, ties = "exact", control = ctl)
  g <- coxph(Surv(ceiling(time / 7), status) ~ trt + karno + age + strata(celltype), data = vet, ties = "exact", control = ctl)
  list(strata = list(coef = unname(coef(f)), se = unname(sqrt(diag(vcov(f)))), loglik = f$loglik, score = f$score),
       coarse = list(coef = unname(coef(g)), se = unname(sqrt(diag(vcov(g)))), loglik = g$loglik, score = g$score),
       coarse_martingale = unname(residuals(g)), coarse_zph = rows(cox.zph(g)$table))
}, "survival_veteran", "coarse: weeks instead of days, so that many deaths are tied")
ref("cox_more_zph", {
  f <- coxph(Surv(time, status) ~ trt + karno + age + strata(celltype), data = vet, weights = w, control = ctl)
  g <- coxph(Surv(entry, futime, death) ~ year, data = my, weights = w, control = ctl)
  h <- coxph(Surv(time, status) ~ trt + karno + age, data = vet, ties = "breslow", control = ctl)
  list(strata_weights = lapply(c(km = "km", rank = "rank", identity = "identity", log = "log"), function(t) rows(cox.zph(f, transform = t)$table)),
       entry_weights = rows(cox.zph(g)$table), breslow = rows(cox.zph(h)$table))
}, "survival_veteran", "w = 0.5 + (row mod 5)/3; entry_weights: survival_myeloma600")
ref("cox_more_residuals", {
  f <- coxph(Surv(time, status) ~ trt + karno + age + strata(celltype), data = vet, weights = w, control = ctl)
  g <- coxph(Surv(tstart, tstop, status) ~ age + height, data = cgd, weights = w, ties = "breslow", control = ctl)
  r <- function(f) list(martingale = unname(residuals(f)), deviance = unname(residuals(f, "deviance")), score = rows(residuals(f, "score")),
    dfbeta = rows(residuals(f, "dfbeta")), dfbetas = rows(residuals(f, "dfbetas")),
    schoenfeld = rows(residuals(f, "schoenfeld")), scaled = rows(residuals(f, "scaledsch")))
  list(strata_weights = r(f), entry_weights = r(g))
}, "survival_veteran", "entry_weights: survival_cgd with Breslow's ties")
ref("cox_more_survfit", {
  f <- coxph(Surv(time, status) ~ trt + karno + age + strata(celltype), data = vet, weights = w, control = ctl)
  g <- coxph(Surv(time, status) ~ trt + karno + age, data = vet, ties = "breslow", control = ctl)
  h <- coxph(Surv(tstart, tstop, status) ~ age + height, data = cgd, cluster = id, control = ctl)
  e <- coxph(Surv(ceiling(time / 20), status) ~ trt + karno + age, data = vet, control = ctl)
  nd <- data.frame(trt = c(1, 2), karno = c(40, 80), age = c(60, 45), celltype = c("large", "squamous"))
  one <- function(s, t) { z <- summary(s, times = t); c(z$surv, z$std.err, z$lower, z$upper, z$cumhaz) }
  list(strata_weights = lapply(1:2, function(i) one(survfit(f, newdata = nd[i, ], conf.type = "log-log"), c(30, 100, 200))),
       breslow_plain = lapply(1:2, function(i) one(survfit(g, newdata = nd[i, ], conf.type = "plain"), c(30, 100, 200))),
       tied_log = lapply(1:2, function(i) one(survfit(e, newdata = nd[i, ], conf.type = "log"), c(2, 5, 10))),
       entry_robust = lapply(1:2, function(i) one(survfit(h, newdata = data.frame(age = c(10, 20)[i], height = c(130, 170)[i]), conf.type = "log"), c(50, 150, 300))))
}, "survival_veteran", "each: survival, standard error, limits, cumulative hazard; entry_robust: survival_cgd, cluster id")
ref("cox_more_concordance", {
  v <- function(c) c(unname(c$concordance), sqrt(c$var), unname(c$count[1:3]))
  r <- function(t, ...) v(do.call(concordance, list(Surv(time, status) ~ karno, data = vet, timewt = t, ...)))
  w <- vet$w
  y <- Surv(cgd$tstart, cgd$tstop, cgd$status)
  list(weights = lapply(c(n = "n", S = "S", SG = "S/G", nG2 = "n/G2", I = "I"), function(t) r(t, weights = w)),
       ymax = r("n/G2", ymax = 150), cluster = r("n", cluster = vet$age),
       strata = { z <- concordance(Surv(time, status) ~ karno + strata(celltype), data = vet, weights = w); c(unname(z$concordance), sqrt(z$var), colSums(z$count)[1:3]) },
       entry = list(n = v(concordance(y ~ cgd$height, weights = cgd$w))))
}, "survival_veteran", "of -karno (veteran) and -height (cgd): concordance, standard error, concordant, discordant, tied")
REF <- c(list(`_meta` = list(R = R.version.string, survival = as.character(packageVersion("survival")))), REF)
txt <- toJSON(REF, auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), "more_cox.json")
