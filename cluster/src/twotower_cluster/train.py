"""`twotower-cluster train`: from the command line to a report and a saved run."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np

from . import config as options
from . import data, saved
from .checkpoints import Checkpoints
from .refused import RefusedError
from .run import Run
from .shards import Shards
from .together import agree, gather

PROBE = 1 << 20
"""Bytes at a file's beginning and end that processes compare."""


@dataclass(frozen=True)
class Order:
    """What a user asks for."""

    resume: Path | None = None
    data: list[Path] = field(default_factory=list)
    test: list[Path] = field(default_factory=list)
    items: list[Path] = field(default_factory=list)
    config: Path | None = None
    epochs: int | None = None
    json: Path | None = None
    save: Path | None = None
    serve: Path | None = None
    checkpoints: Path | None = None


def train(order: Order) -> None:
    """Trains a run on all devices of all processes; process 0 writes the files."""
    shards = Shards.of()
    agree(lambda: _check_outputs(order))
    run = _run(order, shards)
    checkpoints = Checkpoints(order.checkpoints) if order.checkpoints else None
    if checkpoints:
        checkpoints.restore(run)
    while not run.is_over:
        _say(run.train_epoch())
        if checkpoints:
            checkpoints.save(run)
    if run.record["run"]["finished"] is None:
        run.finish()
    report = _report(run)
    if order.save:
        _write(order.save, run.saved())
    if order.serve:
        _write(order.serve, run.serving())
    if order.json and jax.process_index() == 0:
        write_json(order.json, report)
    if checkpoints:
        checkpoints.close()


def _write(path: Path, run: saved.SavedRun) -> None:
    """Writes a run on process 0; a failure there is one of all processes."""
    agree(lambda: saved.write(path, run) if jax.process_index() == 0 else None)


def _run(order: Order, shards: Shards) -> Run:
    if order.resume:
        file = order.resume
        source = agree(lambda: saved.read_to_train(file))
        _agree_on(source.config.options, [file], [str(order.epochs)])
        return Run.resume(shards, source, order.epochs)
    config = agree(lambda: _config(order))
    files = [*order.data, *order.test, *order.items]
    agree(lambda: data.check(files, config))
    roles = [str(len(each)) for each in (order.data, order.test, order.items)]
    _agree_on(config.options, files, roles)
    return Run.fresh(shards, config, data.read(order.data, config, shards, order.test, order.items))


def _check_outputs(order: Order) -> None:
    """Rejects files that could not be written, before hours of training."""
    for path in (order.json, order.save, order.serve):
        if path is not None and not os.access(path.parent, os.W_OK):
            raise RefusedError(f"{path}: cannot write here: make the folder {path.parent} first.")


def _config(order: Order) -> options.Config:
    given = options.read(order.config) if order.config else {}
    if order.epochs is not None:
        given = {**given, "epochs": order.epochs}
    if order.test:
        given = {**given, "split.kind": "given"}
    return options.resolve(given)


def _agree_on(config: options.Options, files: Sequence[Path], more: Sequence[str]) -> None:
    """Rejects a run whose processes have other options or other files than process 0.

    Each process reads its share of the files, so it compares their sizes, beginnings and ends.
    """
    digest = hashlib.sha256(json.dumps([config, *more], sort_keys=True).encode())
    for path in files:
        with path.open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            digest.update(length.to_bytes(8, "little"))
            for start in (0, max(length - PROBE, 0)):
                file.seek(start)
                digest.update(file.read(PROBE))
    every = gather(np.frombuffer(digest.digest(), np.uint32))
    others = [n for n, theirs in enumerate(every) if not np.array_equal(theirs, every[0])]
    if others:
        raise RefusedError(
            f"Process {others[0]} has other options or data than process 0: give all processes the "
            "same command and the same files."
        )


def _report(run: Run) -> dict[str, Any]:
    dataset, best = run.dataset, run.record["run"]["best"]
    return {
        "config": run.config.options,
        "backend": f"jax {jax.default_backend()}",
        "processes": jax.process_count(),
        "devices": run.shards.count,
        "data": {
            "users": len(dataset.users),
            "items": len(dataset.items),
            **dataclasses.asdict(dataset.sizes),
        },
        "epochs": run.epochs,
        "best": None if best is None else run.epochs[best],
        "final": run.record["run"]["finished"],
    }


def _say(epoch: dict[str, Any]) -> None:
    if jax.process_index() == 0:
        score = epoch.get("ndcg@20")
        rest = "" if score is None else f"  ndcg@20 {score:.4f}"
        print(
            f"epoch {epoch['epoch']}  loss {epoch['loss']:.6f}  {epoch['seconds']:.1f} s{rest}",
            flush=True,
        )


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Writes a document under a temporary name, then renames it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise RefusedError(f"{path}: cannot write the report: {error}") from error
