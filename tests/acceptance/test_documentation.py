"""The documentation is built from the package as it is, without a warning, and asks the network for nothing."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import neurohlh
from neurohlh import stats
from neurohlh.clinical.cns_definitions import definitions
from neurohlh.clinical.criteria import criteria_sets, load

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The pages, built from a copy as `make docs` builds them."""
    place = tmp_path_factory.mktemp("docs")
    for name in ("docs", "CONTRIBUTING.md", "CHANGELOG.md"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(place / name)], check=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "out"]
    built = subprocess.run(command, cwd=place, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert built.stderr == ""
    return place / "out"


class Links(HTMLParser):
    """Whatever a page loads by itself: scripts, styles, pictures, frames."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.ids = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        if told.get("id"):
            self.ids.add(told["id"])
        if tag in ("script", "img", "iframe", "source"):
            self.loaded.append(told.get("src") or "")
        if tag == "link" and told.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(told.get("href") or "")


def test_no_page_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    away = {(p.name, url) for p in pages for url in Links(p.read_text()).loaded if re.match(r"(https?:)?//", url)}
    assert away == set()


def test_every_name_that_a_researcher_types_has_its_entry(site):
    ids = set().union(*(Links(p.read_text()).ids for p in (site / "generated").glob("*.html")))
    names = {f"neurohlh.{home}.{name}" for name, home in neurohlh._NAMES.items()}
    assert names | {f"neurohlh.stats.{verb}" for verb in stats.VERBS} <= ids


def test_every_definition_is_shown_with_its_source(site):
    sets, cns = ((site / "generated" / f"{name}.html").read_text() for name in ("criteria-sets", "cns-definitions"))
    assert all(f">{load(key).name}<" in sets for key in criteria_sets())
    assert all(f">{d.name}<" in cns for d in definitions())


def test_formulas_are_drawn_by_the_browser_itself(site):
    page = (site / "explanation" / "curves.html").read_text()
    assert page.count("<math") >= 20
    assert "\\prod" not in page
