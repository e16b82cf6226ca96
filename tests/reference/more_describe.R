# Description, agreement and planning in R: run `Rscript tests/reference/more_describe.R` (writes more_describe.json).
suppressPackageStartupMessages({library(survival); library(epiR); library(jsonlite)})
options(digits = 17, warn = 1)
target <- "analysis/neurohlh/catalogue/reference"
REF <- list()
ref <- function(name, code, data = NULL, note = NULL) {
  src <- substitute(code)
  REF[[paste0("describe_", name)]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                                            values = eval(src, new.env(parent = globalenv())))
}
d <- pbc[1:312, ]; quiet <- suppressWarnings

ref("tests_numbers", { f <- function(v) { a <- d[[v]][d$trt == 1]; b <- d[[v]][d$trt == 2]; w <- quiet(wilcox.test(a, b)); t <- t.test(a, b); s <- t.test(a, b, var.equal = TRUE); g <- split(d[[v]], d$stage); o <- oneway.test(d[[v]] ~ factor(d$stage)); e <- oneway.test(d[[v]] ~ factor(d$stage), var.equal = TRUE); k <- kruskal.test(d[[v]], d$stage)
  list(wilcox = c(w$statistic, w$p.value), welch = c(t$statistic, t$parameter, t$p.value), equal = c(s$statistic, s$parameter, s$p.value), welch_anova = c(o$statistic, o$parameter, o$p.value), anova = c(e$statistic, e$parameter, e$p.value), kruskal = c(k$statistic, k$p.value), shapiro = unlist(shapiro.test(d[[v]])[c("statistic", "p.value")])) }
  lapply(setNames(nm = c("age", "bili", "albumin", "platelet", "protime")), f) }, "survival_pbc")
ref("wilcox_small", { x <- list(no_ties = list(a = c(1.1, 2.5, 3.2, 7.9), b = c(0.4, 2.2, 5.5, 8.1, 9.7, 12)), ties = list(a = c(1, 2, 2, 5), b = c(2, 5, 5, 8, 9)), unequal = list(a = c(3.5, 1), b = as.numeric(4:20))); lapply(x, function(z) { w <- quiet(wilcox.test(z$a, z$b)); list(a = z$a, b = z$b, W = unname(w$statistic), p = w$p.value) }) })
ref("tests_levels", { f <- function(t) { y <- quiet(chisq.test(t)); n <- quiet(chisq.test(t, correct = FALSE)); list(counts = unclass(unname(t)), yates = c(y$statistic, y$p.value), plain = c(n$statistic, n$parameter, n$p.value), fisher = fisher.test(t, workspace = 2e7)$p.value) }
  list(two = f(matrix(c(12, 5, 29, 2), 2)), tiny_gap = f(matrix(c(10, 10, 11, 10), 2)), three = f(matrix(c(3, 0, 6, 9, 2, 5), 2)), four = f(matrix(c(4, 1, 0, 7, 8, 3, 2, 2, 9, 0, 1, 6), 3)), zeros = f(matrix(c(0, 9, 7, 0), 2))) })
ref("quantiles", { x <- c(3.1, 0.2, 5.5, 5.5, 8, 13.7, 2.2, 9.9, 4.4, 1.7); p <- c(0, 0.05, 0.1, 0.29, 0.3, 0.5, 0.7, 0.95, 1); list(x = x, p = p, types = lapply(1:9, function(t) unname(quantile(x, p, type = t))), hundred = lapply(1:9, function(t) unname(quantile((1:100)^2, c(0.29, 0.57, 0.58), type = t)))) })
ref("p_adjust_missing", { p <- c(0.01, NA, 0.02, 0.02, 0.9, NA, 0.04, 0, 1); list(p = p, adjusted = lapply(setNames(nm = c("holm", "hochberg", "hommel", "BH", "BY", "bonferroni")), function(m) p.adjust(p, m)), one = p.adjust(0.04, "hommel")) })
ref("kappa", { f <- function(t) { k <- epi.kappa(t, method = "fleiss", alternative = "two.sided", conf.level = 0.95); list(table = unclass(unname(t)), kappa = unlist(k$kappa), z = unlist(k$z), pindex = unlist(k$pindex)[1], bindex = unlist(k$bindex)[1], pabak = unlist(k$pabak)[1]) }
  list(byrt = f(matrix(c(19, 10, 1, 6), 2)), rare = f(matrix(c(85, 5, 4, 6), 2)), low = f(matrix(c(10, 12, 11, 9), 2))) }, note = "epiR's epi.kappa with the standard errors of Fleiss; the limits are checked through the standard error")
