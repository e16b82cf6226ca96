"""REDCap exports as REDCap writes them: what columns and codes mean, which rows count, and what is refused."""

import pandas as pd
import pytest

from neurohlh.core.errors import InputError
from neurohlh.study.config import check_config
from neurohlh.study.study import Study

HEADER = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label",'
    '"Choices, Calculations, OR Slider Labels","Field Note","Text Validation Type OR Show Slider Number",'
    '"Text Validation Min","Text Validation Max",Identifier?,"Branching Logic (Show field only if...)",'
    '"Required Field?","Custom Alignment","Question Number (surveys only)","Matrix Group Name","Matrix Ranking?",'
    '"Field Annotation"'
)
FIELDS = [
    ("record_id", "enrolment", "", "text", "Record ID", "", "", ""),
    ("gender", "enrolment", "", "radio", "Sex", "1, Male | 2, Female", "", ""),
    ("dx", "enrolment", "", "text", "<b>Date of HLH diagnosis</b>", "", "", "date_dmy"),
    ("hello", "enrolment", "", "descriptive", "Please fill in", "", "", ""),
    ("lab1", "labs", "", "text", "Ferritin", "", "ng/mL", "number"),
    ("csf1", "labs", "Lumbar puncture", "text", "White cells", "", "cells/uL", "number"),
    ("spleen", "labs", "Physical examination", "yesno", "Splenomegaly", "", "", ""),
    ("nk", "labs", "", "dropdown", "NK-cell activity (function)",
     "0, Normal | 1, Low | 2, Absent | -99, Not tested", "", ""),
    ("neuro", "neurology", "", "checkbox", "Neurological symptoms (check all that apply)",
     "1, Seizure | 2, Headache | 3, Unknown", "", ""),
    ("ae", "neurology", "", "checkbox", "Adverse events of etoposide", "1, Seizure | 2, Rash", "", ""),
]  # fmt: skip


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n ') else text


def dictionary(fields=FIELDS):
    lines = [HEADER]
    for name, form, section, kind, label, choices, note, validation in fields:
        lines.append(
            ",".join([*map(quoted, (name, form, section, kind, label, choices, note, validation)), *[""] * 10])
        )
    return "\n".join(lines) + "\n"


RAW = """\
record_id,redcap_data_access_group,gender,dx,enrolment_complete,lab1,csf1,spleen,nk,labs_complete,neuro___1,neuro___2,neuro___3,neuro___ni,ae___1,ae___2,neurology_complete
H-1,berlin,1,2020-02-29,2,812.5,3,1,0,2,1,0,0,0,1,0,2
H-2,berlin,2,2021-05-06,2,40000,,0,-99,2,0,0,0,0,0,0,2
H-3,lyon,2,2021-05-07,2,NI,12,,2,0,0,0,0,0,0,0,0
H-4,lyon,1,,2,,,1,1,2,0,1,1,0,0,0,2
H-5,lyon,1,2021-05-09,2,5,0,0,1,2,0,1,0,1,0,0,2
"""
LABELLED = """\
"Record ID","Data Access Group",Sex,"Date of HLH diagnosis",Complete?,Ferritin,"White cells",Splenomegaly,"NK-cell activity (function)",Complete?,"Neurological symptoms (check all that apply) (choice=Seizure)","Neurological symptoms (check all that apply) (choice=Headache)","Neurological symptoms (check all that apply) (choice=Unknown)","Adverse events of etoposide (choice=Seizure)","Adverse events of etoposide (choice=Rash)",Complete?
H-1,Berlin,Male,2020-02-29,Complete,812.5,3,Yes,Normal,Complete,Checked,Unchecked,Unchecked,Checked,Unchecked,Complete
H-2,Berlin,Female,2021-05-06,Complete,40000,,No,"Not tested",Complete,Unchecked,Unchecked,Unchecked,Unchecked,Unchecked,Complete
H-4,Lyon,Male,,Complete,,,Yes,Low,Complete,Unchecked,Checked,Checked,Unchecked,Unchecked,Complete
"""  # noqa: E501


@pytest.fixture
def study(tmp_path):
    def build(export=RAW, fields=FIELDS, **source):
        (tmp_path / "export.csv").write_text(export, encoding="utf-8")
        (tmp_path / "dictionary.csv").write_text(dictionary(fields), encoding="utf-8")
        source = {"path": "export.csv", "dictionary": "dictionary.csv", **source}
        data = {
            "schema": 1,
            "source": [{k: v for k, v in source.items() if v is not None}],
            "values": {"missing": ["NI"]},
            "eligibility": {"criteria": "none"},
        }
        return Study(check_config(data, "study.toml"), tmp_path)

    return build


