"""Skipping in a run: the decision between two epochs, its report and its part of a saved run.

The host decides, from activities of 4 bytes per row; each process makes the same decision. Skipped
pairs are removed from the table of pairs, so an epoch has fewer steps.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import numpy as np

from . import draws, skip
from .config import Config, Skip
from .dataset import Dataset

NO_THRESHOLD = 0.0
ANY_THRESHOLD = 1.0
LEAST_SAMPLE = 1000
MIN_Q = np.float32(1e-30)
"""Smallest probability of an item, used for items without a kept pair."""

NO_THRESHOLD_NOTE = (
    "no threshold leaves out a share near the one that is wanted: nothing is skipped"
)
NO_PAIR_NOTE = "no pair would be left: nothing is skipped"
TAKEN_BACK_NOTE = "the last epochs train on every pair"

Arrays = dict[str, np.ndarray]
Report = dict[str, Any]
Outputs = Callable[[str, np.ndarray], np.ndarray]
"""Returns outputs (n, O) of some rows (n) of a tower, given by its name, in host memory."""


@dataclass
class Side:
    """The rows of one tower."""

    name: str
    activity: np.ndarray
    judged: bool
    hot: np.ndarray | None = None
    stale: np.ndarray = field(init=False)
    before: np.ndarray | None = None
    now: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.stale = np.zeros(len(self.activity), np.uint32)


class Skipping:
    """The pairs that a run skips; a run calls `decide` before each epoch."""

    def __init__(self, config: Config, dataset: Dataset) -> None:
        """Takes the pairs of all processes, since each process decides on all of them."""
        assert config.skip is not None, "the run skips"
        self.options: Skip = config.skip
        self.config, self.dataset = config, dataset
        self.kept = dataset.train
        self.item_counts = np.bincount(dataset.train[:, 1], minlength=dataset.n_items)
        self.sides = [
            self._side("user", np.bincount(dataset.train[:, 0], minlength=dataset.n_users)),
            self._side("item", self.item_counts),
        ]

    def decide(self, run: Report, epochs: int, outputs: Outputs) -> bool:
        """Decides which pairs the next epoch skips; returns whether its pairs changed."""
        options = self.options
        last = run["skipping"]
        taken_back = last is not None and last["report"]["note"] == TAKEN_BACK_NOTE
        if taken_back or epochs >= int(options.until * self.config.epochs + 1e-9):
            return self._take_back(run)
        measured = options.policy == "stale"
        if measured and (self._decides(epochs) or self._decides(epochs + 1)):
            self._snapshot(outputs)
        if self._decides(epochs):
            threshold, told = self._threshold(epochs)
        elif last is not None:
            last["report"]["woken"] = 0
            if not (options.policy in ("random", "cap") or options.keep > 0):
                return False
            threshold, told = last["threshold"], last["told"]
        else:
            return False
        note = NO_THRESHOLD_NOTE if threshold is None else None
        tally = self._skip_pairs(NO_THRESHOLD if threshold is None else threshold, epochs)
        if len(self.kept) == 0:
            note, woken = NO_PAIR_NOTE, tally["woken"]
            tally = {**self._skip_pairs(NO_THRESHOLD, epochs), "woken": woken}
        report = self._report(told if note is None else None, tally, note)
        run["skipping"] = {"threshold": threshold, "told": told, "report": report}
        return True

    def log_q(self) -> np.ndarray | None:
        """Returns log q of the items (I) from the kept pairs; None if log q does not depend on them."""
        negatives = self.config.negatives
        if negatives.log_q is not True or negatives.kind not in ("in-batch", "mixed"):
            return None
        items = self.dataset.n_items
        counts = np.bincount(self.kept[:, 1], minlength=items).astype(np.float32)
        drawn = np.float32(negatives.shared / (self.config.batch_size + negatives.shared))
        share = counts / np.float32(max(len(self.kept), 1))
        q = (np.float32(1) - drawn) * share + drawn / np.float32(items)
        return np.log(np.maximum(q, MIN_Q))

    def arrays(self) -> Arrays:
        """Returns the tensors for a saved run."""
        more = self.dataset.train[len(self.kept) :]
        found: Arrays = {"kept_pairs": np.concatenate([self.kept, more]).astype(np.uint32)}
        for side in self.sides:
            found[f"{side.name}_activity"] = side.activity
            if side.judged:
                found[f"{side.name}_stale"] = side.stale
            if side.before is not None and side.now is not None:
                found[f"{side.name}_before"] = side.before
                found[f"{side.name}_now"] = side.now
        return found

    def restore(self, arrays: Arrays, pairs: int) -> None:
        """Takes its tensors out of a saved run's tensors; `pairs` is the number of pairs in the epoch."""
        self.kept = arrays.pop("kept_pairs").astype(np.int64)[:pairs]
        for side in self.sides:
            side.activity = arrays.pop(f"{side.name}_activity")
            if side.judged:
                side.stale = arrays.pop(f"{side.name}_stale")
            if side.before is not None:
                side.before = arrays.pop(f"{side.name}_before")
                side.now = arrays.pop(f"{side.name}_now")

    def _side(self, name: str, counts: np.ndarray) -> Side:
        options, rows = self.options, len(counts)
        both = options.policy == "stale" and options.rows == "both"
        judged = {
            "user": both or options.policy == "cap",
            "item": options.policy in ("stale", "popularity"),
        }[name]
        side = Side(name, np.zeros(rows, np.float32), judged)
        if options.policy == "stale" and judged:
            side.hot = skip.hot_rows(counts, options.hot_share)
            side.activity = np.full(rows, skip.ALWAYS_ACTIVE, np.float32)
            most = min(math.ceil(rows * options.hot_share) + 1, rows)
            side.before = np.zeros((most, self.config.out_width), np.float32)
            side.now = np.zeros_like(side.before)
        if options.policy == "popularity" and judged:
            side.activity = counts.astype(np.float32)
        if options.policy == "cap" and judged:
            room = np.minimum(skip.user_cap(counts, options.share) / np.maximum(counts, 1), 1.0)
            side.activity = (room + (1 - room) * options.keep).astype(np.float32)
        return side

    def _decides(self, epochs: int) -> bool:
        """Returns whether the skipped pairs are decided after this number of epochs."""
        later = epochs - self.options.start
        if self.options.policy == "stale" and self.options.recheck > 0:
            return later >= 0 and later % self.options.recheck == 0
        return later == 0

    def _snapshot(self, outputs: Outputs) -> None:
        for side in self.sides:
            if side.hot is not None and side.now is not None:
                side.before, side.now = side.now, np.zeros_like(side.now)
                side.now[: len(side.hot)] = outputs(side.name, side.hot)

    def _threshold(self, epochs: int) -> tuple[float | None, float | None]:
        """Returns the activity below which a pair is stale, and the threshold for the report."""
        options, users = self.options, self.sides[0]
        if options.policy == "stale":
            found = skip.find_threshold(self._sample(epochs), options.share)
            return found, found
        if options.policy == "popularity":
            cut = skip.popularity_cut(self.item_counts, options.share)
            return cut, cut
        if options.policy == "cap":
            counts = np.bincount(self.dataset.train[:, 0], minlength=len(users.activity))
            return ANY_THRESHOLD, float(np.float32(skip.user_cap(counts, options.share)))
        return ANY_THRESHOLD, None

    def _sample(self, epochs: int) -> np.ndarray:
        """Returns the activities of a seeded sample of the pairs, from the last two snapshots."""
        for side in self.sides:
            if side.hot is not None and side.now is not None and side.before is not None:
                n = len(side.hot)
                side.activity[side.hot] = np.abs(side.before[:n] - side.now[:n]).max(axis=1)
        pairs = len(self.dataset.train)
        count = min(max(math.ceil(self.options.sample * pairs), LEAST_SAMPLE), pairs)
        key = draws.hashed(self.config.seed, draws.SAMPLE, np.array([epochs], np.uint32))
        length = jnp.asarray(pairs, jnp.uint32)
        places = jnp.arange(count, dtype=jnp.uint32)
        drawn = np.asarray(draws.permute(places, length, jnp.asarray(key[0])))
        return self._activity()[drawn]

    def _activity(self) -> np.ndarray:
        users, items = self.sides
        return skip.pair_activity(self.dataset.train, users.activity, items.activity)

    def _skip_pairs(self, threshold: float, epochs: int) -> dict[str, int]:
        """Skips pairs below a threshold, except those that a draw or the rotation keeps."""
        options, seed = self.options, self.config.seed
        stale = self._activity() < np.float32(threshold)
        pairs = len(stale)
        if options.policy == "cap":
            users = self.sides[0].activity[self.dataset.train[:, 0]]
            stays = skip.turns(seed, epochs, users)
        else:
            random = options.policy == "random"
            keep = 1.0 - options.share * (1.0 - options.keep) if random else options.keep
            stays = skip.drawn(seed, epochs, pairs, skip.probability_bits(keep))
        self.kept = self.dataset.train[~stale | stays]
        tally = {"rows": 0, "woken": 0, "pairs": int(stale.sum())}
        for side in self.sides:
            if side.judged:
                is_stale = side.activity < np.float32(threshold)
                tally["rows"] += int(is_stale.sum())
                tally["woken"] += int((~is_stale & (side.stale == 1)).sum())
                side.stale = is_stale.astype(np.uint32)
        return tally

    def _take_back(self, run: Report) -> bool:
        """Trains on every pair from this epoch on."""
        tally = {"rows": 0, "woken": 0, "pairs": 0}
        changed = len(self.kept) < len(self.dataset.train)
        if changed:
            self._skip_pairs(NO_THRESHOLD, 0)
        report = {
            **self._report(None, tally, TAKEN_BACK_NOTE),
            "staleRows": None,
            "stalePairs": None,
        }
        run["skipping"] = {"threshold": None, "told": None, "report": report}
        return changed

    def _report(self, told: float | None, tally: dict[str, int], note: str | None) -> Report:
        judged = sum(len(side.activity) for side in self.sides if side.judged)
        pairs = len(self.dataset.train)
        return {
            "threshold": told,
            "staleRows": tally["rows"] / judged if judged else None,
            "stalePairs": tally["pairs"] / pairs if judged else None,
            "skipped": pairs - len(self.kept),
            "woken": tally["woken"],
            "note": note,
        }
