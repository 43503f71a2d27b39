"""Checkpoints by Orbax: after each epoch every process writes its own shards.

A run that was killed resumes from the last complete one, also with another number of processes:
tables are stored with the same rows for each number of devices that divides `shards.GRAIN`.
"""

import json
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from .refused import RefusedError
from .run import Run

KEPT = 2
"""Checkpoints that stay; older ones are deleted."""


class Checkpoints:
    """A folder of checkpoints, one an epoch."""

    def __init__(self, folder: Path) -> None:
        options = ocp.CheckpointManagerOptions(max_to_keep=KEPT, create=True)
        self._manager = ocp.CheckpointManager(folder.absolute(), options=options)

    def save(self, run: Run) -> None:
        """Writes the run as it stands at an epoch's end."""
        if run.skipping:
            raise RefusedError("`skip` is not available with --checkpoints: use --save.")
        state = {"record": run.record, "config": run.config.options, "open": _is_open(run)}
        self._manager.save(
            len(run.epochs),
            args=ocp.args.Composite(
                tensors=ocp.args.StandardSave(run.tensors),
                state=ocp.args.JsonSave(state),
            ),
        )
        self._manager.wait_until_finished()

    def restore(self, run: Run) -> None:
        """Moves a run to the latest checkpoint, if it has more epochs than the run."""
        latest = self._manager.latest_step()
        if latest is None or latest <= len(run.epochs):
            return
        wanted: Any = jax.tree.map(ocp.utils.to_shape_dtype_struct, run.tensors)
        found = self._manager.restore(
            latest,
            args=ocp.args.Composite(
                tensors=ocp.args.StandardRestore(wanted),
                state=ocp.args.JsonRestore(),
            ),
        )
        ours, theirs = dict(run.config.options), dict(found["state"]["config"])
        for options in (ours, theirs):
            options.pop("epochs")
        if json.dumps(ours, sort_keys=True) != json.dumps(theirs, sort_keys=True):
            raise RefusedError(
                f"{self._manager.directory}: the checkpoint is of a run with other options. Use "
                "another folder."
            )
        run.go_to(found["tensors"], found["state"]["record"], bank_is_open=found["state"]["open"])

    def close(self) -> None:
        """Waits until all checkpoints are written."""
        self._manager.close()


def _is_open(run: Run) -> bool:
    return run.clock.bank_opens_after == 0
