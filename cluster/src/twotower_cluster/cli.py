"""The command line: `twotower-cluster golden` and `twotower-cluster train`."""

import argparse
import sys
from pathlib import Path

from .refused import RefusedError


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; a rejection is one sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="twotower-cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    golden = commands.add_parser("golden", help="run all golden cases through JAX")
    golden.add_argument("folder", type=Path, help="the folder of the cases, tests/golden")
    chosen = parser.parse_args(arguments)
    try:
        return _golden(chosen.folder)
    except RefusedError as problem:
        print(f"twotower-cluster: {problem}", file=sys.stderr)
        return 1


def _golden(folder: Path) -> int:
    from .golden import run_all
    from .shards import Shards

    reports = run_all(folder, Shards.of())
    for report in reports:
        verdict = "pass" if report.passed else "MISS"
        print(f"{verdict}  {report.name:30} {report.worst:8.1%} of the gate  {report.worst_at}")
    missed = sum(not report.passed for report in reports)
    print(f"{len(reports) - missed} of {len(reports)} cases pass")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
