# Meta-analysis and description in R: run `Rscript tests/reference/more_meta.R` (writes more_meta.json and its data).
suppressPackageStartupMessages({library(metafor); library(lme4); library(jsonlite)})
options(digits = 17, warn = 1)
target <- "analysis/neurohlh/catalogue/reference"
REF <- list()
ref <- function(name, code, data = NULL, note = NULL) {
  src <- substitute(code)
  REF[[paste0("meta_", name)]] <<- list(data = data, note = note, r_code = paste(deparse(src, width.cutoff = 120L), collapse = "\n"),
                                        values = eval(src, new.env(parent = globalenv())))
}
save_data <- function(d, name) write.csv(d, file.path(target, "data", paste0(name, ".csv")), row.names = FALSE, na = "")

bcg <- dat.bcg
yusuf <- dat.yusuf1985; yusuf <- yusuf[yusuf$table == "6", c("id", "trial", "ai", "n1i", "ci", "n2i")]
save_data(yusuf, "metadat_dat_yusuf1985_table6")
pritz <- dat.pritz1997[, c("study", "authors", "xi", "ni")]; save_data(pritz, "metadat_dat_pritz1997")
normand <- dat.normand1999; normand <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = normand)
normand <- data.frame(study = normand$study, source = normand$source, yi = as.numeric(normand$yi), sei = sqrt(normand$vi))
normand$yi <- signif(normand$yi, 12); normand$sei <- signif(normand$sei, 12); save_data(normand, "metadat_dat_normand1999_md")
debruin <- dat.debruin2009; debruin <- escalc("OR", ai = xi, n1i = ni, ci = round(ni * 0.4), n2i = ni, data = debruin)
debruin <- data.frame(study = seq_len(nrow(dat.debruin2009)), xi = dat.debruin2009$xi, ni = dat.debruin2009$ni,
                      ethnicity = dat.debruin2009$ethnicity, patients = dat.debruin2009$patients, scq = dat.debruin2009$scq)
save_data(debruin, "metadat_dat_debruin2009")

tight <- list(threshold = 1e-9, maxiter = 10000, tol = 1e-14)
sm <- function(r) list(b = as.numeric(r$beta), se = r$se, z = as.numeric(r$zval), p = r$pval, lower = r$ci.lb, upper = r$ci.ub, tau2 = r$tau2, tau2_se = r$se.tau2, I2 = r$I2, H2 = r$H2, Q = r$QE, Qp = r$QEp)
methods <- c("FE", "DL", "REML", "PM", "HE", "SJ", "ML", "EB", "HS")

ref("effects_yusuf", lapply(setNames(nm = c("OR", "RR", "RD")), function(m) { e <- escalc(m, ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = yusuf); list(yi = as.numeric(e$yi), vi = as.numeric(e$vi)) }), "metadat_dat_yusuf1985_table6", "1/2 added to the zero study only; the study without any event is in escalc but not in the pool")
ref("pool_yusuf_or", { e <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = yusuf, drop00 = TRUE); lapply(setNames(nm = methods), function(m) sm(rma(yi, vi, data = e, method = m, control = tight))) }, "metadat_dat_yusuf1985_table6")
ref("tables_yusuf", { f <- function(m, d) { r <- rma.mh(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = d, measure = m, correct = TRUE); c(list(b = as.numeric(r$beta), se = r$se, lower = r$ci.lb, upper = r$ci.ub, Q = r$QE), if (m == "OR") list(cmh_corrected = r$MH, cmh_p = r$MHp, tarone = r$TA, tarone_p = r$TAp)) }
  p <- rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = yusuf); both <- yusuf[yusuf$ai + yusuf$ci > 0, ]
  list(mh = lapply(setNames(nm = c("OR", "RR")), f, d = both), mh_rd = f("RD", yusuf), cmh_plain = rma.mh(ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = both, measure = "OR", correct = FALSE)$MH,
       peto = list(b = as.numeric(p$beta), se = p$se, lower = p$ci.lb, upper = p$ci.ub, Q = p$QE, Qp = p$QEp)) }, "metadat_dat_yusuf1985_table6")
