"""A data set as training reads it: ids, titles, and the pairs of the three parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import draws
from .config import Config


@dataclass(frozen=True)
class Lists:
    """Lists of rows, one after the other."""

    offsets: np.ndarray
    """(R + 1) where a row's members begin"""
    members: np.ndarray

    @classmethod
    def of_pairs(cls, pairs: np.ndarray, rows: int) -> "Lists":
        """Each user's items, ascending, of pairs (N, 2) whose users are below `rows`."""
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        counts = np.bincount(pairs[:, 0], minlength=rows)
        return cls(np.concatenate([[0], np.cumsum(counts)]), pairs[order, 1].astype(np.int64))

    def row(self, row: int) -> np.ndarray:
        """The members of a row."""
        return self.members[self.offsets[row] : self.offsets[row + 1]]

    def rows(self) -> list[np.ndarray]:
        """The members of all rows."""
        return np.split(self.members, self.offsets[1:-1])

    def longest(self) -> int:
        """Members of the longest list."""
        return int(np.diff(self.offsets).max(initial=0))


@dataclass(frozen=True)
class Features:
    """Features of one side."""

    vocabulary: list[str]
    lists: Lists
    bounds: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """Users and items with a training pair come first: they are the rows of the towers."""

    users: list[str]
    items: list[str]
    titles: list[str]
    train: np.ndarray
    """(N, 2) user and item, in order"""
    validation: np.ndarray
    test: np.ndarray
    user_features: Features | None
    item_features: Features | None
    report: dict[str, Any]

    @property
    def n_users(self) -> int:
        """Rows U of the user tower."""
        return _rows(self.user_features, self.train[:, 0])

    @property
    def n_items(self) -> int:
        """Rows I of the item tower."""
        return _rows(self.item_features, self.train[:, 1])

    def item_counts(self) -> np.ndarray:
        """Training pairs of each item (I)."""
        return np.bincount(self.train[:, 1], minlength=self.n_items)

    def histories(self, config: Config) -> list[np.ndarray]:
        """Each user's items (U lists), sampled once where there are more than the cap."""
        assert config.user.history is not None, "the user tower has a history"
        cap = config.user.history.cap
        found = []
        for user, items in enumerate(Lists.of_pairs(self.train, self.n_users).rows()):
            if len(items) > cap:
                key = draws.hashed(config.seed, draws.HISTORY, np.array([user], np.uint32))
                lots = draws.keyed(key, items.astype(np.uint32))
                found.append(np.sort(items[np.argsort(lots, kind="stable")[:cap]]))
            else:
                found.append(items)
        return found

    def held_out(self, part: np.ndarray) -> tuple[list[int], list[list[int]]]:
        """Users (ascending) who have a pair in a part, and the items of each."""
        lists = Lists.of_pairs(part, len(self.users))
        users = np.flatnonzero(np.diff(lists.offsets)).tolist()
        return users, [lists.row(user).tolist() for user in users]

    def seen(self, *, with_validation: bool) -> Lists:
        """The items that a ranking leaves out, of each user of the tower."""
        pairs = self.train
        if with_validation and len(self.validation):
            known = (self.validation[:, 0] < self.n_users) & (self.validation[:, 1] < self.n_items)
            pairs = np.concatenate([pairs, self.validation[known]])
        return Lists.of_pairs(pairs, self.n_users)


def _rows(features: Features | None, trained: np.ndarray) -> int:
    """Rows of a tower: features alone give rows to ids without a training pair, too."""
    count = int(trained.max(initial=-1)) + 1
    return count if features is None else max(count, len(features.lists.offsets) - 1)


def split_random(
    pairs: np.ndarray, users: int, seed: int, test: float, validation: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train, validation and test of distinct pairs (N, 2): a seeded share of each user's pairs."""
    keys = draws.hashed(seed, draws.SPLIT, np.arange(users, dtype=np.uint32))
    lots = draws.pcg(pairs[:, 1].astype(np.uint32) + keys[pairs[:, 0]])
    order = np.lexsort((pairs[:, 1], lots, pairs[:, 0]))
    pairs = pairs[order]
    count = np.bincount(pairs[:, 0], minlength=users)
    n_test = np.minimum(_round(count * test), np.maximum(count - 1, 0))
    left = count - n_test
    n_validation = np.minimum(_round(left * validation), np.maximum(left - 1, 0))
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    place = np.arange(len(pairs)) - first[pairs[:, 0]]
    n_train = (left - n_validation)[pairs[:, 0]]
    in_train = place < n_train
    in_test = place >= left[pairs[:, 0]]
    parts = (in_train, ~in_train & ~in_test, in_test)
    train, valid, tested = (in_order(pairs[part]) for part in parts)
    return train, valid, tested


def in_order(pairs: np.ndarray) -> np.ndarray:
    """Pairs (N, 2) sorted by user and item."""
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def renumber(
    ids: Sequence[str], parts: Sequence[np.ndarray], side: int
) -> tuple[list[str], list[np.ndarray]]:
    """Ids with a training pair first, both groups in their order; ids without any pair are dropped."""
    trained, held_out = (np.zeros(len(ids), bool) for _ in range(2))
    trained[parts[0][:, side]] = True
    for part in parts[1:]:
        held_out[part[:, side]] = True
    order = np.concatenate([np.flatnonzero(trained), np.flatnonzero(held_out & ~trained)])
    number = np.zeros(len(ids), np.int64)
    number[order] = np.arange(len(order))
    renumbered = []
    for part in parts:
        changed = part.copy()
        changed[:, side] = number[part[:, side]]
        renumbered.append(changed)
    return [ids[n] for n in order], renumbered


def _round(values: np.ndarray) -> np.ndarray:
    """Halves up, as the crate rounds shares."""
    return np.floor(values + 0.5).astype(np.int64)
