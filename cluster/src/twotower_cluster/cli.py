"""The command line: `twotower-cluster golden` and `twotower-cluster train`."""

import argparse
import os
import sys
from pathlib import Path

from .refused import RefusedError


def main(arguments: list[str] | None = None) -> int:
    """Runs a command. If a run is rejected, prints one sentence and returns exit code 1."""
    parser = argparse.ArgumentParser(prog="twotower-cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    golden = commands.add_parser("golden", help="run all golden cases through JAX")
    golden.add_argument("folder", type=Path, help="the folder of the cases, tests/golden")
    _add_train(commands.add_parser("train", help="train a run on all processes"))
    chosen = parser.parse_args(arguments)
    try:
        return _golden(chosen.folder) if chosen.command == "golden" else _train(parser, chosen)
    except RefusedError as problem:
        print(f"twotower-cluster: {problem}", file=sys.stderr)
        return 1


def _add_train(train: argparse.ArgumentParser) -> None:
    source = train.add_mutually_exclusive_group(required=True)
    source.add_argument("--resume", type=Path, metavar="FILE", help="a saved run")
    source.add_argument(
        "--data", type=Path, nargs="+", metavar="FILE", help="interactions, Parquet or CSV"
    )
    train.add_argument("--test", type=Path, nargs="+", default=[], help="interactions to test on")
    train.add_argument(
        "--items", type=Path, nargs="+", default=[], metavar="FILE", help="titles of the items"
    )
    train.add_argument("--config", type=Path, metavar="FILE", help="options, as JSON")
    train.add_argument("--epochs", type=int, metavar="N", help="total number of epochs")
    train.add_argument("--json", type=Path, metavar="FILE", help="write a report")
    train.add_argument("--save", type=Path, metavar="FILE", help="save the run for the page")
    train.add_argument(
        "--serve", type=Path, metavar="FILE", help="save towers and catalogue, without interactions"
    )
    train.add_argument(
        "--checkpoints", type=Path, metavar="DIR", help="write checkpoints, resume from the latest"
    )
    train.add_argument("--coordinator", metavar="HOST:PORT", help="address of process 0")
    train.add_argument("--processes", type=int, metavar="N", help="number of processes")
    train.add_argument("--process", type=int, metavar="N", help="number of this process, from 0")
    train.add_argument(
        "--distributed",
        action="store_true",
        help="find the other processes through SLURM, Kubernetes or Open MPI",
    )


def _train(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    by_hand = (chosen.coordinator, chosen.processes, chosen.process)
    if any(given is not None for given in by_hand) and None in by_hand:
        parser.error("--coordinator, --processes and --process go together")
    if chosen.resume and (chosen.config or chosen.test or chosen.items):
        parser.error("--resume has its own data and options: omit --config, --test and --items")
    import jax

    try:
        return _train_together(chosen)
    except jax.errors.JaxRuntimeError as error:
        if chosen.coordinator is None and not chosen.distributed:
            raise
        reason = str(error).strip().split("\n")[0]
        print(
            "twotower-cluster: Another process died or cannot be reached. Start all processes again; "
            f"with --checkpoints they resume. ({reason})",
            file=sys.stderr,
            flush=True,
        )
        # At its exit, JAX would wait for the other processes.
        os._exit(1)


def _train_together(chosen: argparse.Namespace) -> int:
    """Trains once all processes have found each other."""
    import jax

    if chosen.coordinator is not None:
        jax.distributed.initialize(chosen.coordinator, chosen.processes, chosen.process)
    elif chosen.distributed:
        jax.distributed.initialize()
    from .train import Args, train

    names = ("resume", "test", "items", "config", "epochs", "json", "save", "serve", "checkpoints")
    given = {name: getattr(chosen, name) for name in names}
    train(Args(data=chosen.data or [], **given))
    return 0


def _golden(folder: Path) -> int:
    from .golden import run_all
    from .shards import Shards

    reports = []
    for report in run_all(folder, Shards.of()):
        verdict = "pass" if report.passed else "MISS"
        share = f"{report.worst:8.1%} of the tolerance"
        print(f"{verdict}  {report.name:30} {share}  {report.worst_at}", flush=True)
        reports.append(report)
    missed = sum(not report.passed for report in reports)
    print(f"{len(reports) - missed} of {len(reports)} cases pass")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
