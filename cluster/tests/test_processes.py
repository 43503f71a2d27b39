"""Several processes, each with one device: the same run as in one, also after a killed process."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from twotower_cluster import saved

FIXTURES = Path(__file__).parent / "fixtures"
TIMEOUT = 240


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    arguments: list[str], processes: int, *, last: list[str] | None = None
) -> list[subprocess.Popen[str]]:
    """Starts the processes of a run; the last one with some more arguments."""
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    command = [sys.executable, "-m", "twotower_cluster.cli", "train", *arguments]
    if processes > 1:
        command += [f"--coordinator=127.0.0.1:{free_port()}", f"--processes={processes}"]
    started = []
    for n in range(processes):
        own = [f"--process={n}"] if processes > 1 else []
        own += (last or []) if n == processes - 1 else []
        started.append(
            subprocess.Popen(
                [*command, *own],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return started


def finish(started: list[subprocess.Popen[str]]) -> None:
    for process in started:
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, errors


def run(
    folder: Path, name: str, processes: int, *more: str
) -> tuple[dict[str, Any], saved.SavedRun]:
    """Resumes a run of the crate to 4 epochs: its report, and the run that it saves."""
    report, model = folder / f"{name}.{processes}.json", folder / f"{name}.{processes}.safetensors"
    source = FIXTURES / f"{name}.2.safetensors"
    arguments = [f"--resume={source}", "--epochs=4", f"--json={report}", f"--save={model}", *more]
    finish(start(arguments, processes))
    return json.loads(report.read_text()), saved.read(model)


@pytest.mark.parametrize("name", ["id", "bank"])
def test_1_2_and_4_processes_train_the_same_run(name: str, tmp_path: Path) -> None:
    reference = saved.read(FIXTURES / f"{name}.4.safetensors")
    losses = [epoch["loss"] for epoch in reference.record["run"]["epochs"]]
    for processes in (1, 2, 4):
        report, model = run(tmp_path, name, processes)
        assert (report["processes"], report["devices"]) == (processes, processes)
        assert [epoch["loss"] for epoch in report["epochs"]] == pytest.approx(losses, abs=1e-4)
        for tensor, theirs in reference.tensors.items():
            np.testing.assert_allclose(model.tensors[tensor], theirs, rtol=1e-3, atol=1e-4)


def test_a_killed_run_resumes_with_another_number_of_processes(tmp_path: Path) -> None:
    checkpoints = tmp_path / "checkpoints"
    source = FIXTURES / "id.2.safetensors"
    common = [f"--resume={source}", f"--checkpoints={checkpoints}"]
    started = start([*common, "--epochs=4000"], processes=2)
    deadline = time.monotonic() + TIMEOUT
    while not any(path.name.isdigit() and int(path.name) >= 3 for path in checkpoints.glob("*")):
        assert time.monotonic() < deadline, "no checkpoint was written"
        assert all(process.poll() is None for process in started), started[0].communicate()[1]
        time.sleep(0.1)
    started[1].send_signal(signal.SIGKILL)
    started[1].communicate()
    _, told = started[0].communicate(timeout=TIMEOUT)
    assert started[0].returncode == 1, told
    last = told.strip().split("\n")[-1]
    assert last.startswith("twotower-cluster: Another process died or cannot be reached."), told
    done = max(int(path.name) for path in checkpoints.glob("*") if path.name.isdigit())
    report = tmp_path / "report.json"
    finish(start([*common, f"--epochs={done + 1}", f"--json={report}"], processes=1))
    epochs = json.loads(report.read_text())["epochs"]
    assert [epoch["epoch"] for epoch in epochs] == list(range(1, done + 2))
    reference = saved.read(FIXTURES / "id.4.safetensors").record["run"]["epochs"]
    for ours, theirs in zip(epochs, reference, strict=False):
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4)


def refused(started: list[subprocess.Popen[str]], problem: str) -> None:
    for process in started:
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1, errors
        assert problem in errors


@pytest.mark.quick
def test_processes_that_disagree_are_named(tmp_path: Path) -> None:
    model, source = tmp_path / "model.safetensors", FIXTURES / "id.2.safetensors"
    started = start([f"--resume={source}", f"--save={model}"], 2, last=["--epochs=9"])
    refused(started, "Process 1 has other options or data than process 0")
    assert not list(tmp_path.iterdir())


def test_a_file_that_one_process_cannot_read_ends_all(tmp_path: Path) -> None:
    path, other = tmp_path / "data.csv", tmp_path / "other.csv"
    path.write_text("user,item\n1,2\n")
    started = start([f"--data={path}"], 2, last=[f"--data={other}"])
    refused(started, f"Process 1: {other}: cannot read the file: there is no such file.")


def test_shares_of_files_make_the_same_run(tmp_path: Path) -> None:
    """Two processes that read a share each have the ids, pairs, losses and metrics of one."""
    table = pyarrow.csv.read_csv(FIXTURES / "interactions.csv")
    path, config = tmp_path / "data.parquet", tmp_path / "run.json"
    pq.write_table(table, path, row_group_size=50)
    more = {"split.validation": 0.1, "negatives.kind": "uniform", "towers.user.history.cap": 3}
    config.write_text(json.dumps({"dim": 8, "batchSize": 24, "epochs": 2, "data.core": 2, **more}))
    reports, models = [], []
    for processes in (1, 2):
        report, model = tmp_path / f"{processes}.json", tmp_path / f"{processes}.safetensors"
        arguments = [f"--data={path}", f"--config={config}", f"--json={report}"]
        finish(start([*arguments, f"--save={model}"], processes))
        reports.append(json.loads(report.read_text()))
        models.append(saved.read(model))
    one, two = models
    assert (one.dataset.users, one.dataset.items) == (two.dataset.users, two.dataset.items)
    for part in ("train", "validation", "test"):
        assert np.array_equal(getattr(one.dataset, part), getattr(two.dataset, part))
    assert one.dataset.report == two.dataset.report
    for mine, theirs in zip(*(report["epochs"] for report in reports), strict=True):
        for name in ("loss", "recall@20", "ndcg@20", "coverage@20"):
            assert mine[name] == pytest.approx(theirs[name], abs=1e-4), name
    for name, tensor in one.tensors.items():
        np.testing.assert_allclose(two.tensors[name], tensor, rtol=1e-3, atol=1e-4, err_msg=name)
