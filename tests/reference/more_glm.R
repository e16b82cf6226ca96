# Further reference values on yes/no and count outcomes.  Run: Rscript more_glm.R  (R 4.2.2, Debian 12 packages); writes
# more_glm.json and the data sets of the section "Yes/no and count outcomes" in the README.
suppressPackageStartupMessages({
  library(MASS); library(sandwich); library(lmtest); library(brglm2); library(geepack); library(pROC)
  library(epitools); library(jsonlite)
})
options(digits = 17)
REF <- list()
full <- function(x) if (is.list(x)) lapply(x, full) else if (is.numeric(x)) ifelse(is.na(x) | is.infinite(x), NA, paste0("@@", sprintf("%.17g", x), "@@")) else x
ref <- function(name, code, data, note = NULL) {
  src <- substitute(code)
  REF[[name]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                       values = full(eval(src, envir = new.env(parent = globalenv()))))
}
put <- function(d, name) write.csv(d, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
ge <- glm.control(epsilon = 1e-15, maxit = 200)
ses <- function(f, V = vcov(f)) unname(sqrt(diag(V)))

data(endometrial, package = "brglm2"); put(endometrial, "brglm2_endometrial")
pima <- rbind(Pima.tr, Pima.te); pima$diab <- as.integer(pima$type == "Yes"); pima$type <- NULL; put(pima, "MASS_pima")
data(respiratory, package = "geepack"); respiratory$pid <- with(respiratory, id + 100 * center); put(respiratory, "geepack_respiratory")
data(ohio, package = "geepack")
set.seed(11)
clus <- data.frame(g = rep(1:12, times = rep(c(3, 5, 7, 9), 3)))
clus$x <- round(rnorm(nrow(clus)), 2); clus$z <- as.integer(clus$g %% 2)
clus$y <- rbinom(nrow(clus), 1, plogis(-0.4 + 0.6 * clus$x + 0.5 * clus$z + rep(rnorm(12), times = rep(c(3, 5, 7, 9), 3))))
clus$w <- sample(1:3, nrow(clus), TRUE); clus$count <- rpois(nrow(clus), exp(0.3 + 0.2 * clus$x + 0.4 * clus$z) * clus$w)
put(clus, "derived_glm_clusters")

ref("glm_logistic_pima", {
  f <- glm(diab ~ npreg + log(glu) + bp + bmi + ped + age, binomial, pima, control = ge)
  ci <- suppressMessages(confint(f, level = 0.9)); r <- roc(pima$diab, fitted(f), quiet = TRUE)
  list(coef = unname(coef(f)), se = ses(f), low90 = unname(ci[, 1]), high90 = unname(ci[, 2]), loglik = as.numeric(logLik(f)),
       lrt = drop1(f, test = "LRT")[-1, "LRT"], auc = as.numeric(ci.auc(r)), hat_max = max(hatvalues(f)), cook_max = max(cooks.distance(f)))
}, "MASS_pima", "diab ~ npreg + log(glu) + bp + bmi + ped + age; limits 90% profile")
ref("glm_logistic_weights", {
  f <- glm(y ~ x + z, binomial, clus, weights = w, control = ge)
  ci <- suppressMessages(confint(f))
  list(coef = unname(coef(f)), se = ses(f), low = unname(ci[, 1]), high = unname(ci[, 2]), HC0 = ses(f, sandwich(f)),
       deviance = deviance(f), null = f$null.deviance,
       CR1 = ses(f, vcovCL(f, cluster = clus$g)), CR0 = ses(f, vcovCL(f, cluster = clus$g, cadjust = FALSE)))
}, "derived_glm_clusters", "y ~ x + z with weights w; clusters g")
ref("glm_firth_endometrial", {
  X <- model.matrix(~ NV + PI + EH, endometrial)
  g <- glm(HG ~ NV + PI + EH, binomial, endometrial, method = "brglmFit", type = "AS_mean", epsilon = 1e-13, maxit = 2000)
  # the penalised likelihood of a coefficient held at a value, maximised over the others
  pl <- function(b) { p <- plogis(drop(X %*% b)); w <- p * (1 - p)
    sum(dbinom(endometrial$HG, 1, p, log = TRUE)) + 0.5 * as.numeric(determinant(crossprod(X * sqrt(w)))$modulus) }
  prof <- function(j, v, b) { b[j] <- v; o <- function(q) { b[-j] <- q; -pl(b) }
    s <- optim(b[-j], o, method = "BFGS", control = list(reltol = 1e-15, maxit = 5000)); s <- optim(s$par, o, method = "BFGS", control = list(reltol = 1e-16, maxit = 5000)); -s$value }
  top <- pl(coef(g)); q <- qchisq(.95, 1) / 2
  end <- function(j, side) uniroot(function(v) top - prof(j, v, coef(g)) - q, coef(g)[j] + side * c(0.01, 8) * sqrt(vcov(g)[j, j]), tol = 1e-10)$root
  list(coef = unname(coef(g)), se = ses(g), penalised_loglik = top, low = sapply(2:4, end, -1), high = sapply(2:4, end, 1),
       chi = sapply(2:4, function(j) 2 * (top - prof(j, 0, coef(g)))))
}, "brglm2_endometrial", "HG ~ NV + PI + EH: NV separates; limits and tests (slopes only) by numerical maximisation of the penalised likelihood")
ref("glm_log_binomial_birthwt", {
  d <- read.csv("derived_birthwt.csv")
  f <- glm(low ~ smoke + ptd, binomial("log"), d, start = c(log(mean(d$low)), 0, 0), control = ge)
  list(coef = unname(coef(f)), se = ses(f), loglik = as.numeric(logLik(f)))
}, "derived_birthwt", "low ~ smoke + ptd")
ref("glm_standardised_infert", {
  f <- glm(case ~ spontaneous + age + parity, binomial, transform(infert, spontaneous = as.integer(spontaneous > 0)), control = ge)
  X <- model.matrix(f); A <- B <- X; A[, 2] <- 1; B[, 2] <- 0; V <- vcov(f)
  one <- function(k) { a <- plogis(drop(A[k, ] %*% coef(f))); b <- plogis(drop(B[k, ] %*% coef(f))); p <- mean(a); q <- mean(b)
    J <- colMeans(A[k, ] * a * (1 - a)); K <- colMeans(B[k, ] * b * (1 - b))
    s <- function(g) sqrt(drop(t(g) %*% V %*% g))
    list(risk1 = p, risk0 = q, se1 = s(J), se0 = s(K), rd = p - q, rd_se = s(J - K), log_rr_se = s(J / p - K / q),
         log_or = qlogis(p) - qlogis(q), log_or_se = s(J / (p * (1 - p)) - K / (q * (1 - q)))) }
  list(everybody = one(rep(TRUE, nrow(X))), exposed = one(X[, 2] == 1), unexposed = one(X[, 2] == 0))
}, "datasets_infert", "case ~ (spontaneous > 0) + age + parity")
ref("glm_rates_exact", {
  one <- function(a, s, b, t) { p <- poisson.test(c(a, b), c(s, t)); list(estimate = unname(p$estimate), low = p$conf.int[1], high = p$conf.int[2], p = p$p.value) }
  r <- function(a, s) as.numeric(poisson.test(a, s)$conf.int)
  m <- rateratio.midp(c(4, 11), c(900, 800))
  list(ratio = one(11, 800, 4, 900), none = one(0, 50, 5, 60), reference_none = one(7, 50, 0, 60), rate = r(11, 800), rate0 = r(0, 50),
       ratio90 = as.numeric(poisson.test(c(3, 9), c(21.5, 30), conf.level = 0.9)$conf.int), midp = unname(m$measure[2, ]), midp_p = unname(m$p.value[2, "midp.exact"]))
}, NULL, "events and person-time written out; mid-p limits of epitools are roots to about 1e-4")
ref("glm_count_pima_epil", {
  d <- epil; d$time <- d$period + 1
  k <- glm.control(epsilon = 1e-14, maxit = 200)
  f <- glm.nb(y ~ trt + log(base) + age + offset(log(time)), d, control = k)
  g <- glm(y ~ trt + log(base) + age + offset(log(time)), poisson, d, control = ge)
  list(coef = unname(coef(f)), se = ses(f), theta = f$theta, theta_se = f$SE.theta, loglik = as.numeric(logLik(f)),
       poisson = unname(coef(g)), poisson_se = ses(g), poisson_HC0 = ses(g, sandwich(g)), pearson = sum(residuals(g, "pearson")^2) / g$df.residual,
       deviance = deviance(g))
}, "MASS_epil", "y ~ trt + log(base) + age, person-time period + 1")
ref("glm_gee_respiratory", {
  d <- respiratory[order(respiratory$pid, respiratory$visit), ]
  h <- geese.control(epsilon = 1e-12, maxit = 200)
  f <- function(cs) { g <- geeglm(outcome ~ treat + sex + age + baseline, id = pid, data = d, family = binomial, corstr = cs, control = h)
    list(coef = unname(coef(g)), se = unname(summary(g)$coefficients[, 2]), alpha = unname(g$geese$alpha), gamma = unname(g$geese$gamma)) }
  list(exchangeable = f("exchangeable"), independence = f("independence"), ar1 = f("ar1"))
}, "geepack_respiratory", "outcome ~ treat + sex + age + baseline, clusters pid")
ref("glm_gee_clusters", {
  h <- geese.control(epsilon = 1e-12, maxit = 200)
  f <- function(cs, fam, y) { g <- geeglm(as.formula(paste(y, "~ x + z")), id = g, data = clus, family = fam, corstr = cs, control = h)
    list(coef = unname(coef(g)), se = unname(summary(g)$coefficients[, 2]), alpha = unname(g$geese$alpha), gamma = unname(g$geese$gamma)) }
  list(binomial_exchangeable = f("exchangeable", binomial, "y"), poisson_exchangeable = f("exchangeable", poisson, "count"),
       gaussian_exchangeable = f("exchangeable", gaussian, "w"), binomial_ar1 = f("ar1", binomial, "y"))
}, "derived_glm_clusters", "clusters of unequal size")
ref("glm_linear_pima", {
  f <- lm(bp ~ age + bmi + npreg, pima)
  list(coef = unname(coef(f)), se = ses(f), HC0 = ses(f, vcovHC(f, "HC0")), HC1 = ses(f, vcovHC(f, "HC1")), HC3 = ses(f, vcovHC(f, "HC3")),
       bp = unname(bptest(f)$statistic), loglik = as.numeric(logLik(f)), low = unname(confint(f)[, 1]), high = unname(confint(f)[, 2]),
       f = unname(summary(f)$fstatistic[1]), CR1 = ses(f, vcovCL(f, cluster = pima$npreg)))
}, "MASS_pima", "bp ~ age + bmi + npreg; clusters npreg")
ref("glm_two_by_two", {
  one <- function(a, b, c, d) { m <- matrix(c(d, b, c, a), 2); n1 <- a + b; n0 <- c + d; o <- fisher.test(matrix(c(a, b, c, d), 2, byrow = TRUE))
    w <- oddsratio.wald(m); r <- riskratio.wald(m)
    like <- function(p1, p0) dbinom(a, n1, p1, log = TRUE) + dbinom(c, n0, p0, log = TRUE)
    z <- function(p1of, lo, hi, gap) { p0 <- optimize(function(p) like(p1of(p), p), c(lo, hi), maximum = TRUE, tol = 1e-14)$maximum; gap(p1of(p0), p0) }
    rr <- function(t) z(function(p) t * p, 0, min(1, 1 / t), function(p1, p0) (a / n1 - t * c / n0) / sqrt(p1 * (1 - p1) / n1 + t^2 * p0 * (1 - p0) / n0))
    rd <- function(t) z(function(p) p + t, max(0, -t), min(1, 1 - t), function(p1, p0) (a / n1 - c / n0 - t) / sqrt((p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0) * (n1 + n0) / (n1 + n0 - 1)))
    q <- qnorm(0.975); root <- function(f, lo, hi, at) uniroot(function(t) f(t) - at, c(lo, hi), tol = 1e-12)$root
    R <- a / n1 / (c / n0); D <- a / n1 - c / n0
    list(cells = c(a, b, c, d), woolf = unname(w$measure[2, ]), rr_wald = unname(r$measure[2, ]), fisher_p = o$p.value,
         koopman = c(root(rr, R / 20, R, q), root(rr, R, R * 20, -q)), miettinen = c(root(rd, -0.98, D, q), root(rd, D, 0.98, -q))) }
  list(small = one(8, 12, 3, 27), middle = one(30, 70, 15, 135), even = one(12, 5, 9, 14))
}, NULL, "cells a b (exposed: yes, no), c d; score limits by numerical maximisation under the hypothesis")
ref("glm_mcnemar", {
  one <- function(b, c) { m <- matrix(c(30, b, c, 40), 2); x <- exact2x2 <- binom.test(b, b + c)
    list(chi = unname(mcnemar.test(m, correct = FALSE)$statistic), chi_corrected = unname(mcnemar.test(m)$statistic), p = x$p.value,
         odds_low = x$conf.int[1] / (1 - x$conf.int[1]), odds_high = x$conf.int[2] / (1 - x$conf.int[2])) }
  list(a = one(12, 5), b = one(3, 1))
}, NULL, "pairs that differ: b one way, c the other; exact limits of b/c from binom.test")
ref("glm_stratified_infert", {
  one <- function(strata) {
    t <- table(!(infert$induced > 0), !(infert$case == 1), strata)
    m <- function(measure) metafor::rma.mh(ai = t[1, 1, ], bi = t[1, 2, ], ci = t[2, 1, ], di = t[2, 2, ], measure = measure)
    cmh <- function(correct) unname(mantelhaen.test(t, correct = correct)$statistic)
    o <- m("OR"); two <- function(f) list(coef = as.numeric(f$beta), se = f$se)
    e <- sapply(seq_len(dim(t)[3]), function(k) { # expected exposed events at the pooled odds ratio
      n <- sum(t[1, , k]); q <- sum(t[2, , k]); s <- sum(t[, 1, k]); r <- exp(as.numeric(o$beta))
      uniroot(function(x) log(x) + log(q - s + x) - log(n - x) - log(s - x) - log(r), c(max(0, s - q), min(n, s)) + c(1e-9, -1e-9), tol = 1e-14)$root })
    n <- colSums(t[1, , ]); q <- colSums(t[2, , ]); s <- colSums(t[, 1, ])
    v <- 1 / (1 / e + 1 / (n - e) + 1 / (s - e) + 1 / (q - s + e)); bd <- sum((t[1, 1, ] - e)^2 / v)
    list(OR = two(o), RR = two(m("RR")), RD = two(m("RD")), cmh = cmh(FALSE), cmh_corrected = cmh(TRUE), bd = bd,
         bd_p = pchisq(bd, length(e) - 1, lower.tail = FALSE), tarone = o$TA, tarone_p = o$TAp)
  }
  list(education = one(infert$education), both = one(interaction(infert$education, infert$spontaneous > 0)))
}, "datasets_infert", "case by induced > 0; strata education, and education with spontaneous > 0; Mantel-Haenszel by metafor::rma.mh")
REF <- c(list(`_meta` = list(R = R.version.string, packages = sapply(c("MASS", "sandwich", "brglm2", "geepack", "pROC", "epitools", "epiR"),
  function(p) as.character(packageVersion(p))))), REF)
writeLines(gsub('"@@([^"]*)@@"', "\\1", toJSON(REF, auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)), "more_glm.json")
