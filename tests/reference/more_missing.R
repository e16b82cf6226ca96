# Missing data in R: run `Rscript tests/reference/more_missing.R` from the root (writes more_missing.json).
suppressPackageStartupMessages({library(survival); library(mice); library(jsonlite)})
options(digits = 17, warn = 1)
target <- "analysis/neurohlh/catalogue/reference"
REF <- list()
ref <- function(name, code, data = NULL, note = NULL) {
  src <- substitute(code)
  REF[[paste0("missing_", name)]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                                           values = eval(src, new.env(parent = globalenv())))
}
read_data <- function(name) read.csv(file.path(target, "data", paste0(name, ".csv")))

patterns <- function(d) { p <- md.pattern(d, plot = FALSE); k <- nrow(p); v <- colnames(p)[-ncol(p)]
  level <- apply(p[-k, -ncol(p), drop = FALSE], 1, function(r) { gone <- names(d)[names(d) %in% v[r == 0]]; if (length(gone)) paste(gone, collapse = " + ") else "none" })
  list(level = unname(level), n = as.integer(rownames(p)[-k]), flux = as.list(flux(d)), mr = unname(md.pairs(d)$mr), missing = unname(colSums(is.na(d)))) }
ref("patterns_nhanes", patterns(read_data("mice_nhanes")[, c("age", "bmi", "hyp", "chl")]), "mice_nhanes")
ref("patterns_pbc", patterns(read_data("survival_pbc")[, c("age", "trt", "ascites", "chol", "copper", "alk.phos", "trig", "platelet", "protime", "stage")]), "survival_pbc")
ref("patterns_lung", patterns(read_data("survival_lung")[, c("inst", "age", "ph.ecog", "ph.karno", "pat.karno", "meal.cal", "wt.loss")]), "survival_lung")

lung1 <- read_data("survival_lung"); lung1$death <- as.integer(lung1$status == 2)
ref("nelsonaalen_lung", nelsonaalen(lung1, time, death), "survival_lung")
colon2 <- read_data("survival_colon"); colon2 <- colon2[colon2$etype == 2, ]
ref("nelsonaalen_colon", nelsonaalen(colon2, time, status), "survival_colon", "etype 2 (death)")

pooled <- function(p, names) as.list(as.data.frame(p$pooled)[, names])
from_long <- function(name) { d <- read_data(name); names(d)[1:2] <- c(".imp", ".id"); as.mids(d) }
pbci <- from_long("derived_pbc_imputed_long"); nh <- from_long("derived_nhanes_imputed_long")
cols <- c("estimate", "ubar", "b", "t", "dfcom", "df", "riv", "lambda", "fmi")
cox_fit <- with(pbci, coxph(Surv(time, death) ~ trt + age + female + lbili + chol + albumin + copper))
ref("pool_cox", { p <- pool(cox_fit); s <- summary(p, conf.int = TRUE); c(pooled(p, cols), list(se = s$std.error, statistic = s$statistic, p = s$p.value, lower = s$`2.5 %`, upper = s$`97.5 %`)) }, "derived_pbc_imputed_long", "dfcom is events minus parameters")
ref("pool_cox_strata", { p <- pool(with(pbci, coxph(Surv(time, death) ~ age + chol + strata(female), ties = "breslow"))); pooled(p, cols) }, "derived_pbc_imputed_long")
ref("pool_dfcom", lapply(list(large = Inf, five = 5, one = 1), function(d) { p <- pool(cox_fit, dfcom = d); pooled(p, c("df", "fmi")) }), "derived_pbc_imputed_long")