ref("kappa_delta", { w <- function(k, how) { d <- abs(outer(1:k, 1:k, "-")) / (k - 1); switch(how, none = 1 * (d == 0), linear = 1 - d, quadratic = 1 - d^2, ac1 = 1 * (d == 0)) }
  value <- function(p, k, how) { p <- matrix(p, k) / sum(p); W <- w(k, how); po <- sum(W * p); if (how == "ac1") { s <- (rowSums(p) + colSums(p)) / 2; pe <- sum(s * (1 - s)) / (k - 1) } else pe <- sum(W * outer(rowSums(p), colSums(p))); (po - pe) / (1 - pe) }
  f <- function(t, how) { k <- nrow(t); p <- as.vector(t) / sum(t); g <- numDeriv::grad(value, p, k = k, how = how); c(value(p, k, how), sqrt(drop(t(g) %*% (diag(p) - outer(p, p)) %*% g) / sum(t))) }
  tables <- list(two = matrix(c(19, 10, 1, 6), 2), four = matrix(c(20, 3, 1, 0, 4, 15, 5, 2, 0, 6, 12, 3, 1, 0, 4, 9), 4))
  lapply(tables, function(t) list(table = unclass(t), found = lapply(setNames(nm = c("none", "linear", "quadratic", "ac1")), function(h) f(t, h)))) }, note = "standard errors by the delta method, the gradient by numDeriv")
ref("diagnostic", { f <- function(v, m) { r <- epi.tests(v, method = m, conf.level = 0.95)$detail; as.list(setNames(lapply(seq_len(nrow(r)), function(i) unlist(r[i, c("est", "lower", "upper")])), r$statistic)) }
  list(exact = f(c(670, 202, 74, 640), "exact"), wilson = f(c(670, 202, 74, 640), "wilson"), small = f(c(12, 3, 2, 30), "exact"), cells = list(c(670, 202, 74, 640), c(12, 3, 2, 30))) }, note = "cells: true positive, false positive, false negative, true negative")
ref("icc", { x <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7), 6, byrow = TRUE); n <- 6; k <- 4; l <- data.frame(y = as.vector(x), s = factor(rep(1:n, k)), r = factor(rep(1:k, each = n))); a <- anova(lm(y ~ s + r, l)); o <- anova(lm(y ~ s, l)); B <- a["s", 3]; C <- a["r", 3]; E <- a["Residuals", 3]; W <- o["Residuals", 3]
  F1 <- B / W; F3 <- B / E; q <- function(a, b) qf(.975, a, b); l1 <- F1 / q(n - 1, n * (k - 1)); u1 <- F1 * q(n * (k - 1), n - 1); l3 <- F3 / q(n - 1, (n - 1) * (k - 1)); u3 <- F3 * q((n - 1) * (k - 1), n - 1)
  list(x = x, icc1 = c((F1 - 1) / (F1 + k - 1), (l1 - 1) / (l1 + k - 1), (u1 - 1) / (u1 + k - 1)), icc2 = (B - E) / (B + (k - 1) * E + k * (C - E) / n), icc3 = c((F3 - 1) / (F3 + k - 1), (l3 - 1) / (l3 + k - 1), (u3 - 1) / (u3 + k - 1)), icc1k = (B - W) / B, icc2k = (B - E) / (B + (C - E) / n), icc3k = (B - E) / B) }, note = "the data of Shrout and Fleiss 1979; mean squares by anova")
ref("power", list(prop = power.prop.test(n = 120, p1 = .3, p2 = .15)$power, prop_n = power.prop.test(p1 = .5, p2 = .75, power = .9, tol = 1e-12)$n, prop_n_01 = power.prop.test(p1 = .05, p2 = .1, power = .8, sig.level = .01, tol = 1e-12)$n,
  t = power.t.test(n = 20, delta = 1, sd = 1.3)$power, t_n = power.t.test(delta = .3, sd = 1.1, power = .9, tol = 1e-12)$n, t_half = power.t.test(delta = .5, power = .8, tol = 1e-12)$n,
  f_t = power.t.test(n = 5, delta = 2, sd = 1)$power))

REF[["_meta"]] <- list(R = R.version.string, packages = sapply(c("survival", "epiR", "numDeriv"), function(p) as.character(packageVersion(p))))
nm <- function(x) {
  if (is.list(x)) return(lapply(x, nm)); if (is.factor(x)) x <- as.character(x)
  if (is.numeric(x)) { n <- dim(x); y <- ifelse(is.na(x), NA, paste0("@@", sprintf("%.17g", x), "@@")); dim(y) <- n; return(unname(y)) }
  unname(x)
}
txt <- toJSON(nm(REF), auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), file.path(target, "more_describe.json"))
