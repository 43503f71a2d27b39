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
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = max(int(path.name) for path in checkpoints.glob("*") if path.name.isdigit())
    report = tmp_path / "report.json"
    finish(start([*common, f"--epochs={done + 1}", f"--json={report}"], processes=1))
    epochs = json.loads(report.read_text())["epochs"]
    assert [epoch["epoch"] for epoch in epochs] == list(range(1, done + 2))
    reference = saved.read(FIXTURES / "id.4.safetensors").record["run"]["epochs"]
    for ours, theirs in zip(epochs, reference, strict=False):
        assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4)


def test_processes_that_disagree_are_named(tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    source = FIXTURES / "id.2.safetensors"
    started = start([f"--resume={source}", f"--save={model}"], 2, last=["--epochs=9"])
    for process in started:
        _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1
        assert "Process 1 has other options or data than process 0" in errors
    assert not list(tmp_path.iterdir())
