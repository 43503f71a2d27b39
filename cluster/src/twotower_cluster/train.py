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
class Args:
    """The arguments of the command."""

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


def train(args: Args) -> None:
    """Trains a run on all devices of all processes; process 0 writes the files."""
    shards = Shards.of()
    agree(lambda: _check_outputs(args))
    run = _run(args, shards)
    checkpoints = Checkpoints(args.checkpoints) if args.checkpoints else None
    if checkpoints:
        checkpoints.restore(run)
    while not run.is_over:
        _print_epoch(run.train_epoch())
        if checkpoints:
            checkpoints.save(run)
    if run.record["run"]["finished"] is None:
        run.finish()
    report = _report(run)
    if args.save:
        _write(args.save, run.saved())
    if args.serve:
        _write(args.serve, run.serving())
    if args.json and jax.process_index() == 0:
        write_json(args.json, report)
    if checkpoints:
        checkpoints.close()


def _write(path: Path, run: saved.SavedRun) -> None:
    """Writes a run on process 0; if this fails, all processes fail."""
    agree(lambda: saved.write(path, run) if jax.process_index() == 0 else None)


def _run(args: Args, shards: Shards) -> Run:
    if args.resume:
        file = args.resume
        source = agree(lambda: saved.read_to_train(file))
        _agree_on(source.config.options, [file], [str(args.epochs)])
        return Run.resume(shards, source, args.epochs)
    config = agree(lambda: _config(args))
    files = [*args.data, *args.test, *args.items]
    agree(lambda: data.check(files, config))
    roles = [str(len(each)) for each in (args.data, args.test, args.items)]
    _agree_on(config.options, files, roles)
    return Run.fresh(shards, config, data.read(args.data, config, shards, args.test, args.items))


def _check_outputs(args: Args) -> None:
    """Rejects files that could not be written, before hours of training."""
    for path in (args.json, args.save, args.serve):
        if path is not None and not os.access(path.parent, os.W_OK):
            raise RefusedError(f"{path}: cannot write here. Make the folder {path.parent} first.")


def _config(args: Args) -> options.Config:
    given = options.read(args.config) if args.config else {}
    if args.epochs is not None:
        given = {**given, "epochs": args.epochs}
    if args.test:
        given = {**given, "split.kind": "given"}
    return options.resolve(given)


def _agree_on(config: options.Options, files: Sequence[Path], more: Sequence[str]) -> None:
    """Rejects a run whose processes have other options or other files than process 0.

    A process reads only its share of the files, so sizes, beginnings and ends are compared.
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


def _print_epoch(epoch: dict[str, Any]) -> None:
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
