"""A database as a source: what is read, in which order, that nothing is written, and that no password is said."""

import sqlite3
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from postgres import server

from neurohlh.core.errors import InputError
from neurohlh.etl.sql import Asked, read_database
from neurohlh.study.config import check_config
from neurohlh.study.study import Study

PASSWORD = "s3cret-Pass/word"


@pytest.fixture
def registry(tmp_path):
    path = tmp_path / "registry.db"
    with sqlite3.connect(path) as base:
        base.executescript(
            """
            create table patients (patient_id text primary key, ferritin real, sx_seizure integer, date_death text);
            insert into patients values ('P2', 812.5, 0, null), ('P10', 40000, 1, '2020-03-01'), ('P1', null, null, '');
            create view seizures as select patient_id, sx_seizure from patients;
            create table loose (patient_id text, ferritin real);
            insert into loose values ('P2', 5.0), ('P1', 7.0);
            """
        )
    base.close()
    return tmp_path


def texts(raw):
    return {c.header: [c.cells.texts[k] if k >= 0 else None for k in c.cells.codes.tolist()] for c in raw.columns}


def test_a_table_is_read_by_its_key_with_null_empty(registry):
    raw = read_database(Asked("sqlite:///registry.db", table="patients"), registry)
    assert texts(raw) == {
        "patient_id": ["P1", "P10", "P2"],
        "ferritin": [None, "40000", "812.5"],
        "sx_seizure": [None, "1", "0"],
        "date_death": [None, "2020-03-01", None],
    }
    assert (raw.source, raw.sheet, raw.rows.tolist()) == ("sqlite:///registry.db", "patients", [2, 3, 4])


def test_without_an_order_the_rows_are_sorted_and_the_note_says_so(registry):
    raw = read_database(Asked("sqlite:///registry.db", query="select * from loose"), registry)
    assert texts(raw)["patient_id"] == ["P1", "P2"]
    assert any("names no order" in note for note in raw.notes)


def test_the_order_of_a_query_is_kept_and_the_fingerprint_does_not_depend_on_it(registry):
    up, down = (
        read_database(Asked("sqlite:///registry.db", query=f"select * from loose order by ferritin {way}"), registry)
        for way in ("asc", "desc")
    )
    assert texts(up)["patient_id"] == ["P2", "P1"]
    assert texts(down)["patient_id"] == ["P1", "P2"]
    assert up.sha256 == down.sha256


def test_the_fingerprint_tells_another_value(registry):
    asked = Asked("sqlite:///registry.db", table="loose")
    before = read_database(asked, registry).sha256
    with sqlite3.connect(registry / "registry.db") as base:
        base.execute("update loose set ferritin = 7.5 where patient_id = 'P1'")
    base.close()
    assert read_database(asked, registry).sha256 != before


def test_a_view_is_a_table_too(registry):
    raw = read_database(Asked("sqlite:///registry.db", table="seizures"), registry)
    assert texts(raw)["patient_id"] == ["P1", "P10", "P2"]


def test_nothing_can_be_written(registry):
    before = (registry / "registry.db").read_bytes()
    with pytest.raises(InputError, match="can't be read"):
        read_database(Asked("sqlite:///registry.db", query="delete from loose returning *"), registry)
    assert (registry / "registry.db").read_bytes() == before


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (Asked("sqlite:///absent.db", table="patients"), "no such database file"),
        (Asked("sqlite://", table="patients"), "no such database file"),
        (Asked("sqlite:///registry.db", table="patient"), "has no table 'patient'"),
        (Asked("sqlite:///registry.db", query="select nothing from nowhere"), "can't be read"),
        (Asked("sqlite:///registry.db", query="pragma query_only = off"), "gives no rows"),
        (Asked("sqlite:///registry.db", query="select 1 as a, 2 as a"), "the same name: 'a'"),
        (Asked("postgresql+absentdriver://h/d", table="t"), "is not installed"),
        (Asked("mssql://h/d", table="t"), "of the kind 'mssql' are not read"),
        (Asked("no address", table="t"), "is not understood"),
        (Asked("sqlite:///registry.db", query="select patient_id from loose where 1 = 0"), "no patient"),
    ],
)
def test_a_fault_is_named(registry, asked, what):
    with pytest.raises(InputError, match=what):
        read_database(asked, registry)
    assert not (registry / "absent.db").exists()


