# Bootstrap optimism of AUC, Brier score, observed/expected and net benefit at a horizon, for the samples that are shipped.
# Run in catalogue/reference/data: Rscript more_validation_at.R  (R 4.2.2, Debian 12 packages); writes more_validation_at.json.
suppressPackageStartupMessages({ library(survival); library(riskRegression); library(jsonlite) })
options(digits = 17)
lc <- read.csv("derived_lung_cc.csv"); ix <- as.matrix(read.csv("derived_lung_boot_index_B25.csv"))
full <- function(x) if (is.list(x)) lapply(x, full) else paste0("@@", sprintf("%.17g", x), "@@")
code <- quote({
  ctl <- coxph.control(eps = 1e-11, iter.max = 50, toler.chol = 1e-13); h <- 365; cuts <- c(0.4, 0.55, 0.7)
  models <- list(full = Surv(time, ev) ~ age + sex + ph.ecog + wt.loss, small = Surv(time, ev) ~ age + sex)
  km <- function(d) 1 - summary(survfit(Surv(time, ev) ~ 1, data = d), times = h, extend = TRUE)$surv
  benefit <- function(p, d, t) { up <- p >= t; if (!any(up)) return(0); q <- km(d[up, ]); mean(up) * (q - (1 - q) * t / (1 - t)) }
  judge <- function(f, d) {
    p <- predictRisk(f, newdata = d, times = h)[, 1]
    s <- Score(list(m = p), formula = Surv(time, ev) ~ 1, data = d, times = h, metrics = c("auc", "brier"), summary = "ipa",
               se.fit = FALSE, cens.model = "km")
    b <- as.data.frame(s$Brier$score); c(as.data.frame(s$AUC$score)$AUC, b$Brier[b$model == "m"], b$IPA[b$model == "m"],
      km(d) / mean(p), sapply(cuts, function(t) benefit(p, d, t)))
  }
  lapply(models, function(fml) {
    own <- function(d) coxph(fml, data = d, x = TRUE, y = TRUE, control = ctl)
    apparent <- judge(own(lc), lc)
    gone <- sapply(seq_len(nrow(ix)), function(b) { d <- lc[ix[b, ], ]; f <- own(d); judge(f, d) - judge(f, lc) })
    list(apparent = unname(apparent), optimism = unname(rowMeans(gone)))
  })
})
REF <- list(`_meta` = list(R = R.version.string,
  packages = sapply(c("survival", "riskRegression"), function(p) as.character(packageVersion(p)), USE.NAMES = FALSE)),
  validation_at_lung = list(data = "derived_lung_boot_index_B25",
    note = "AUC, Brier score, IPA, observed/expected, net benefit at 0.4, 0.55, 0.7, each by day 365",
    r_code = paste(deparse(code, width.cutoff = 120L), collapse = "\n"), values = full(eval(code))))
txt <- toJSON(REF, auto_unbox = TRUE, pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), "more_validation_at.json")