def answers(cohort, variable):
    """Patient -> value, None where there is none."""
    values = [None if pd.isna(value) else value for value in cohort.frame[variable]]
    return dict(zip(cohort.frame["patient_id"], values, strict=True))


def test_columns_are_understood_by_label_and_codes_become_words(study):
    cohort = study().load()
    frame = cohort.frame.set_index("patient_id")
    assert frame["sex"].tolist() == ["M", "F", "F", "M", "M"]
    assert frame["center_id"].tolist() == ["berlin", "berlin", "lyon", "lyon", "lyon"]
    assert frame.loc["H-1", "date_hlh_diagnosis"] == pd.Timestamp("2020-02-29")
    assert frame["ferritin"].tolist()[:2] == [812.5, 40000.0]
    assert pd.isna(frame.loc["H-3", "ferritin"])
    assert frame["splenomegaly"].tolist() == [True, False, pd.NA, True, False]
    assert frame["nk_activity"].tolist() == ["normal", "not_tested", "absent", "low", "low"]


def test_section_and_unit_of_the_field_note_count(study):
    cohort = study().load()
    assert answers(cohort, "csf_wbc") == {"H-1": 3, "H-2": None, "H-3": 12, "H-4": None, "H-5": 0}
    assert "wbc" not in cohort.frame
    about = {item.column.header: item for item in cohort.trail.tables[0].understood}
    assert (about["lab1"].variable, about["lab1"].unit, about["lab1"].unit_known) == ("ferritin", "ng/mL", True)


def test_an_empty_box_says_no_only_where_its_question_was_answered(study):
    cohort = study().load()
    # H-1 ticked one box; H-2 and H-3 none; H-4 ticked 'unknown' beside headache; H-5 the missing-data box
    assert answers(cohort, "sx_seizure") == {"H-1": True, "H-2": None, "H-3": None, "H-4": None, "H-5": None}
    assert answers(cohort, "sx_headache") == {"H-1": False, "H-2": None, "H-3": None, "H-4": True, "H-5": True}


def test_declared_no_holds_on_complete_forms_only(study):
    cohort = study(unticked="no").load()
    assert answers(cohort, "sx_seizure") == {"H-1": True, "H-2": False, "H-3": None, "H-4": None, "H-5": None}


def test_boxes_of_a_question_that_is_not_known_are_not_used(study):
    cohort = study().load()
    unused = cohort.issues[cohort.issues["code"] == "unrecognised_column"]["column"].tolist()
    assert unused == ["neuro___3", "ae___1", "ae___2"]  # neuro___3 is the box of 'Unknown'


def test_a_renamed_box_is_used(study):
    cohort = study(rename={"ae___2": "rash"}).load()
    assert answers(cohort, "rash") == {"H-1": False, "H-2": None, "H-3": None, "H-4": None, "H-5": None}


def test_every_cell_is_kept_changed_or_named(study):
    cohort = study().load()
    changed = cohort.changes.set_index(["column", "row"])
    assert changed.loc[("gender", 2), ["raw", "value"]].tolist() == ["1", "M"]
    assert changed.loc[("gender", 2), "rule"].startswith("value_label")
    assert changed.loc[("neuro___1", 3), ["raw", "value", "rule"]].tolist() == ["0", "", "unanswered_box"]
    written = {(c, r) for c, r in changed.index} | set(zip(cohort.issues["column"], cohort.issues["row"], strict=True))
    for item in cohort.trail.tables[0].understood:
        if item.variable is None:
            assert item.column.header in cohort.issues["column"].tolist()
            continue
        column = cohort.trail.tables[0].columns[item.variable]
        for k, code in enumerate(column.codes.tolist()):
            if code >= 0 and (item.column.header, k + 2) not in written:
                assert column.raw[code] == column.shown[code]


def test_an_export_with_labels_gives_the_same_answers(study):
    labelled = study(LABELLED).load().frame.set_index("patient_id")
    raw = study().load().frame.set_index("patient_id").loc[labelled.index]
    for variable in ("sex", "ferritin", "csf_wbc", "splenomegaly", "nk_activity", "sx_seizure", "date_hlh_diagnosis"):
        # the raw export has the missing-data box too, ticked by nobody of these patients
        pd.testing.assert_series_equal(labelled[variable], raw[variable])


def test_the_dictionary_stands_in_the_notes_with_its_fingerprint(study, tmp_path):
    import hashlib

    notes = study().load().trail.tables[0].raw.notes
    digest = hashlib.sha256((tmp_path / "dictionary.csv").read_bytes()).hexdigest()
    assert any(digest in note for note in notes)