ref("tables_bcg", { d <- bcg; r <- rma.mh(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d, measure = "OR", correct = FALSE); p <- rma.peto(ai = tpos, bi = tneg, ci = cpos, di = cneg, data = d); list(b = as.numeric(r$beta), se = r$se, tarone = r$TA, cmh = r$MH, peto = as.numeric(p$beta), peto_se = p$se, peto_Q = p$QE) }, "metadat_dat_bcg")
ref("q_profile", { e <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg); ci <- confint(rma(yi, vi, data = e, control = tight), control = list(tol = 1e-14, maxiter = 10000))$random; list(tau2 = ci[1, 2:3], I2 = ci[3, 2:3], H2 = ci[4, 2:3]) }, "metadat_dat_bcg", "as confint with a tight tolerance")
ref("normand_md", c(lapply(setNames(nm = methods), function(m) sm(rma(yi, sei = sei, data = normand, method = m, control = tight))),
  list(knha = sm(rma(yi, sei = sei, data = normand, test = "knha", control = tight)), adhoc = sm(rma(yi, sei = sei, data = normand, test = "adhoc", control = tight)),
       leave1out = { l <- leave1out(rma(yi, sei = sei, data = normand, control = tight)); list(b = l$estimate, se = l$se, tau2 = l$tau2, I2 = l$I2) }, weights = as.numeric(weights(rma(yi, sei = sei, data = normand, control = tight))))), "metadat_dat_normand1999_md", "mean differences in length of stay; yi and sei rounded to 12 digits in the file")
ref("knha_adhoc_loghr", { d <- read.csv(file.path(target, "data", "derived_meta_loghr.csv")); y <- log(d$hr); s <- (log(d$hi) - log(d$lo)) / (2 * qnorm(.975)); k <- c(2, 3, 5, 7); lapply(list(all = seq_along(y), four = k), function(i) lapply(setNames(nm = c("knha", "adhoc")), function(t) sm(rma(y[i], sei = s[i], method = "DL", test = t)))) }, "derived_meta_loghr")
ref("regression_bcg", { e <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg); e$alloc <- relevel(factor(e$alloc), "random")
  f <- function(m, t) { r <- rma(yi, vi, mods = ~ ablat + year + alloc, data = e, method = m, test = t, control = tight); c(sm(r), list(QM = r$QM, QMp = r$QMp, R2 = r$R2, alloc = c(anova(r, btt = 4:5)$QM, anova(r, btt = 4:5)$QMp))) }
  list(REML = f("REML", "z"), DL = f("DL", "z"), PM = f("PM", "z"), SJ = f("SJ", "z"), HE = f("HE", "z"), ML = f("ML", "z"), HS = f("HS", "z"), FE = { r <- rma(yi, vi, mods = ~ ablat + year + alloc, data = e, method = "FE"); c(sm(r), list(QM = r$QM, QMp = r$QMp)) }, REML_knha = f("REML", "knha")) }, "metadat_dat_bcg", "reference level of alloc: random")
ref("subgroups_bcg", { e <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg); common <- rma(yi, vi, mods = ~ 0 + factor(alloc), data = e, control = tight); test <- rma(yi, vi, mods = ~ factor(alloc), data = e, control = tight)
  own <- lapply(split(e, e$alloc), function(d) rma(yi, vi, data = d, control = tight)); b <- sapply(own, function(r) as.numeric(r$beta)); s <- sapply(own, function(r) r$se); between <- rma(b, sei = s, method = "FE")
  list(b = as.numeric(common$beta), se = common$se, QM = test$QM, QMp = test$QMp, own_b = unname(b), own_se = unname(s), own_Q = between$QE, own_Qp = between$QEp) }, "metadat_dat_bcg")
