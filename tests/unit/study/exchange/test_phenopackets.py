"""Phenopackets out and in: GA4GH's own schema reads them, unknown is not in them, and they come back as they went."""

import json

import pandas as pd
import pytest
from google.protobuf.json_format import Parse
from phenopackets import Phenopacket

from neurohlh.core.errors import InputError
from neurohlh.etl.codebook import CATALOGUE, codebook
from neurohlh.etl.hpo import term_of, terms
from neurohlh.study.config import check_config
from neurohlh.study.exchange.phenopacket import Privacy
from neurohlh.study.exchange.phenopackets import export_phenopackets
from neurohlh.study.study import Study

TABLE = """
    patient_id,sex,date_birth,date_onset,date_hlh_diagnosis,date_neuro_onset,neuro_symptoms_any,date_last_followup,\
death,ferritin (ug/L),platelets,scd25 (pg/mL),fever,hemophagocytosis,sx_seizure,sx_limb_paralysis,mri_basal_ganglia,\
mri_cortex,gcs
    H-secret-1,M,2015-03-01,2020-02-20,2020-02-29,2020-03-05,met,2021-02-28,no,>40000,20.5,5000,yes,yes,yes,no,yes,no,12
    H-secret-2,F,2019-12-31,,2020-01-01,,not_met,2020-02-01,yes,812.5,,,no,not done,no,yes,no,not done,
    H-secret-3,F,2010-01-01,,2020-05-05,,,,,,150,,,,,,,,
"""
DATES = ["2015", "2019-12", "2020-02", "2020-03", "2021-02", "2010-01"]


@pytest.fixture
def cohort(load):
    return load(TABLE)


def written(folder):
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted(folder.glob("*.json"))}


@pytest.fixture
def packets(cohort, tmp_path):
    export_phenopackets(cohort, tmp_path / "out", Privacy(keep_ids=True))
    return written(tmp_path / "out")


def said(packet):
    """Identifier -> whether it is present, of every finding."""
    return {f["type"]["id"]: not f.get("excluded", False) for f in packet.get("phenotypicFeatures", [])}


def test_every_packet_is_one_of_the_schema(packets):
    for packet in packets.values():
        read = Parse(json.dumps(packet), Phenopacket())
        assert read.subject.id == packet["subject"]["id"]
        assert len(read.phenotypic_features) == len(packet.get("phenotypicFeatures", []))
        assert read.meta_data.phenopacket_schema_version == "2.0"
        prefixes = {r.namespace_prefix for r in read.meta_data.resources}
        used = {f.type.id.partition(":")[0] for f in read.phenotypic_features}
        assert used <= prefixes


def test_present_and_excluded_stand_in_it_and_unknown_does_not(packets):
    first, second, third = (said(packets[f"H-secret-{k}"]) for k in (1, 2, 3))
    assert first["HP:0001945"] is True
    assert second["HP:0001945"] is False
    assert (first["HP:0001250"], second["HP:0001250"]) == (True, False)
    assert third == {}


def test_only_what_follows_is_said_in_terms_of_the_ontology(packets):
    first, second = said(packets["H-secret-1"]), said(packets["H-secret-2"])
    # a lesion of the basal ganglia is abnormal morphology; without a lesion the morphology may still be abnormal
    assert (first["NEUROHLH:mri_basal_ganglia"], first["HP:0002134"]) == (True, True)
    assert second["NEUROHLH:mri_basal_ganglia"] is False
    assert "HP:0002134" not in second
    # weakness of limbs is not always tetraparesis
    assert second["NEUROHLH:sx_limb_paralysis"] is True
    assert "HP:0002273" not in second
    # an identifier that was not verified is not claimed
    assert first["NEUROHLH:hemophagocytosis"] is True
    assert "HP:0012156" not in first


def test_a_value_beyond_the_limit_is_no_quantity(packets):
    values = {m["assay"]["id"]: m["value"] for m in packets["H-secret-1"]["measurements"]}
    assert "quantity" not in values["NEUROHLH:ferritin"]
    assert values["NEUROHLH:ferritin"]["ontologyClass"]["label"] == ">40000 ug/L"
    assert values["NEUROHLH:platelets"]["quantity"]["value"] == 20.5
    assert values["NEUROHLH:scd25"]["quantity"]["unit"]["label"] == "pg/mL"