def test_a_choice_that_the_dictionary_does_not_have_is_refused(study):
    with pytest.raises(InputError, match=r"no choice of this field") as caught:
        study(RAW.replace("H-5,lyon,1,", "H-5,lyon,9,")).load()
    assert str(caught.value.where) == "export.csv, row 6, column 'gender'"
    assert "9" not in caught.value.what.replace("rows 6", "")


def test_a_column_that_the_dictionary_does_not_have_is_refused(study):
    with pytest.raises(InputError, match="no field for 'csf1'"):
        study(fields=[f for f in FIELDS if f[0] != "csf1"]).load()


def test_a_dictionary_of_another_project_is_refused(study):
    with pytest.raises(InputError, match="does not begin with the record identifier 'study_id'"):
        study(fields=[("study_id", *FIELDS[0][1:]), *FIELDS[1:]]).load()


def test_codes_in_one_column_and_labels_in_another_are_refused(study):
    with pytest.raises(InputError, match="holds codes and column 'nk' holds labels"):
        study(RAW.replace("1,0,2,1,0,0,0,1,0,2", "1,Normal,2,1,0,0,0,1,0,2").replace(",-99,", ",Absent,")
              .replace(",,2,0,0,0", ",,Absent,0,0,0").replace("1,1,2,0,1,1", "1,Low,2,0,1,1")
              .replace("0,1,2,0,1,0,1", "0,Low,2,0,1,0,1")).load()  # fmt: skip


def test_a_table_that_is_no_dictionary_is_refused(study, tmp_path):
    built = study()
    (tmp_path / "dictionary.csv").write_text("name,label\na,b\n", encoding="utf-8")
    with pytest.raises(InputError, match="no REDCap data dictionary: it has no column 'variable / field name'"):
        built.load()


def test_two_fields_of_one_label_are_told_apart_by_order_or_refused(study):
    fields = [*FIELDS, ("lab2", "relapse", "", "text", "Ferritin", "", "ng/mL", "number")]
    with pytest.raises(InputError, match="'Ferritin' stands for 2 fields"):
        study(LABELLED, fields).load()


def test_label_and_name_that_spell_different_variables_are_not_used(study):
    fields = [(*f[:4], "Platelets", *f[5:]) if f[0] == "lab1" else f for f in FIELDS]
    fields = [("ferritin", *f[1:]) if f[0] == "lab1" else f for f in fields]
    cohort = study(RAW.replace("lab1", "ferritin"), fields).load()
    assert "ferritin" not in cohort.frame
    assert "platelets" not in cohort.frame
    said = cohort.issues.set_index("column").loc["ferritin", "message"]
    assert "its label spells platelets, its field name ferritin" in said


def test_a_name_is_not_believed_against_a_label_of_another_moment(study):
    fields = [("ferritin", *f[1:4], "Ferritin on day 28", *f[5:]) if f[0] == "lab1" else f for f in FIELDS]
    cohort = study(RAW.replace("lab1", "ferritin"), fields).load()
    assert "ferritin" not in cohort.frame


def test_a_name_of_the_codebook_is_believed_under_a_label_that_is_not_known(study):
    fields = [("ferritin", *f[1:4], "Ferritine sérique", *f[5:]) if f[0] == "lab1" else f for f in FIELDS]
    cohort = study(RAW.replace("lab1", "ferritin"), fields).load()
    assert cohort.frame["ferritin"].tolist()[:2] == [812.5, 40000.0]


def test_two_units_for_one_field_are_refused(study):
    fields = [(*f[:4], "Ferritin (mg/L)", *f[5:]) if f[0] == "lab1" else f for f in FIELDS]
    cohort = study(fields=fields).load()
    assert "ferritin" not in cohort.frame
    assert "its label is in mg/L, its field note says ng/mL" in "".join(cohort.issues["message"])


