"""What stays as it is in every language: numbers, units, identifiers, abbreviations, names, quotations, citations."""

from __future__ import annotations

import re
from functools import lru_cache

# Abbreviations and names that Chinese papers print in Latin letters too.
_ABBREVIATIONS = frozenset(
    """
    HLH CNS CSF MRI CT MR EEG EBV EBV-HLH CMV HSV HIV DNA RNA PCR NK ICU HSCT MAS JIA LDH ALT AST CRP Hb WBC PBMC GVHD
    IT IVIG DEP L-DEP FHL FHL1 FHL2 FHL3 FHL4 FHL5 XLP XLP1 XLP2 XIAP ADC DWI FLAIR SWI T1 T2 WM SE SD IQR CI HR OR RR
    RD SMD AIC BIC AUC ROC PH ATE ATT ATO REML ML GEE GLM IPCW IPW RMST CIF LOO RERI AP AUROC DOI PMID PMCID ISBN VIF
    HPO STROBE RECORD TRIPOD CSV TSV TOML XLSX SAS SPSS UTF-8 UTF-16 UTF-32 GB18030 GBK BOM HTML DOCX PDF PNG SVG JSON
    HLH-94 HLH-2004 HLH-2024 HScore HSCORE MH MS OHI MAS2016 NACHO HLH-1991 CNS-HLH HAVCR2 sIL-2R sCD25 IL-2R CD25 CD56
    NGS VUS mRS PRES ADEM PRF1 GRCh38 dMRI v vs etc
    """.split()
)
# Software, people after whom a method is called, and journals: never translated.
_NAMES = frozenset(
    """
    Python R numpy pandas scipy statsmodels lifelines matplotlib seaborn polars pyarrow neurohlh NeuroHLH survival Excel
    Kaplan Meier Kaplan-Meier Kaplan–Meier Cox Wilson Newcombe Fisher Wald Greenwood Clopper Pearson Clopper-Pearson
    Efron Breslow Schoenfeld Aalen Johansen Aalen-Johansen Nelson Gray Fine-Gray Fine Firth Mantel Haenszel
    Mantel-Haenszel Peto Peters Egger Begg Harrell Uno Brier Holm Bonferroni Benjamini Hochberg Kruskal Wallis
    Kruskal-Wallis Wilcoxon Mann Whitney Welch Yates McNemar Cohen Fleiss Youden Hosmer Lemeshow Poisson Rubin Barnard
    Barnard-Rubin Hartung Knapp Knapp-Hartung Sidik Jonkman Tukey Freeman DerSimonian Laird Paule Mandel Simon Makuch
    Simon-Makuch Hajek Levene Cochran Woolf Katz Miettinen Nurminen Huber White Lin Wei Kleene Newton
    """.split()
)
_UNITS = re.compile(
    r"(?:[µμumnpkfd]?(?:g|mol|L|l|U|IU|m|Eq|s|kat)|mEq|cells|copies|mm|mmHg|degC|°C|°F)"
    r"(?:[/·](?:[µμumnpkfd]?(?:g|mol|L|l|U|IU|m)|mm3|mm³|dL))*[²³⁰¹⁴⁵⁶⁷⁸⁹]?"
)
_YEAR = r"(?:18|19|20)\d\d[a-z]?"
_PERSON = r"(?:[A-Z][\w'’.\-]*|de|van|der|von|La)"
_CITATION = re.compile(
    rf"{_PERSON}(?:(?:,? (?:& |and )?|-){_PERSON})*(?: et al\.?)?,? {_YEAR}(?:; \d{{4}})?"
    r"(?:[,:]? .*(?:\d+ ?(?:\(\d+\))?: ?[A-Za-z]?\d+|doi |PMID |PMC\d|ed\.|Chapter|ch\.|Statistics|Press|Wiley|arXiv).*)?",
    re.S,
)
_DOI = re.compile(r"(?:doi:? ?)?10\.\d{4,}/\S+")
_QUOTED = re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|“[^”]*”|「[^」]*」")
_HOLE = re.compile(r"\{\d+\}")
_CODE = re.compile(r"\S*[_\d@\\=<>\[\]{}/]\S*|\S+\.(?:csv|tsv|xlsx|toml|html|json|sav|dta|parquet|docx)\b|--\w[\w-]*")
_CHINESE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")


@lru_cache(maxsize=65536)
def needs_words(text: str) -> bool:
    """Whether `text` holds an English word, so that it has to be translated to be read in another language."""
    text = _HOLE.sub(" ", text)
    if not re.search(r"[A-Za-z]{2}", text) or is_citation(text):
        return False
    text = _CHINESE.sub(" ", _DOI.sub(" ", _QUOTED.sub(" ", text)))
    for token in re.split(r"[\s()（）,;:，；：、。?!+×·–—…]+", text):
        token = token.strip(".'’*†‡\"")
        if token and not _stays(token):
            return True
    return False


def is_citation(text: str) -> bool:
    """Whether `text` is a bibliographic reference: authors, year, and where it was printed."""
    return _CITATION.fullmatch(text.strip().rstrip(".")) is not None


def _stays(token: str) -> bool:
    if not re.search(r"[A-Za-z]{2}", token) or token in _ABBREVIATIONS or token in _NAMES:
        return True
    if _UNITS.fullmatch(token) or _CODE.fullmatch(token):
        return True
    pieces = [p for p in re.split(r"[-–/]", token) if p]
    return len(pieces) > 1 and all(_stays(piece) for piece in pieces)