def test_dates_are_ages_and_identifiers_numbers(cohort, tmp_path):
    export_phenopackets(cohort, tmp_path / "out")
    text = "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "out").iterdir())
    assert "secret" not in text
    assert not any(date in text for date in DATES)
    assert sorted(written(tmp_path / "out")) == ["P1", "P2", "P3"]
    assert not any("diseases" in p for p in written(tmp_path / "out").values())  # no criteria set was asked


def test_the_onset_is_the_age_in_days(packets):
    onset = [f["onset"] for f in packets["H-secret-1"]["phenotypicFeatures"] if "onset" in f]
    assert onset == [
        {"age": {"iso8601duration": f"P{(pd.Timestamp('2020-03-05') - pd.Timestamp('2015-03-01')).days}D"}}
    ]


def test_dates_stand_in_it_where_they_are_asked_for(cohort, tmp_path):
    export_phenopackets(cohort, tmp_path / "out", Privacy(keep_ids=True, dates=True))
    first = written(tmp_path / "out")["H-secret-1"]
    assert first["subject"]["dateOfBirth"] == "2015-03-01T00:00:00Z"
    assert "2020-03-05T00:00:00Z" in json.dumps(first)
    Parse(json.dumps(first), Phenopacket())


def test_the_disease_is_that_of_the_criteria(load, tmp_path):
    cohort = load(TABLE, eligibility={"criteria": "hlh2004", "keep": ["met", "indeterminate", "not_met"]})
    export_phenopackets(cohort, tmp_path / "out", Privacy(keep_ids=True))
    status = dict(zip(cohort.frame["patient_id"], cohort.classified.criteria, strict=True))
    for name, packet in written(tmp_path / "out").items():
        terms_ = {d["term"]["id"]: not d.get("excluded", False) for d in packet.get("diseases", [])}
        assert terms_ == {"met": {"NEUROHLH:hlh": True}, "not_met": {"NEUROHLH:hlh": False}}.get(status[name], {})


def back(folder, tmp_path):
    text = f'schema = 1\n[[source]]\npath = "{folder.name}"\n[eligibility]\ncriteria = "none"\n'
    (tmp_path / "back.toml").write_text(text, encoding="utf-8")
    return Study.open(tmp_path / "back.toml").load()


def test_they_come_back_with_the_same_values(cohort, tmp_path):
    export_phenopackets(cohort, tmp_path / "out", Privacy(keep_ids=True))
    again = back(tmp_path / "out", tmp_path)
    one, two = (c.frame.set_index("patient_id") for c in (cohort, again))
    findings = [
        "sex",
        "fever",
        "hemophagocytosis",
        "sx_seizure",
        "sx_limb_paralysis",
        "mri_basal_ganglia",
        "mri_cortex",
    ]
    numbers = ["ferritin", "platelets", "scd25", "gcs"]
    for name in [*findings, *numbers, "ferritin_censored", "scd25_unit", "death", "neuro_symptoms_any"]:
        pairs = zip(one[name], two[name].reindex(one.index), strict=True)
        assert all((pd.isna(a) and pd.isna(b)) or a == b for a, b in pairs), name
    assert again.classified.outcome["os_days"].tolist()[:2] == cohort.classified.outcome["os_days"].tolist()[:2]
    assert not (again.issues["severity"] == "error").any()


def test_with_the_same_ages(cohort, tmp_path):
    export_phenopackets(cohort, tmp_path / "out", Privacy(keep_ids=True))
    again = back(tmp_path / "out", tmp_path)
    assert again.frame["age_years"].tolist() == pytest.approx(cohort.classified.outcome["age_years"].tolist())


def foreign(**changes):
    packet = {
        "id": "x", "subject": {"id": "boy", "sex": "MALE"},
        "phenotypic_features": [
            {"type": {"id": "HP:0001250", "label": "Seizures"}},
            {"type": {"id": "HP:0001744", "label": "Splenomegaly"}, "excluded": True},
            {"type": {"id": "HP:0002134", "label": "Abnormal basal ganglia morphology"}},
            {"type": {"id": "HP:0002134", "label": "Abnormal basal ganglia morphology"}, "excluded": False},
            {"type": {"id": "HP:0000001", "label": "Odd hair"}},
            {"type": {"id": "HP:0012156", "label": "Hemophagocytosis"}},
        ],
        "measurements": [{"assay": {"id": "LOINC:2276-4", "label": "Ferritin"}, "value": {"quantity": {
            "unit": {"id": "UCUM:ng/mL", "label": "ng/mL"}, "value": 900.0}}}],
        "meta_data": {"phenopacket_schema_version": "2.0"},
    }  # fmt: skip
    return {**packet, **changes}


