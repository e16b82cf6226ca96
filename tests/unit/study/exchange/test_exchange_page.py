"""What the page on data in and out shows is what the package takes."""

import re
import tomllib
from pathlib import Path

from neurohlh.cli import _parser
from neurohlh.study.config import check_config
from neurohlh.study.exchange.statistics import REASONS

PAGE = (Path(__file__).parents[4] / "docs" / "exchange.md").read_text(encoding="utf-8")


def test_its_study_files_are_study_files():
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.S)
    assert len(blocks) == 3
    for block in blocks:
        check_config({"schema": 1, **tomllib.loads(block)}, "exchange.md")


def test_its_commands_are_commands():
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.S) for line in block.splitlines()]
    assert len(lines) == 3
    for line in lines:
        assert _parser().parse_args(line.split()[1:]).do is not None


def test_it_names_every_reason_why_a_cell_is_empty():
    told = " ".join(PAGE.split())
    for reason in REASONS.values():
        english = re.match(r"[a-z ]+", reason.label)[0].strip()
        assert english.removesuffix(" by the checks") in told
