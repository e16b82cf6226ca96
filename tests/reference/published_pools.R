# Oracle numbers of the pools of published cohorts (tests/unit/study/published/test_pools.py). metafor 3.8-1, R 4.2.2.
library(metafor)
x <- c(122, 25, 23, 81, 17, 17, 29, 43, 12, 16, 22, 28, 3, 10, 13, 6, 13)
n <- c(193, 34, 50, 238, 22, 30, 289, 92, 33, 52, 33, 130, 22, 42, 41, 41, 36)
show <- function(fit) {
  p <- predict(fit, transf = transf.ilogit)
  cat(sprintf("%.6f %.6f %.6f | prediction %.6f %.6f | tau2 %.6f I2 %.4f Q %.4f\n",
              p$pred, p$ci.lb, p$ci.ub, p$pi.lb, p$pi.ub, fit$tau2, fit$I2, fit$QE))
}
f <- rma(measure = "PLO", xi = x, ni = n, test = "adhoc"); show(f); cat(f$beta, f$se, "\n")
g <- rma.glmm(measure = "PLO", xi = x, ni = n)
p <- predict(g, transf = transf.ilogit)
cat(sprintf("GLMM %.6f %.6f %.6f tau2 %.6f\n", p$pred, p$ci.lb, p$ci.ub, g$tau2))
k <- c(25, 59, 0); m <- c(45, 114, 9)
show(rma(measure = "PLO", xi = k, ni = m, test = "adhoc"))
yi <- log(c(1.78, 2.286)); se <- c(log(2.92 / 1.08) / (2 * qnorm(0.975)), log(2.286) / qnorm(1 - 0.019 / 2))
for (method in c("REML", "FE")) {
  h <- rma(yi = yi, sei = se, method = method, test = if (method == "REML") "adhoc" else "z")
  cat(sprintf("HR %s %.6f %.6f %.6f tau2 %.6f\n", method, exp(h$beta), exp(h$ci.lb), exp(h$ci.ub), h$tau2))
}
