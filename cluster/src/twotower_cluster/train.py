"""`twotower-cluster train`: from the command line to a report and a saved run."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from . import config as options
from . import data, saved
from .checkpoints import Checkpoints
from .refused import RefusedError
from .run import Run
from .shards import Shards


@dataclass(frozen=True)
class Order:
    """What a user asks for."""

    resume: Path | None = None
    data: list[Path] = field(default_factory=list)
    test: list[Path] = field(default_factory=list)
    config: Path | None = None
    epochs: int | None = None
    json: Path | None = None
    save: Path | None = None
    checkpoints: Path | None = None


def train(order: Order) -> None:
    """Trains a run on all devices of all processes; process 0 writes the files."""
    shards = Shards.of()
    run = _run(order, shards)
    _agree(run)
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
        whole = run.saved()
        if jax.process_index() == 0:
            saved.write(order.save, whole)
    if order.json and jax.process_index() == 0:
        write_json(order.json, report)
    if checkpoints:
        checkpoints.close()


def _run(order: Order, shards: Shards) -> Run:
    if order.resume:
        return Run.resume(shards, saved.read(order.resume), order.epochs)
    given = options.read(order.config) if order.config else {}
    if order.epochs is not None:
        given = {**given, "epochs": order.epochs}
    if order.test:
        given = {**given, "split.kind": "given"}
    config = options.resolve(given)
    return Run.fresh(shards, config, data.read(order.data, config, order.test))


def _agree(run: Run) -> None:
    """Rejects a run whose processes have other options or other data than process 0."""
    digest = hashlib.sha256(json.dumps(run.config.options, sort_keys=True).encode())
    for part in (run.dataset.train, run.dataset.validation, run.dataset.test):
        digest.update(np.ascontiguousarray(part).tobytes())
    for ids in (run.dataset.users, run.dataset.items):
        digest.update("\n".join(ids).encode())
    ours = np.frombuffer(digest.digest(), np.uint32)
    every = np.asarray(multihost_utils.process_allgather(ours)).reshape(-1, len(ours))
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
            "train": len(dataset.train),
            "validation": len(dataset.validation),
            "test": len(dataset.test),
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