ref("robust_bcg", { e <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg); f <- function(m) { r <- robust(rma(yi, vi, data = e, method = m, control = tight), cluster = e$alloc); list(b = as.numeric(r$beta), se = r$se, df = r$dfs, p = r$pval, lower = r$ci.lb, upper = r$ci.ub) }; lapply(setNames(nm = c("REML", "FE")), f) }, "metadat_dat_bcg", "clusters: the kind of allocation")
ref("small_study_yusuf", { e <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = yusuf, drop00 = TRUE); e <- e[!is.na(e$yi), ]; r <- rma(yi, vi, data = e, method = "DL"); l <- regtest(r, model = "lm"); m <- regtest(r); b <- suppressWarnings(ranktest(r)); t <- trimfill(r)
  N <- e$n1i + e$n2i; X <- e$ai + e$ci; p <- summary(lm(yi ~ I(1 / N), weights = X * (N - X) / N, data = data.frame(yi = as.numeric(e$yi), N, X)))$coefficients
  list(lm = c(l$zval, l$pval, l$est), rma = c(m$zval, m$pval, m$est), begg = c(as.numeric(b$tau), b$pval), trimfill = c(t$k0, as.numeric(t$beta), t$se), side = t$side, peters = p[2, 3:4]) }, "metadat_dat_yusuf1985_table6", "trim and fill with the DerSimonian-Laird estimator")
ref("trimfill_normand", { r <- rma(yi, sei = sei, data = normand, method = "DL"); t <- trimfill(r); list(k0 = t$k0, side = t$side, b = as.numeric(t$beta), se = t$se, filled = as.numeric(t$yi[t$fill])) }, "metadat_dat_normand1999_md")
glmm <- function(x, n) { d <- data.frame(x, m = n - x, s = factor(seq_along(x))); f <- glmer(cbind(x, m) ~ 1 + (1 | s), data = d, family = binomial, nAGQ = 7, control = glmerControl(optimizer = "Nelder_Mead", optCtrl = list(maxfun = 20000, FtolAbs = 1e-15, FtolRel = 1e-15, XtolRel = 1e-12)))
  r <- rma.glmm(measure = "PLO", xi = x, ni = n); list(b = unname(fixef(f)), se = unname(sqrt(diag(as.matrix(vcov(f))))), tau2 = unname(VarCorr(f)$s[1]), metafor_b = as.numeric(r$beta), metafor_se = r$se, metafor_tau2 = r$tau2, lrt = r$QE.LRT, lrt_p = r$QEp.LRT) }
ref("glmm_pritz", glmm(pritz$xi, pritz$ni), "metadat_dat_pritz1997", "lme4 with nAGQ = 7 and tight tolerance, and metafor's own call")
ref("glmm_debruin", glmm(debruin$xi, debruin$ni), "metadat_dat_debruin2009", "as above")
ref("proportions_pritz", { f <- function(m) { e <- escalc(m, xi = xi, ni = ni, data = pritz); r <- rma(yi, vi, data = e, control = tight); p <- predict(r); c(sm(r), list(pi = c(p$pi.lb, p$pi.ub))) }
  ft <- escalc("PFT", xi = xi, ni = ni, data = pritz); r <- rma(yi, vi, data = ft, control = tight); h <- predict(r, transf = transf.ipft.hm, targs = list(ni = pritz$ni))
  list(PLO = f("PLO"), PFT = f("PFT"), PR = f("PR"), PAS = f("PAS"), harmonic = c(h$pred, h$ci.lb, h$ci.ub), ipft = transf.ipft(ft$yi, pritz$ni)) }, "metadat_dat_pritz1997")

REF[["_meta"]] <- list(R = R.version.string, packages = sapply(c("metafor", "metadat", "lme4"), function(p) as.character(packageVersion(p))))
nm <- function(x) {
  if (is.list(x)) return(lapply(x, nm)); if (is.factor(x)) x <- as.character(x)
  if (is.double(x)) { n <- dim(x); y <- ifelse(is.na(x), NA, paste0("@@", sprintf("%.17g", x), "@@")); dim(y) <- n; return(unname(y)) }
  unname(x)
}
txt <- toJSON(nm(REF), auto_unbox = TRUE, na = "null", null = "null", pretty = TRUE)
writeLines(gsub('"@@([^@"]*)@@"', "\\1", txt), file.path(target, "more_meta.json"))
