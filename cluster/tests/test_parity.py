"""Trains the crate's runs here, and expects the same losses, metrics and tensors.

`fixtures/make.sh` trains each run with the crate, for 2 epochs and then 2 more: at least 50 steps.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twotower_cluster import saved
from twotower_cluster.communication import collectives
from twotower_cluster.data import read
from twotower_cluster.run import Run
from twotower_cluster.shards import Shards

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = ["id", "onebp", "bank", "history", "streaming"]
NAMES += ["skip_stale", "skip_cap", "skip_random", "skip_popularity"]


def crate(name: str, epochs: int) -> saved.SavedRun:
    return saved.read(FIXTURES / f"{name}.{epochs}.safetensors")


def compare(run: Run, reference: saved.SavedRun) -> None:
    """Losses within 1e-4, metrics within one hit, tensors within 1e-4."""
    for ours, theirs in zip(run.epochs, reference.record["run"]["epochs"], strict=True):
        assert ours["steps"] == theirs["steps"]
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4)
        assert ours["ndcg@20"] == pytest.approx(theirs["ndcg@20"], abs=2e-2)
        assert ours["pairs"] == theirs["pairs"]
        if theirs["skip"] is not None:
            compare_decisions(ours["skip"], theirs["skip"])
        if "drift" in theirs:
            assert ours["drift"] == pytest.approx(theirs["drift"], rel=1e-3)
    tensors = run.saved().tensors
    assert tensors.keys() == reference.tensors.keys()
    for name, theirs in reference.tensors.items():
        if name == "kept_pairs":  # pairs of earlier epochs follow
            theirs = theirs[: reference.record["pairsInEpoch"]]
            assert np.array_equal(tensors[name][: len(theirs)], theirs)
            continue
        theirs = theirs[: len(tensors[name])]  # a file pads some tensors to multiples of 8 rows
        np.testing.assert_allclose(tensors[name], theirs, rtol=1e-3, atol=1e-4, err_msg=name)


def compare_decisions(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert ours.keys() == theirs.keys()
    for name, wanted in theirs.items():
        is_number = isinstance(wanted, float)
        assert ours[name] == (pytest.approx(wanted, rel=1e-3) if is_number else wanted), name


def train(run: Run) -> Run:
    while not run.is_over:
        run.train_epoch()
    run.finish()
    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_fresh_run_equals_the_crate(name: str, shards: Shards) -> None:
    reference = crate(name, 2)
    run = Run.fresh(shards, reference.config, reference.dataset)
    compare(train(run), reference)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("id", marks=pytest.mark.quick),
        *(name for name in NAMES if name not in ("id", "streaming")),
    ],
)
def test_a_resumed_run_equals_the_crate(name: str, shards: Shards) -> None:
    run = Run.resume(shards, crate(name, 2), epochs=4)
    compare(train(run), crate(name, 4))


@pytest.mark.quick
def test_a_file_is_written_as_the_crate_reads_it(tmp_path: Path) -> None:
    reference = crate("bank", 2)
    saved.write(tmp_path / "run.safetensors", reference)
    again = saved.read(tmp_path / "run.safetensors")
    assert json.dumps(again.record) == json.dumps(reference.record)
    assert again.dataset.users == reference.dataset.users
    assert np.array_equal(again.dataset.test, reference.dataset.test)
    for name, tensor in reference.tensors.items():
        assert np.array_equal(again.tensors[name], tensor), name
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_interactions_are_numbered_and_split_as_in_the_crate() -> None:
    reference = crate("streaming", 2)
    ours = read([FIXTURES / "interactions.csv"], reference.config, Shards.of())
    theirs = reference.dataset
    assert (ours.users, ours.items) == (theirs.users, theirs.items)
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(ours, part), getattr(theirs, part)), part


@pytest.mark.quick
def test_no_table_is_sent(shards: Shards) -> None:
    """A step of in-batch negatives sends at most 5 times B × D numbers, and 3 B ids and log q."""
    if shards.count == 1:
        pytest.skip("one device sends nothing")
    reference = crate("id", 2)
    run = Run.fresh(shards, reference.config, reference.dataset)
    step = run.clock.step(run.config)
    sent = collectives(run.trainer.compiled(), run.tensors, run.data, step)
    batch, width = run.config.batch_size, run.config.dim
    assert sent
    assert all(512 not in each.shape for each in sent), "a table is sent"
    assert sum(each.numbers for each in sent) <= 5 * batch * width + 8 * batch
