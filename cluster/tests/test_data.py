"""Data from files: numbered and split as in the crate, which made the fixtures, and bad files."""

import json
import re
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from conftest import ROOT
from twotower_cluster import data, roles, saved
from twotower_cluster.cli import main
from twotower_cluster.config import resolve
from twotower_cluster.dataset import Dataset
from twotower_cluster.refused import RefusedError
from twotower_cluster.shards import Shards

FIXTURES = Path(__file__).parent / "fixtures"
TIMED = FIXTURES / "timed.csv"
pytestmark = pytest.mark.quick

SPLITS = ["temporal", "temporal_global", "at", "leave_last_out", "core"]


def read(path: Path, options: dict[str, Any]) -> Dataset:
    config = resolve(options)
    data.check([path], config)
    return data.read([path], config, Shards.of(jax.devices()[:1]))


def same(ours: Dataset, theirs: Dataset) -> None:
    assert (ours.users, ours.items) == (theirs.users, theirs.items)
    assert (ours.n_users, ours.n_items, ours.sizes) == (
        theirs.n_users,
        theirs.n_items,
        theirs.sizes,
    )
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(ours, part), getattr(theirs, part)), part


def as_parquet(path: Path, columns: dict[str, pa.Array]) -> Path:
    """Writes a file of many row groups."""
    pq.write_table(pa.table(columns), path, row_group_size=20)
    return path


@pytest.mark.parametrize("name", SPLITS)
def test_every_split_is_that_of_the_crate(name: str) -> None:
    reference = saved.read(FIXTURES / f"split_{name}.safetensors")
    ours = read(TIMED, reference.config.options)
    same(ours, reference.dataset)
    for count, wanted in reference.dataset.report.items():
        if isinstance(wanted, int):
            assert ours.report[count] == wanted, count


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    options = resolve({"split.kind": "temporal", "data.minRating": 2}).options
    table = pyarrow.csv.read_csv(TIMED)
    columns = {name: table.column(name) for name in table.column_names}
    times = pa.array(np.asarray(columns["time"]) * 1000, pa.timestamp("ms"))
    columns["customer_id"] = columns["customer_id"].dictionary_encode()
    path = as_parquet(tmp_path / "timed.parquet", {**columns, "time": times})
    same(read(path, options), read(TIMED, options))


def test_ids_are_the_text_of_their_cells(tmp_path: Path) -> None:
    cells = {"user": ["007", "7", " 7 ", "NA"], "item": ["1.0", "1", "1.50", "2"]}
    path = tmp_path / "ids.csv"
    rows = zip(*cells.values(), strict=True)
    path.write_text("user,item\n" + "".join(f"{user},{item}\n" for user, item in rows))
    found = read(path, {"split.test": 0})
    assert (found.users, found.items) == (["007", "7"], ["1.0", "1", "1.50"])
    numbers = {"user": pa.array([7.0, 8.0, None]), "item": pa.array([1, 2, 3], pa.int16())}
    found = read(as_parquet(tmp_path / "ids.parquet", numbers), {"split.test": 0})
    assert (found.users, found.items) == (["7", "8"], ["1", "2"])
    assert found.report["withoutUser"] == 1


def test_names_of_columns_are_those_of_the_crate() -> None:
    text = (ROOT / "src" / "data" / "roles.rs").read_text(encoding="utf-8")
    for role, names in roles.NAMES.items():
        found = re.search(rf'Self::{role.title()} => (?:\{{\s*)?"(.*?)"', text, re.DOTALL)
        assert found is not None
        assert names.split() == found[1].replace("\\", " ").split(), role


def test_other_separators_and_files_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "plain.tsv"
    path.write_text("a\tx\nb\ty\na\ty\n")
    columns = {"data.columns.user": 0, "data.columns.item": 1}
    found = read(path, {"data.separator": "tab", "data.header": False, "split.test": 0, **columns})
    assert (found.users, found.items, found.sizes.train) == (["a", "b"], ["x", "y"], 3)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"data.separator": "::"}, '`data.separator` "::" is not available here'),
        ({"data.layout": "lists"}, "`data.layout` is not available here"),
        ({"towers.item.features": ["tags"]}, "`towers.item.features` is not available"),
        ({"split.kind": "temporal-global", "split.at": "2017-08-01"}, "`split.at`: '2017-08-01'"),
        ({"data.columns.user": "who"}, "no column for `data.columns.user`; columns: customer_id,"),
    ],
)
def test_options_that_only_the_crate_has_are_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(RefusedError, match=re.escape(problem)):
        read(TIMED, options)


def refusal(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence of a command that fails and leaves nothing."""
    before = sorted(folder.iterdir())
    assert main(["train", *arguments, f"--save={folder / 'run'}", f"--json={folder / 'r'}"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("twotower-cluster: ")
    assert told.count("\n") == 1
    assert sorted(folder.iterdir()) == before
    return told


def test_bad_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = {"who": pa.array(["a"]), "item": pa.array(["b"])}
    path = as_parquet(tmp_path / "no-user.parquet", columns)
    told = refusal([f"--data={path}"], tmp_path, capsys)
    assert "no-user.parquet: there is no column for `data.columns.user`; columns: who, item" in told
    torn = tmp_path / "torn.parquet"
    torn.write_bytes(path.read_bytes()[:-20])
    assert "torn.parquet: cannot read the file" in refusal([f"--data={torn}"], tmp_path, capsys)
    config = tmp_path / "run.json"
    config.write_text(json.dumps({"data.encoding": "klingon"}))
    told = refusal([f"--data={TIMED}", f"--config={config}"], tmp_path, capsys)
    assert "timed.csv: cannot read the file: unknown encoding: klingon" in told
    missing = f"--data={tmp_path / 'missing.csv'}"
    assert "there is no such file" in refusal([missing], tmp_path, capsys)
    text = tmp_path / "dates.csv"
    text.write_text("user,item,time\na,b,yesterday\n")
    config.write_text(json.dumps({"split.kind": "temporal"}))
    told = refusal([f"--data={text}", f"--config={config}"], tmp_path, capsys)
    assert "times are numbers or Parquet's timestamps here" in told
