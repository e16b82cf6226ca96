"""The further notebooks run as they stand and show what they promise."""

import json
import sys
from io import StringIO
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import neurohlh as nh

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def done(workplace, execute):
    """Each notebook executed once, with what a last cell tells: the names of `tell` as JSON."""
    finished = {}

    def run(name, tell="{}"):
        if name not in finished:
            book = nbformat.read(workplace / "notebooks" / f"{name}.ipynb", as_version=4)
            told = f'import json, sys\nprint("TOLD" + json.dumps({tell} | {{"python": sys.executable}}, default=str))'
            book.cells.append(nbformat.v4.new_code_cell(told))
            finished[name] = execute(book, workplace / "notebooks")
        return finished[name]

    return run


def told(book):
    return json.loads(book.cells[-1].outputs[0]["text"].removeprefix("TOLD"))


def shown(book, cell_id, kind="text/html"):
    cell = next(c for c in book.cells if c["id"] == cell_id)
    return "".join(o["data"].get(kind, "") for o in cell.outputs if "data" in o)


def errors(book):
    return [o["text"] for c in book.cells if c.cell_type == "code" for o in c.outputs if o.get("name") == "stderr"]


def pictures(book):
    kinds = [(c["id"], o.get("data", {})) for c in book.cells if c.cell_type == "code" for o in c.outputs]
    return [cell for cell, data in kinds if "image/svg+xml" in data]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_is_saved_without_outputs_and_with_ids_that_stay(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    ids = [c["id"] for c in book["cells"]]
    assert len(ids) == len(set(ids))
    code = [c for c in book["cells"] if c["cell_type"] == "code"]
    assert len(code) >= 5
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in code)


def test_there_are_six():
    assert [path.stem[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


def test_who_has_cns_involvement(done):
    tell = '{"status": cns["cns_status"].value_counts().to_dict(), "agree": json.loads(_.to_json())["kind"]}'
    book = done("02_who_has_cns_involvement", tell.replace("_.to_json()", "nh.cns_frequency(cohort).to_json()"))
    assert errors(book) == []
    assert Path(told(book)["python"]) == Path(sys.executable)
    cohort = nh.Study.open(ROOT / "data" / "example" / "study.toml").load()
    assert told(book)["status"] == nh.classify_cns(cohort)["cns_status"].value_counts().to_dict()
    by_hand = pd.read_html(StringIO(shown(book, "three")), header=0)[0]
    rows = {row.iloc[0]: row["cns_status"] for _, row in by_hand.iterrows()}
    assert {k: rows[k] for k in "ABC"} == {"A": "met", "B": "indeterminate", "C": "not_met"}
    definitions = pd.read_html(StringIO(shown(book, "definitions")), index_col=0)[0]
    assert (definitions.sum(axis=1) == 400).all()
    assert len(definitions) == 7
    assert "not tested: CSF" in shown(book, "missing")
    assert all("<table" in shown(book, cell) for cell in ("why", "tested", "frequency", "agree"))


def test_the_prognosis_question(done):
    tell = """{
        "own": json.loads(own.to_json())["tidy"]["data"], "notes": list(own.notes), "names": list(run.results),
        "curve": json.loads(run.results["specifications_summary"].to_json())["counts"],
    }"""
    book = done("03_the_prognosis_question", tell)
    assert errors(book) == []
    assert pictures(book) == ["time", "curves", "balance", "estimates", "specifications"]
    said = told(book)
    parts = {name.partition("_")[0] for name in said["names"] if "_" in name}
    assert {"time", "confounding", "specifications"} <= parts
    assert not {"mri", "prediction", "published", "triggers"} & parts
    assert any("Exploratory" in note for note in said["notes"])
    own = pd.DataFrame(said["own"]["data"], columns=said["own"]["columns"])
    crude = own[(own["analysis"] == "cox_crude") & (own["variable"] == "cns") & (own["level"] == "met")]
    assert 1 < float(crude["estimate"].iloc[0]) < 6  # the invented hospitals have an effect
    answer = next(c for c in book.cells if c["id"] == "answer").outputs[0]["text"]
    assert "hazard ratio" in answer
    assert all("<table" in shown(book, cell) for cell in ("set", "standard", "evalue", "choices", "own", "own-firth"))


def test_published_evidence(done):
    book = done("04_published_evidence", '{"text": evidence.text()}')
    assert errors(book) == []
    assert pictures(book) == ["results", "effect"]
    assert told(book)["text"].strip() in shown(book, "open", "text/plain")
    assert told(book)["text"] == nh.published_evidence().text()
    assert all("<table" in shown(book, cell) for cell in ("choices", "mortality", "claims", "faults", "pool"))


def test_a_registry_is_classified_alike_row_for_row(done):
    tell = """{
        "pandas": in_pandas.set_index("patient_id")[["hlh2004", "cns_status"]].sort_index().to_json(),
        "duckdb": classified.df().set_index("patient_id")[["hlh2004", "cns_status"]].sort_index().to_json(),
    }"""
    book = done("06_a_registry", tell)
    said = told(book)
    assert json.loads(said["pandas"]) == json.loads(said["duckdb"])
    assert len(json.loads(said["pandas"])["cns_status"]) == 5000
    same = pd.read_html(StringIO(shown(book, "same")))[0]
    assert same.iloc[:, -1].sum() == 5000
    assert (same.iloc[:, -1] == same.iloc[:, -2]).all()


def test_a_report_in_your_own_style(done, workplace):
    book = done("05_a_report_in_your_own_style", '{"report": str(report), "hr": cox.tidy["estimate"].tolist()}')
    assert errors(book) == []
    assert pictures(book) == ["figure"]
    plain, lancet = (next(c for c in book.cells if c["id"] == name).outputs[0]["text"] for name in ("plain", "lancet"))
    crude = next(hr for hr in told(book)["hr"] if hr is not None and hr > 1)
    assert f"{crude:.2f}" in plain
    assert f"{crude:.2f}".replace(".", "·") in lancet
    assert f"{crude:.2f}" not in lancet
    assert "gt_table" in shown(book, "gt")
    out = (workplace / "notebooks" / told(book)["report"]).parent.resolve()
    written = {path.name for path in out.iterdir() if path.is_file()}
    assert {"report.html", "report.docx", "report.zh.html", "report.zh.docx"} <= written
    english, chinese = ((out / name).read_text(encoding="utf-8") for name in ("report.html", "report.zh.html"))
    assert 'lang="en"' in english
    assert 'lang="zh' in chinese
    assert "中枢神经系统受累" in chinese
    assert not list((out / "figures").glob("*.png"))
    assert list((out / "figures").glob("*.pdf"))