def test_the_tables_that_exist_are_named(registry):
    with pytest.raises(InputError) as caught:
        read_database(Asked("sqlite:///registry.db", table="patient"), registry)
    assert caught.value.do == "Its tables: 'loose', 'patients', 'seizures'."


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql+psycopg://owner:{PASSWORD}@h/d",
        f"postgresql+psycopg://owner@h/d?password={PASSWORD}",
        f"mssql+pyodbc://?odbc_connect=PWD%3D{PASSWORD}",
    ],
)
def test_a_password_in_the_study_file_is_refused_and_not_repeated(address):
    with pytest.raises(InputError, match="holds a password") as caught:
        check_config({"schema": 1, "source": [{"database": address, "table": "t"}]}, "study.toml")
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ({"database": "sqlite:///a.db"}, "neither a table nor a query"),
        ({"database": "sqlite:///a.db", "table": "t", "query": "select 1"}, "both a table and a query"),
        ({"database": "sqlite:///a.db", "table": "t", "path": "a.csv"}, "both a path and a database"),
        ({"database": "sqlite:///a.db", "table": "t", "header_row": 2}, "source.1.header_row belongs to a file"),
        ({"path": "a.csv", "query": "select 1"}, "source.1.query belongs to a database"),
        ({}, "the key 'source.1.path' is missing"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(source, what):
    with pytest.raises(InputError, match=what):
        check_config({"schema": 1, "source": [source]}, "study.toml")


@pytest.fixture(scope="module")
def postgres():
    """A server with a registry in it; a socket's path may not be long, so not below the test's own folder."""
    import psycopg

    with tempfile.TemporaryDirectory(prefix="pg") as parent:
        Path(parent).chmod(0o755)
        with server(Path(parent) / "s", PASSWORD) as (folder, owner):
            with psycopg.connect(host=str(folder), user=owner, password=PASSWORD, dbname="postgres") as base:
                base.execute(
                    """
                    create sequence s;
                    create type sex_of as enum ('M', 'F');
                    create table patients (
                        patient_id char(6) primary key, key uuid, sex sex_of, age_years numeric(5, 2), ferritin real,
                        sx_seizure boolean, date_hlh_diagnosis date, date_last_followup timestamptz, note text);
                    insert into patients values
                        ('B', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'F', 1.50, 0.1, true, '2020-02-29',
                         '2021-01-05 00:30:00+08', '100% 中文'),
                        ('A', null, 'M', 12, 40000, false, '2019-12-31', null, ''),
                        ('C', null, null, null, null, null, null, null, null);
                    """
                )
            yield f"postgresql+psycopg://{owner}@/postgres?host={folder}"


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    return "REGISTRY_PASSWORD"


def test_postgres_keeps_types_and_order(postgres, password, tmp_path):
    raw = read_database(Asked(postgres, table="patients", password_env=password), tmp_path)
    assert texts(raw) == {
        "patient_id": ["A", "B", "C"],
        "key": [None, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", None],
        "sex": ["M", "F", None],
        "age_years": ["12.00", "1.50", None],
        "ferritin": ["40000", "0.1", None],
        "sx_seizure": ["FALSE", "TRUE", None],
        "date_hlh_diagnosis": ["2019-12-31", "2020-02-29", None],
        "date_last_followup": [None, "2021-01-05 00:30:00+08:00", None],
        "note": [None, "100% 中文", None],
    }
    assert any("'date_last_followup'" in note for note in raw.notes)
    assert raw.source == "postgresql:///postgres"


def test_a_query_with_signs_that_drivers_read_is_taken_as_written(postgres, password, tmp_path):
    query = "select patient_id, ':x' as a from patients where note like '100%%' or note like '100% %' order by 1"
    raw = read_database(Asked(postgres, query=query, password_env=password), tmp_path)
    assert texts(raw)["patient_id"] == ["B"]


@pytest.mark.parametrize(
    "query",
    [
        "delete from patients returning patient_id",
        "select 1; commit; begin; drop table patients; select 1",
        "select nextval('s')",
    ],
)
def test_postgres_refuses_to_write(postgres, password, tmp_path, query):
    asked = Asked(postgres, query=query, password_env=password)
    with pytest.raises(InputError, match="can't be read"):
        read_database(asked, tmp_path)
    assert len(read_database(Asked(postgres, table="patients", password_env=password), tmp_path).rows) == 3


def test_a_refused_cast_shows_no_value(postgres, password, tmp_path):
    asked = Asked(postgres, query="select note::int from patients", password_env=password)
    with pytest.raises(InputError, match="can't be read") as caught:
        read_database(asked, tmp_path)
    assert "22P02" in str(caught.value)
    assert "中文" not in str(caught.value)


def test_a_wrong_password_is_not_said(postgres, monkeypatch, tmp_path):
    monkeypatch.setenv("REGISTRY_PASSWORD", "wrong-one")
    asked = Asked(postgres, table="patients", password_env="REGISTRY_PASSWORD")
    with pytest.raises(InputError, match="can't be read") as caught:
        read_database(asked, tmp_path)
    assert "authentication failed" in str(caught.value)
    assert "wrong-one" not in str(caught.value)


def test_an_unset_variable_is_named(postgres, monkeypatch, tmp_path):
    monkeypatch.delenv("REGISTRY_PASSWORD", raising=False)
    with pytest.raises(InputError, match="'REGISTRY_PASSWORD' is not set"):
        read_database(Asked(postgres, table="patients", password_env="REGISTRY_PASSWORD"), tmp_path)


def test_a_study_of_a_database_cleans_and_traces_it(postgres, password, tmp_path):
    source = {"database": postgres, "table": "patients", "password_env": password, "units": {"ferritin": "ug/L"}}
    study = Study(check_config({"schema": 1, "source": [source]}, "study.toml"), tmp_path)
    cohort = study.load()
    frame = cohort.frame.set_index("patient_id")
    assert frame.loc["B", "age_years"] == 1.5
    assert frame["sx_seizure"].tolist() == [False, True, pd.NA]
    assert frame.loc["B", "date_last_followup"] == pd.Timestamp("2021-01-05")
    moved = cohort.changes.set_index("variable").loc["date_last_followup"]
    assert (moved["sheet"], moved["row"], moved["column"]) == ("patients", 3, "date_last_followup")
    shown = repr(study) + repr(cohort) + str(study.config.model_dump())
    assert PASSWORD not in shown
