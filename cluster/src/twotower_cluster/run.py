"""A run: epochs of steps, evaluation, the best epoch, the saved form. Each process has the same run."""

import dataclasses
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.experimental import multihost_utils

from . import evaluate, start
from .clock import Clock
from .config import Config, Tower
from .dataset import Dataset, Sizes
from .refused import RefusedError
from .saved import SavedRun
from .shards import NO_ID, Shards
from .skipping import Skipping
from .step import Trainer
from .together import gather
from .towers import Inputs, Tensors, embed

NEVER = 2**32 - 1
"""`bank_opens_after` of a bank that waits until the outputs are steady."""

STEADY = 0.1
"""Largest drift at which banked outputs count as fresh."""

QUERIES = 1024
"""Ids that are embedded and ranked at once."""

Report = dict[str, Any]
NO_WORK = {"dispatches": 0, "bytesMoved": 0, "multiplyAdds": 0}
"""Work of an epoch: the crate counts that of its own kernels, which this package does not run."""


class Run:
    """A run on some shards; `fresh` and `resume` make one."""

    def __init__(
        self,
        shards: Shards,
        config: Config,
        dataset: Dataset,
        tensors: Tensors,
        clock: Clock,
        record: Report,
    ) -> None:
        check_available(config)
        self.shards, self.config, self.dataset = shards, config, dataset.share(shards)
        self.tensors, self.clock, self.record = tensors, clock, record
        self.epochs: list[Report] = record["run"]["epochs"]
        self.losses: list[float] = []
        self.data, longest = start.data_tables(shards, config, self.dataset)
        self.skipping = Skipping(config, self.dataset.gathered()) if config.skip else None
        self.trainer = Trainer(shards, config, dataset.n_items, longest)
        self._step = self.trainer.compiled()
        self._embed: dict[str, Any] = {}
        self._put = jax.jit(self._with_rows, donate_argnums=0)
        self._best_of = jax.jit(self._top_items)

    @classmethod
    def fresh(cls, shards: Shards, config: Config, dataset: Dataset) -> "Run":
        """Creates a run at its start."""
        check_available(config)
        tensors = start.fresh(shards, config, dataset)
        if config.cbns:
            shape = (dataset.n_items, config.out_width)
            tensors["drift_before"] = shards.place(np.zeros(shape, np.float32))
        if dataset.sizes.validation:
            names = start.parameter_shapes(config, dataset)
            tensors |= {f"{name}_best": jnp.copy(tensors[name]) for name in names}
        clock = Clock(dataset.sizes.train, _bank_opens_after(config))
        return cls(shards, config, dataset, tensors, clock, _fresh_record(dataset))

    @classmethod
    def resume(cls, shards: Shards, saved: SavedRun, epochs: int | None) -> "Run":
        """Returns a run that continues a saved one; `epochs` is the new total number, if given."""
        config, dataset, record = saved.config, saved.dataset, saved.record
        check_available(config)
        run = record["run"]
        if epochs is not None:
            options = {**config.options, "epochs": epochs}
            config = dataclasses.replace(config, epochs=epochs, options=options)
        if run["finished"] is not None and config.epochs > len(run["epochs"]):
            if dataset.sizes.validation:
                raise RefusedError("The run has ended and kept its best epoch: start a new one.")
            run["finished"] = None
        rows = {"drift_before": dataset.n_items}
        arrays = {name: value[: rows.get(name)] for name, value in saved.tensors.items()}
        result = cls(shards, config, dataset, {}, _clock(saved, config), record)
        if result.skipping:
            result.skipping.restore(arrays, record["pairsInEpoch"])
            result._train_on(result.skipping.kept)
        result.tensors = start.place(shards, arrays)
        result.losses = saved.epoch_losses.tolist()
        return result

    def go_to(self, tensors: Tensors, record: Report, *, bank_is_open: bool) -> None:
        """Moves to the end of an epoch of the same run."""
        self.tensors, self.record, self.epochs = tensors, record, record["run"]["epochs"]
        self.losses = []
        self.clock = Clock(
            pairs_in_epoch=self.epochs[-1]["pairs"],
            bank_opens_after=0 if bank_is_open else _bank_opens_after(self.config),
            steps=sum(epoch["steps"] for epoch in self.epochs),
            epochs=len(self.epochs),
            pairs=sum(epoch["pairs"] for epoch in self.epochs),
        )

    @property
    def is_over(self) -> bool:
        """Whether the run stands at the end of its last epoch."""
        done = len(self.epochs)
        patience = self.config.options["patience"]
        best = self.record["run"]["best"]
        ran_out = (
            self.dataset.sizes.validation > 0
            and patience is not None
            and best is not None
            and done >= best + 1 + patience
        )
        return (
            self.clock.step_in_epoch == 0 and done > 0 and (done >= self.config.epochs or ran_out)
        )

    def train_epoch(self) -> Report:
        """Trains to the end of the epoch, and measures it."""
        began = time.perf_counter()
        pending: list[Array] = []
        if self.skipping and self.clock.step_in_epoch == 0:
            self._decide_to_skip(self.skipping)
        steps = self.clock.steps_in_epoch(self.config)
        before = self.clock
        while self.clock.epochs == before.epochs:
            self._note_drift(steps)
            step = self.clock.step(self.config)
            self.tensors, loss = self._step(self.tensors, self.data, step)
            pending.append(loss)
            self.clock = self.clock.after_step(self.config)
        self.losses.extend(float(loss) for loss in pending)
        return self._end_epoch(steps, time.perf_counter() - began)

    def finish(self) -> Report:
        """Goes back to the best epoch if a validation part chose it, and measures the test part."""
        run = self.record["run"]
        chosen = run["best"] if self.dataset.sizes.validation else len(self.epochs) - 1
        if self.dataset.sizes.validation:
            names = list(start.parameter_shapes(self.config, self.dataset))
            self.tensors |= {name: jnp.copy(self.tensors[f"{name}_best"]) for name in names}
            metrics = self.measure(self.dataset.test, with_validation=True)
        else:
            last = self.epochs[-1]
            metrics = {name: last[name] for name in evaluate.NAMES if name in last}
        finished = {"epoch": chosen + 1, **metrics, "popularity": None}
        run["finished"] = finished
        return finished

    def measure(self, part: np.ndarray, *, with_validation: bool) -> evaluate.Metrics:
        """Returns the metrics of a held-out part, or none if it is empty."""
        users, held_out = self.dataset.held_out(part)
        everyone = np.concatenate(gather(np.array(users, np.int64)))
        if not len(everyone):
            return {}
        trained = everyone[everyone < self.dataset.n_users]
        lists = self._rank(trained, with_validation=with_validation)
        found = dict(zip(trained.tolist(), lists, strict=True))
        ours = [found.get(user, []) for user in users]
        return evaluate.metrics(ours, held_out, lists, self.dataset.n_items)

    def saved(self) -> SavedRun:
        """Returns the saved form of the run, on each process."""
        shapes = self._rows()
        tensors = {
            name: _gathered(tensor)[: shapes.get(name, tensor.shape[0])]
            for name, tensor in sorted(self.tensors.items())
        }
        if self.skipping:
            tensors |= self.skipping.arrays()
        record = {
            **self.record,
            "config": self.config.options,
            "pairsInEpoch": self.clock.pairs_in_epoch,
            "bankIsOpen": self.clock.bank_opens_after == 0,
        }
        losses = np.asarray(self.losses, np.float32)
        return SavedRun(record, self.config, self.dataset.gathered(), tensors, losses)

    def serving(self) -> SavedRun:
        """Returns a serving run: the outputs of both towers as its tables, and the catalogue."""
        data = self.dataset
        counts = {"user": data.n_users, "item": data.n_items}
        tables = {
            f"{name}_table": self._rows_of(name, np.arange(count)) for name, count in counts.items()
        }
        none = np.zeros((0, 2), np.int64)
        served = dataclasses.replace(
            data,
            users=data.users[: data.n_users],
            items=data.items[: data.n_items],
            titles=data.titles[: data.n_items],
            train=none,
            validation=none,
            test=none,
            sizes=Sizes(0, 0, 0),
            user_features=None,
            item_features=None,
        )
        config = self.config.to_serve()
        record = {**_fresh_record(served), "config": config.options, "pairsInEpoch": 1}
        tensors = {**tables, "log_q": np.zeros(data.n_items, np.float32)}
        return SavedRun(record, config, served, tensors, np.zeros(0, np.float32))

    def _decide_to_skip(self, skipping: Skipping) -> None:
        """Compacts the pairs of the coming epoch, if the decision has changed them."""
        if skipping.decide(self.record["run"], self.clock.epochs, self._rows_of):
            self._train_on(skipping.kept)
            log_q = skipping.log_q()
            if log_q is not None:
                self.tensors["log_q"] = self.shards.place(log_q)

    def _train_on(self, pairs: np.ndarray) -> None:
        """Sets the pairs (n, 2) of the epoch; the table of pairs keeps its shape."""
        table = np.zeros((self.dataset.sizes.train, 2), np.int32)
        table[: len(pairs)] = pairs
        self.data = dataclasses.replace(self.data, pairs=self.shards.place(table))
        self.clock = dataclasses.replace(self.clock, pairs_in_epoch=len(pairs))

    def _skipped(self) -> Report | None:
        """Returns the report of the decision on the epoch's pairs."""
        skipping = self.record["run"]["skipping"]
        return None if skipping is None else dict(skipping["report"])

    def _rows_of(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Returns outputs (n, O) of some rows of a tower, in host memory."""
        of_user = name == "user"
        tower = self.config.user if of_user else self.config.item
        inputs = self.data.user if of_user else self.data.item
        blocks = []
        for first in range(0, len(ids), QUERIES):
            block = np.full(QUERIES, NO_ID, np.int32)
            block[: len(ids[first : first + QUERIES])] = ids[first : first + QUERIES]
            blocks.append(np.asarray(self._outputs(tower, inputs, block)))
        return np.concatenate(blocks)[: len(ids)]

    def _end_epoch(self, steps: int, seconds: float) -> Report:
        drift = self._drift()
        if self.config.cbns and self.config.cbns.warmup == "auto" and drift is not None:
            opens = drift <= STEADY
            self.clock = dataclasses.replace(
                self.clock, bank_opens_after=0 if opens else self.clock.bank_opens_after
            )
        pairs, batch = self.clock.pairs_in_epoch, self.config.batch_size
        weights = np.minimum(batch, pairs - batch * np.arange(steps))
        validates = self.dataset.sizes.validation > 0
        part = self.dataset.validation if validates else self.dataset.test
        report = {
            "epoch": len(self.epochs) + 1,
            "loss": float(np.dot(weights, self.losses) / pairs),
            "seconds": seconds,
            "pairs": pairs,
            "steps": steps,
            **NO_WORK,
            **({} if drift is None else {"drift": drift}),
            "skip": self._skipped(),
            **self.measure(part, with_validation=not validates),
        }
        if not np.isfinite(self.losses).all():
            raise RefusedError(
                f"The loss of epoch {report['epoch']} is not finite. Try a smaller "
                "`optimizer.learningRate`."
            )
        self.losses = []
        self.epochs.append(report)
        self._choose(keeps=validates)
        return report

    def _choose(self, *, keeps: bool) -> None:
        """Chooses the best epoch so far; of equal ones, the first."""
        run, latest = self.record["run"], len(self.epochs) - 1
        scores = [epoch.get(self.config.metric, 0.0) for epoch in self.epochs]
        best = run["best"]
        run["best"] = best if best is not None and scores[best] >= scores[latest] else latest
        if keeps and run["best"] == latest:
            names = start.parameter_shapes(self.config, self.dataset)
            self.tensors |= {f"{name}_best": jnp.copy(self.tensors[name]) for name in names}

    def _note_drift(self, steps: int) -> None:
        """Stores the item outputs at the step whose batch will be the bank's oldest at the epoch's end."""
        if self.config.cbns is None:
            return
        reach = -(-self.config.cbns.capacity // self.config.batch_size)
        if self.clock.step_in_epoch == max(steps - reach, 0):
            self.tensors["drift_before"] = self._catalogue()

    def _drift(self) -> float | None:
        """Returns the mean change of the item outputs over the bank's steps, as a share of their length."""
        if self.config.cbns is None:
            return None
        now = self._catalogue()
        moved = jnp.linalg.norm(now - self.tensors["drift_before"], axis=1).sum()
        return float(moved) / max(float(jnp.linalg.norm(now, axis=1).sum()), 1e-12)

    def _rank(self, users: np.ndarray, *, with_validation: bool) -> list[list[int]]:
        """Returns the best items of users; only a user's own process knows the items that they have."""
        seen = self.dataset.seen(with_validation=with_validation)
        longest = max(int(most[0]) for most in gather(np.array([max(seen.longest(), 1)])))
        items = self._catalogue()
        lists: list[list[int]] = []
        for first in range(0, len(users), QUERIES):
            block = users[first : first + QUERIES]
            ids, masks = (
                np.full(QUERIES, NO_ID, np.int32),
                np.full((QUERIES, longest), NO_ID, np.int32),
            )
            ids[: len(block)] = block
            for row, user in enumerate(block.tolist()):
                members = seen.row(user)
                masks[row, : len(members)] = members
            outputs = self._outputs(self.config.user, self.data.user, ids)
            found = self._best_of(outputs, items, self.shards.replicate(_of_all(masks)))
            lists += np.asarray(found)[: len(block)].tolist()
        return lists

    def _top_items(self, outputs: Array, items: Array, seen: Array) -> Array:
        return evaluate.top_items(self.shards, outputs, items, seen, self.dataset.n_items)

    def _with_rows(self, table: Array, ids: Array, rows: Array) -> Array:
        """Returns a table in which `ids` have new rows."""
        return self.shards.update(lambda _, new: (new,), (table,), ids, rows)[0]

    def _catalogue(self) -> Array:
        """Returns outputs of all items (I, O), sharded by rows."""
        shape = (self.dataset.n_items, self.config.out_width)
        table = self.shards.place(np.zeros(shape, np.float32))
        for first in range(0, self.dataset.n_items, QUERIES):
            ids = np.arange(first, first + QUERIES, dtype=np.int32)
            ids[ids >= self.dataset.n_items] = NO_ID
            rows = self._outputs(self.config.item, self.data.item, ids)
            table = self._put(table, self.shards.replicate(ids), rows)
        return table

    def _outputs(self, tower: Tower, inputs: Inputs, ids: np.ndarray) -> Array:
        """Returns outputs (Q, O) of a tower, on each device."""
        if tower.name not in self._embed:

            def run(tensors: Tensors, inputs: Inputs, ids: Array) -> Array:
                return self.shards.share(
                    embed(self.shards, self.config, tower, tensors, inputs, ids)
                )

            self._embed[tower.name] = jax.jit(run)
        return self._embed[tower.name](self.tensors, inputs, self.shards.replicate(ids))

    def _rows(self) -> dict[str, int]:
        """Returns the number of rows of each tensor, without the padding of its shards."""
        shapes = start.parameter_shapes(self.config, self.dataset)
        rows = {}
        for name, shape in shapes.items():
            for suffix in ("", "_state_1", "_state_2", "_best"):
                rows[f"{name}{suffix}"] = shape[0]
        rows |= dict.fromkeys(("log_q", "gaps", "last_seen", "drift_before"), self.dataset.n_items)
        if self.config.cbns:
            bank = ("bank_items", "bank_users", "bank_ids", "bank_log_q", "bank_mean_logit")
            rows |= dict.fromkeys(bank, self.config.cbns.capacity)
        return rows


def check_available(config: Config) -> None:
    """Rejects options that this package does not support."""
    if config.options["tune"] is not None:
        raise RefusedError(
            "`tune` is not available here: tune the run in the crate, then resume it."
        )


def _bank_opens_after(config: Config) -> int:
    if config.cbns is None or config.cbns.warmup == "auto":
        return NEVER
    return int(config.cbns.warmup)


def _clock(saved: SavedRun, config: Config) -> Clock:
    """Returns the clock of a saved run."""
    epochs, record = saved.record["run"]["epochs"], saved.record
    in_epoch = len(saved.epoch_losses)
    return Clock(
        pairs_in_epoch=record["pairsInEpoch"],
        bank_opens_after=0 if record["bankIsOpen"] else _bank_opens_after(config),
        steps=sum(epoch["steps"] for epoch in epochs) + in_epoch,
        epochs=len(epochs),
        step_in_epoch=in_epoch,
        pairs=sum(epoch["pairs"] for epoch in epochs) + in_epoch * config.batch_size,
    )


def _fresh_record(dataset: Dataset) -> Report:
    """Returns the record of a run at its start."""
    return {
        "config": {},
        "data": dataset.report,
        "shape": None,
        "run": {
            "epochSeconds": 0.0,
            "seconds": 0.0,
            "work": dict(NO_WORK),
            "trials": [],
            "epochs": [],
            "skipping": None,
            "best": None,
            "finished": None,
        },
        "pairsInEpoch": dataset.sizes.train,
        "bankIsOpen": False,
        "work": dict(NO_WORK),
    }


def _of_all(masks: np.ndarray) -> np.ndarray:
    """Returns the masks (Q, L) of all processes; all but one of them have `NO_ID` in a row."""
    return np.maximum.reduce(gather(masks))


def _gathered(tensor: Array) -> np.ndarray:
    """Returns a whole tensor in host memory, on each process."""
    if tensor.is_fully_addressable:
        return np.asarray(tensor)
    return np.asarray(multihost_utils.process_allgather(tensor, tiled=True))
