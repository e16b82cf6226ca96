"""A fault of the input ends with exit code 2, one clear message, no traceback and no output folder."""

import io

import msoffcrypto.format.ooxml
import openpyxl
import pytest

from neurohlh.cli import main

HEADER = "patient_id,sex,date_hlh_diagnosis,date_last_followup,death,ferritin (ug/L)\n"
ROW = "P1,M,2020-01-05,2021-01-05,no,800\n"
STUDY = 'schema = 1\n[[source]]\npath = "{name}"\n'


def workbook(rows) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def locked(content: bytes) -> bytes:
    stream = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(content)).encrypt("secret", stream)
    return stream.getvalue()


PLAIN = workbook([HEADER.strip().split(","), ROW.strip().split(",")])
BROKEN_FORMULA = workbook([HEADER.strip().split(","), ["P1", "M", "2020-01-05", "2021-01-05", "no", "#REF!"]])

FAULTS = {
    "an empty file": ("a.csv", b"", "empty"),
    "only a header": ("a.csv", HEADER.encode(), "header"),
    "no header": ("a.csv", (ROW + "P2,F,2020-02-05,2021-01-05,no,900\n").encode(), "header"),
    "binary content called xlsx": ("a.xlsx", bytes(range(256)) * 20, "xlsx"),
    "a workbook with a password": ("a.xlsx", locked(PLAIN), "password"),
    "a csv cut in the middle of a row": ("a.csv", (HEADER + ROW + "P2,F,2020-0").encode(), "row 3"),
    "a csv cut inside quotes": ("a.csv", (HEADER + ROW + 'P2,"F,2020-01-05').encode(), "quot"),
    "10,000 columns": (
        "a.csv",
        (",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join("1" for _ in range(10_000)) + "\n").encode(),
        "columns",
    ),
    "two records in one row": ("a.csv", (HEADER + ROW.strip() + "P2,F,2020-02-05,2021-01-05,no,9\n").encode(), "row 2"),
    "no encoding fits": ("a.csv", HEADER.encode() + b"P1\x81\x8d\x90,M,\xff\xfe\xfa,2021-01-05,no,800\n", "encoding"),
    "a formula error in a workbook": ("a.xlsx", BROKEN_FORMULA, "formula error"),
    "a formula error in a csv": ("a.csv", (HEADER + ROW.replace("800", "#DIV/0!")).encode(), "formula error"),
    "no identifier": ("a.csv", (HEADER + ROW).replace("patient_id", "remarks").encode(), "patient identifier"),
    "two headers for one variable": ("a.csv", (HEADER.strip() + ",SF (ug/L)\n" + ROW.strip() + ",5\n").encode(), "SF"),
    "a follow-up without unit": ("a.csv", (HEADER.strip() + ",随访时间\n" + ROW.strip() + ",5\n").encode(), "随访时间"),
    "a joint column of liver and spleen": (
        "a.csv",
        (HEADER.strip() + ",肝脾大\n" + ROW.strip() + ",是\n").encode(),
        "肝脾大",
    ),
    "an unknown kind of file": ("a.pdf", b"%PDF-1.4 text", "pdf"),
}


def expect_message(capsys, arguments, *words):
    code = main(list(map(str, arguments)))
    out, err = capsys.readouterr()
    assert code == 2, out + err
    assert "Traceback" not in err
    assert err.startswith("neurohlh: ")
    for word in words:
        assert word.casefold() in err.casefold(), err
    return err


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_table_stops_the_run_with_one_message_and_no_output(tmp_path, capsys, fault):
    name, content, word = FAULTS[fault]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "study.toml").write_text(STUDY.format(name=name), encoding="utf-8")
    out = tmp_path / "out"
    message = expect_message(capsys, ["run", tmp_path / "study.toml", "--out", out], word)
    assert name in message
    assert not out.exists()
    assert not list(tmp_path.glob(".out*"))
    expect_message(capsys, ["check", tmp_path / name], word)


@pytest.fixture
def study(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + ROW, encoding="utf-8")

    def write(more, head=None):
        path = tmp_path / "study.toml"
        path.write_text((STUDY.format(name="a.csv") if head is None else head) + more, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("[eligibilty]\n", ["eligibilty", "'eligibility'"]),
        ('[eligibility]\ncriteria = "hlh204"\n', ["hlh204", "hlh2004"]),
        ('[cns]\ndefinition = "seed_any"\n', ["seed_any", "seed_any3"]),
        ('[model]\ncovariates = ["ferritine"]\n', ["ferritine", "'ferritin'"]),
        ('[model]\ncovariates = ["albumin"]\n', ["albumin", "no source has a column"]),
        ('[model]\ncovariates = ["intrathecal"]\n', ["intrathecal", "mediator"]),
        ('[model]\ncovariates = ["cns_involved"]\n', ["cns_involved"]),
        ('[model]\ncovariates = ["ms_score"]\n', ["ms_score", "contains CNS"]),
        ('[model]\nstrata = "centre"\n', ["centre", "center_id"]),
        ('definitions = ["own.toml"]\n', ["own.toml"]),
    ],
)
def test_a_fault_of_the_study_file_names_the_key_and_the_closest(study, capsys, tmp_path, more, words):
    head = STUDY.format(name="a.csv")
    path = study(more, head) if not more.startswith("definitions") else study("", "schema = 1\n" + more + head[11:])
    out = tmp_path / "out"
    expect_message(capsys, ["run", path, "--out", out], *words)
    assert not out.exists()


def test_a_definition_that_names_a_missing_variable_says_which_and_the_closest(study, capsys, tmp_path):
    (tmp_path / "own.toml").write_text(
        '[items.high]\nvariable = "feritin"\ncomparator = ">="\nthreshold = 500\n[rule]\nany_of = ["high"]\n'
    )
    path = study("", 'schema = 1\ndefinitions = ["own.toml"]\n[[source]]\npath = "a.csv"\n')
    expect_message(capsys, ["run", path, "--out", tmp_path / "out"], "own.toml", "feritin", "'ferritin'")


def test_a_folder_with_other_things_in_it_is_not_overwritten(study, capsys, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.docx").write_text("years of work")
    expect_message(capsys, ["run", study(""), "--out", out], "not empty")
    assert (out / "thesis.docx").read_text() == "years of work"


def test_an_earlier_run_is_replaced_whole(study, capsys, tmp_path):
    out = tmp_path / "out"
    path = study('[eligibility]\ncriteria = "none"\n')
    assert main(["run", str(path), "--out", str(out)]) == 0
    (out / "stale.txt").write_text("left from before")
    assert main(["run", str(path), "--out", str(out)]) == 0
    assert not (out / "stale.txt").exists()
    assert (out / "report.html").exists()


def test_no_message_of_a_refused_cell_holds_the_value(study, capsys, tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + ROW + "P2,M,2020-01-05,2021-01-05,no,88x77\n", encoding="utf-8")
    assert main(["check", str(tmp_path / "a.csv")]) == 0
    out, err = capsys.readouterr()
    assert "88x77" not in out + err
    assert "row 3" in out


@pytest.mark.parametrize("arguments", [["run"], ["run", "x.toml"], ["fly"], ["run", "x.toml", "--out"]])
def test_wrong_arguments_end_with_code_2(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
