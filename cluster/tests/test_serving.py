"""Serving runs: the outputs of both towers with the catalogue, and no interaction."""

import json
from pathlib import Path

import numpy as np
import pytest

from twotower_cluster import saved
from twotower_cluster.cli import main
from twotower_cluster.run import Run
from twotower_cluster.shards import Shards

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("name", ["id", "history", "onebp"])
def test_the_tables_rank_as_the_run_does(name: str, tmp_path: Path, shards: Shards) -> None:
    run = Run.resume(shards, saved.read(FIXTURES / f"{name}.4.safetensors"), None)
    path = tmp_path / "serving.safetensors"
    saved.write(path, run.serving())
    served = saved.read(path)
    users, items = served.tensors["user_table"], served.tensors["item_table"]
    assert served.tensors.keys() == {"user_table", "item_table", "log_q"}
    assert (len(users), len(items)) == (run.dataset.n_users, run.dataset.n_items)
    assert len(served.dataset.users) == len(users)
    assert (
        sum(map(len, (served.dataset.train, served.dataset.validation, served.dataset.test))) == 0
    )
    scores = users @ items.T
    scores[run.dataset.train[:, 0], run.dataset.train[:, 1]] = -np.inf
    ranked = run._rank(np.arange(len(users)), with_validation=True)
    for score, wanted in zip(scores, ranked, strict=True):
        order = np.argsort(-score, kind="stable")[: len(wanted)]
        # Equal up to rounding: the scores of the lists, not their order.
        np.testing.assert_allclose(score[order], score[np.array(wanted)], atol=1e-5)


def test_a_serving_run_has_titles_and_cannot_be_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = FIXTURES / "serving.safetensors"
    served = saved.read(path)
    named = zip(served.dataset.items, served.dataset.titles, strict=True)
    assert all(title == f"Title {item[1:]}" for item, title in named)
    report = tmp_path / "report.json"
    assert main(["train", f"--resume={path}", "--epochs=9", f"--json={report}"]) == 1
    told = capsys.readouterr().err
    assert "serving.safetensors: a serving run has no interactions, so it cannot be trained" in told
    assert not report.exists()


def test_titles_are_read_from_files_of_items(tmp_path: Path) -> None:
    config, path = tmp_path / "run.json", tmp_path / "serving.safetensors"
    config.write_text(json.dumps({"dim": 4, "batchSize": 500, "epochs": 1}))
    data, items = FIXTURES / "interactions.csv", FIXTURES / "items.csv"
    sources = [f"--data={data}", f"--items={items}", f"--config={config}"]
    assert main(["train", *sources, f"--serve={path}"]) == 0
    titles = saved.read(path).dataset.titles
    assert len(titles) == 43
    assert all(titles)
