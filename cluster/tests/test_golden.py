"""All golden cases of the crate, within its tolerance, and proof that the comparison can fail."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from twotower_cluster import golden
from twotower_cluster.shards import Shards

CASES = sorted((ROOT / "tests" / "golden").glob("*.json"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 20


QUICK = {"evaluation", "history_in_batch", "in_batch_sgd"}


def marked(path: Path) -> Any:
    """A case, which is in the quick subset if it takes a second or two."""
    marks = [pytest.mark.quick] if path.stem in QUICK else []
    return pytest.param(path, marks=marks, id=path.stem)


@pytest.mark.parametrize("path", [marked(path) for path in CASES])
def test_golden(path: Path, shards: Shards) -> None:
    report = golden.run(path, shards)
    assert report.passed, f"{report.worst:.1%} of the tolerance at {report.worst_at}"


@pytest.mark.parametrize("name", ["in_batch_sgd", "cbns_both_sides"])
def test_a_wrong_number_is_a_miss(name: str, tmp_path: Path, shards: Shards) -> None:
    case = json.loads((ROOT / "tests" / "golden" / f"{name}.json").read_text())
    case["loss"][3] *= 1.01
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(case))
    assert not golden.run(path, shards).passed