q_of <- function(f) t(sapply(f$analyses, coef)); u_of <- function(f) lapply(f$analyses, vcov)
D1_hand <- function(q, u, dfcom) { m <- nrow(q); k <- ncol(q); ub <- Reduce(`+`, u) / m; b <- cov(q); r <- (1 + 1 / m) * sum(diag(b %*% solve(ub))) / k; d <- drop(colMeans(q) %*% solve((1 + r) * ub) %*% colMeans(q)) / k; t <- k * (m - 1)
  large <- if (t > 4) 4 + (t - 4) * (1 + (1 - 2 / t) / r)^2 else t * (1 + 1 / k) * (1 + 1 / r)^2 / 2
  a <- r * t / (t - 2); v <- (dfcom + 1) / (dfcom + 3) * dfcom; c0 <- 1 / (t - 4); c1 <- v - 2 * (1 + a); c2 <- v - 4 * (1 + a)
  z <- 1 / c2 + c0 * (a^2 * c1 / ((1 + a)^2 * c2)) + c0 * (8 * a^2 * c1 / ((1 + a) * c2^2) + 4 * a^2 / ((1 + a) * c2)) + c0 * (4 * a^2 / (c2 * c1) + 16 * a^2 * c1 / c2^3) + c0 * (8 * a^2 / c2^2)
  lapply(list(large = large, small = 4 + 1 / z), function(df2) list(F = d, df1 = k, df2 = df2, p = pf(d, k, df2, lower.tail = FALSE), riv = r)) }
D2_hand <- function(x, k) { m <- length(x); r <- (1 + 1 / m) * var(sqrt(x)); d <- (mean(x) / k - (m + 1) / (m - 1) * r) / (1 + r); df2 <- k^(-3 / m) * (m - 1) * (1 + 1 / r)^2; list(F = d, df1 = k, df2 = df2, p = pf(d, k, df2, lower.tail = FALSE), riv = r) }
ref("D1_D2_cox", { w <- c("chol", "copper", "lbili"); q <- q_of(cox_fit)[, w]; u <- lapply(u_of(cox_fit), function(v) v[w, w]); c(D1_hand(q, u, 118), list(D2 = D2_hand(sapply(1:10, function(i) drop(q[i, ] %*% solve(u[[i]]) %*% q[i, ])), 3))) }, "derived_pbc_imputed_long", "formulas of Li 1991 and Reiter 2007, written out")
d3 <- function(a, b) { v <- unlist(D3(a, b)$result)[1:5]; as.list(setNames(v, c("F", "df1", "df2", "p", "riv"))) }
ref("D3_lm", d3(with(nh, lm(chl ~ age + bmi + hyp)), with(nh, lm(chl ~ age))), "derived_nhanes_imputed_long")
ref("D3_glm", d3(with(nh, glm(I(hyp - 1) ~ age + chl, family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100))), with(nh, glm(I(hyp - 1) ~ age, family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100)))), "derived_nhanes_imputed_long")
ref("D3_glm_pbc", d3(with(pbci, glm(death ~ age + lbili + chol + copper, family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100))), with(pbci, glm(death ~ age + lbili, family = binomial, control = glm.control(epsilon = 1e-14, maxit = 100)))), "derived_pbc_imputed_long")

km <- function(group, at) { z <- sapply(1:10, function(i) { d <- complete(pbci, i); s <- summary(survfit(Surv(time, death) ~ I(chol > 300), d), times = at); c(s$surv, s$std.err) })
  k <- nrow(z) / 2; lapply(seq_len(k), function(j) { S <- z[j, ]; se <- z[k + j, ]; p <- pool.scalar(log(-log(S)), (se / (S * log(S)))^2); h <- qt(.975, p$df) * sqrt(p$t); list(survival = exp(-exp(p$qbar)), lower = exp(-exp(p$qbar + h)), upper = exp(-exp(p$qbar - h)), df = p$df, fmi = p$fmi) }) }
ref("pool_km", km(1, c(1000, 2000)), "derived_pbc_imputed_long", "by chol > 300, low before high; log-log scale, infinite complete-data df")
ref("pool_proportion", { p <- sapply(1:10, function(i) mean(complete(pbci, i)$chol > 300)); z <- pool.scalar(qlogis(p), 1 / (312 * p * (1 - p))); h <- qt(.975, z$df) * sqrt(z$t); plogis(z$qbar + c(0, -h, h)) }, "derived_pbc_imputed_long")

REF[["_meta"]] <- list(R = R.version.string, packages = sapply(c("mice", "survival"), function(p) as.character(packageVersion(p))))
nm <- function(x) {
  if (is.list(x)) return(lapply(x, nm)); if (is.factor(x)) x <- as.character(x)
  if (is.double(x)) { n <- dim(x); y <- ifelse(!is.finite(x), NA, paste0("@@", sprintf("%.17g", x), "@@")); dim(y) <- n; return(if (is.null(n)) unname(y) else y) }
  unname(x)
}
txt <- toJSON(nm(REF), auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), file.path(target, "more_missing.json"))