LONG_FIELDS = [
    ("record_id", "base", "", "text", "Record ID", "", "", ""),
    ("fer", "base", "", "text", "Ferritin (ng/mL)", "", "", "number"),
    ("died", "outcome", "", "yesno", "Death", "", "", ""),
    ("plt", "labs", "", "text", "Platelets (10^9/L)", "", "", "number"),
]
LONG = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,fer,base_complete,died,outcome_complete,plt,labs_complete
1,diagnosis_arm_1,,,900,2,,,,
1,diagnosis_arm_1,labs,2,,,,,30,2
1,diagnosis_arm_1,labs,1,,,,,20,2
1,month_6_arm_1,,,100,2,1,2,,
2,diagnosis_arm_1,,,800,2,,,,
2,diagnosis_arm_1,labs,1,,,,,90,2
2,month_6_arm_1,,,70,2,0,2,,
3,month_6_arm_1,,,,,0,2,,
"""


def test_a_longitudinal_export_asks_for_its_event(study):
    with pytest.raises(InputError, match="rows of 2 events") as caught:
        study(LONG, LONG_FIELDS).load()
    assert "'diagnosis_arm_1', 'month_6_arm_1'" in caught.value.do


def test_a_repeating_instrument_asks_for_its_instance(study):
    with pytest.raises(InputError, match="repeats 'labs'"):
        study(LONG, LONG_FIELDS, event="diagnosis_arm_1").load()


@pytest.mark.parametrize(
    ("wanted", "platelets"),
    [
        ("first", [20.0, 90.0]),
        ("last", [30.0, 90.0]),
        ("2", [30.0, None]),
        ("ignore", None),
    ],
)
def test_the_declared_event_and_instance_are_read(study, wanted, platelets):
    cohort = study(LONG, LONG_FIELDS, event="diagnosis_arm_1", repeats={"labs": wanted}).load()
    assert cohort.frame["patient_id"].tolist() == ["1", "2"]
    assert cohort.frame["ferritin"].tolist() == [900.0, 800.0]
    assert "death" not in cohort.frame or cohort.frame["death"].isna().all()
    if platelets is None:
        assert "platelets" not in cohort.frame or cohort.frame["platelets"].isna().all()
    else:
        assert (
            cohort.frame["platelets"].astype(object).where(cohort.frame["platelets"].notna(), None).tolist()
            == platelets
        )


def test_rows_left_out_are_counted_and_their_cells_named(study):
    cohort = study(LONG, LONG_FIELDS, event="diagnosis_arm_1", repeats={"labs": "first"}).load()
    flow = cohort.rows.set_index("step")
    assert flow.loc["rows_read", "n_in"] == 8
    assert flow.loc["other_events", "n_excluded"] == 4
    assert flow.loc["joined_rows", "n_out"] == 2
    left = cohort.issues[cohort.issues["code"] == "row_other_event"]
    assert left[left["row"] == 5].set_index("column")["raw"].to_dict() == {
        "record_id": "1", "redcap_event_name": "month_6_arm_1", "fer": "100", "base_complete": "2", "died": "1",
        "outcome_complete": "2",
    }  # fmt: skip
    instance = cohort.issues[cohort.issues["code"] == "row_other_instance"]
    assert set(instance["row"]) == {3}


def test_a_second_source_reads_another_event_of_the_same_file(study, tmp_path):
    first = study(LONG, LONG_FIELDS, event="diagnosis_arm_1", repeats={"labs": "first"})
    later = {
        "path": "export.csv", "dictionary": "dictionary.csv", "event": "month_6_arm_1", "rename": {"fer": "ignore"},
    }  # fmt: skip
    data = first.config.model_dump(by_alias=True, exclude_unset=True)
    both = Study(check_config({**data, "source": [*data["source"], later]}, "study.toml"), tmp_path)
    cohort = both.load()
    assert answers(cohort, "death") == {"1": True, "2": False, "3": False}
    assert answers(cohort, "ferritin") == {"1": 900.0, "2": 800.0, "3": None}


def test_events_read_together_contradict_each_other_and_say_so(study):
    cohort = study(LONG, LONG_FIELDS, event=["diagnosis_arm_1", "month_6_arm_1"], repeats={"labs": "first"}).load()
    assert cohort.in_conflict.tolist() == [True, True, False]
    assert answers(cohort, "ferritin") == {"1": None, "2": None, "3": None}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ({"event": "diagnosis"}, "the export has no event 'diagnosis'"),
        ({"event": "diagnosis_arm_1", "repeats": {"lab": "first"}}, "repeats 'labs'"),
        ({"event": "diagnosis_arm_1", "repeats": {"labs": "first", "lab": "last"}}, "nothing in the export repeats"),
        ({"event": "diagnosis_arm_1", "repeats": {"labs": "7"}, "dictionary": None}, "belongs to a REDCap export"),
        ({"repeats": {"labs": "baseline"}}, "'labs' is set to 'baseline'"),
        ({"header_row": 1}, "header is its first row"),
    ],
)
def test_a_choice_of_rows_that_cannot_be_meant_is_refused(study, source, what):
    with pytest.raises(InputError, match=what):
        study(LONG, LONG_FIELDS, **source).load()


def test_a_longitudinal_export_without_its_dictionary_is_refused(study):
    with pytest.raises(InputError, match="longitudinal or repeating REDCap project"):
        study(LONG, LONG_FIELDS, dictionary=None).load()


def test_declared_no_without_the_status_of_the_form_is_refused(study):
    lines = [line.split(",") for line in RAW.splitlines()]
    at = lines[0].index("neurology_complete")
    export = "\n".join(",".join(cell for j, cell in enumerate(line) if j != at) for line in lines) + "\n"
    with pytest.raises(InputError, match="'neurology_complete'"):
        study(export, unticked="no").load()