@pytest.fixture
def source(tmp_path):
    def build(*packets, **settings):
        folder = tmp_path / "packets"
        folder.mkdir()
        for k, packet in enumerate(packets):
            text = packet if isinstance(packet, str) else json.dumps(packet)
            (folder / f"{k}.json").write_text(text, encoding="utf-8")
        data = {"schema": 1, "source": [{"path": "packets", **settings}], "eligibility": {"criteria": "none"}}
        return Study(check_config(data, "study.toml"), tmp_path).load()

    return build


def test_packets_of_others_are_read_by_what_their_terms_say(source):
    cohort = source(foreign())
    row = cohort.frame.iloc[0]
    assert (row["sex"], row["sx_seizure"], row["splenomegaly"], row["hemophagocytosis"]) == ("M", True, False, True)
    assert "mri_basal_ganglia" not in cohort.frame  # abnormal morphology need not be a lesion
    unused = cohort.issues[cohort.issues["code"] == "unrecognised_column"]["column"].tolist()
    assert unused == ["HP:0002134 Abnormal basal ganglia morphology", "HP:0000001 Odd hair", "LOINC:2276-4 Ferritin"]


def test_a_measurement_of_theirs_is_used_where_the_study_names_it(source):
    cohort = source(foreign(), rename={"LOINC:2276-4 Ferritin": "ferritin"})
    assert cohort.frame["ferritin"].tolist() == [900.0]


def test_an_excluded_broader_term_excludes_what_it_holds(source):
    feature = {"type": {"id": "HP:0002134", "label": "Abnormal basal ganglia morphology"}, "excluded": True}
    cohort = source(foreign(phenotypic_features=[feature]))
    assert cohort.frame["mri_basal_ganglia"].tolist() == [False]


def test_a_packet_that_contradicts_itself_gives_no_value(source):
    kind = {"id": "HP:0001250", "label": "Seizure"}
    cohort = source(foreign(phenotypic_features=[{"type": kind}, {"type": kind, "excluded": True}]))
    assert cohort.frame["sx_seizure"].isna().all()
    assert "sx_seizure" in cohort.issues[cohort.issues["severity"] == "error"]["variable"].tolist()


@pytest.mark.parametrize("wrapped", [lambda members: {"id": "c", "members": members}, list])
def test_a_cohort_file_and_a_list_are_read_too(tmp_path, wrapped):
    members = [foreign(), foreign(subject={"id": "girl", "sex": "FEMALE"})]
    (tmp_path / "cohort.json").write_text(json.dumps(wrapped(members)), encoding="utf-8")
    data = {"schema": 1, "source": [{"path": "cohort.json"}], "eligibility": {"criteria": "none"}}
    cohort = Study(check_config(data, "study.toml"), tmp_path).load()
    assert cohort.frame["patient_id"].tolist() == ["boy", "girl"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (foreign(meta_data={"phenopacket_schema_version": "1.0.0"}), "its schema version is '1.0.0'"),
        (foreign(meta_data={}), "does not name its schema version"),
        (foreign(phenotypic_features=[{"type": {"id": "HP:1"}, "negated": True}]), "only phenopackets of schema 2"),
        ({"hello": 1}, "this is no phenopacket"),
        ({"proband": foreign()}, "this is a family"),
        (foreign(subject={"sex": "MALE"}), "names no subject"),
        ("{ not json", "this is no JSON"),
    ],
)
def test_what_is_no_phenopacket_is_refused_by_file(source, content, what):
    with pytest.raises(InputError, match=what) as caught:
        source(content)
    assert "0.json" in str(caught.value.where)


def test_the_terms_are_those_of_the_catalogue():
    known = {}
    for name in ("neuro_symptoms.csv", "mri_findings.csv"):
        rows = pd.read_csv(str(CATALOGUE / name), dtype=str, keep_default_na=False).to_dict("records")
        known |= {r["variable"]: (r["hpo_id"], r["hpo_label_en"]) for r in rows if r["hpo_id"]}
    assert {v: (term_of()[v].id, term_of()[v].label) for v in known} == known
    assert len(term_of()) == len(terms())
    assert all(t.variable in codebook() and t.match in ("exact", "broader", "narrower", "related") for t in terms())


def test_the_same_cohort_gives_the_same_bytes(cohort, tmp_path):
    for name in "ab":
        export_phenopackets(cohort, tmp_path / name)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in "ab")
    assert one == two
