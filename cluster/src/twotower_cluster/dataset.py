"""A data set as training reads it: ids, titles, and the pairs of the three parts."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from . import draws
from .config import Config
from .shards import Shards
from .together import gather, total


@dataclass(frozen=True)
class Lists:
    """Lists of rows, stored one after the other."""

    offsets: np.ndarray
    """(R + 1) where a row's members begin"""
    members: np.ndarray

    @classmethod
    def of_pairs(cls, pairs: np.ndarray, rows: int) -> "Lists":
        """Returns each user's items, ascending, from pairs (N, 2) whose users are below `rows`."""
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        counts = np.bincount(pairs[:, 0], minlength=rows)
        return cls(np.concatenate([[0], np.cumsum(counts)]), pairs[order, 1].astype(np.int64))

    def row(self, row: int) -> np.ndarray:
        """Returns the members of a row."""
        return self.members[self.offsets[row] : self.offsets[row + 1]]

    def rows(self) -> list[np.ndarray]:
        """Returns the members of all rows."""
        return np.split(self.members, self.offsets[1:-1])

    def longest(self) -> int:
        """Returns the length of the longest list."""
        return int(np.diff(self.offsets).max(initial=0))


@dataclass(frozen=True)
class Features:
    """Features of one side."""

    vocabulary: list[str]
    lists: Lists
    bounds: np.ndarray


@dataclass(frozen=True)
class Sizes:
    """Number of pairs in each part, over all processes."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True)
class Dataset:
    """Users and items with a training pair come first: they are the rows of the towers.

    A process has the pairs of its own users, a range of them; ids and features are on each process.
    """

    users: list[str]
    items: list[str]
    titles: list[str]
    train: np.ndarray
    """(n, 2) user and item, in order, of this process"""
    validation: np.ndarray
    test: np.ndarray
    n_users: int
    """Rows U of the user tower."""
    n_items: int
    """Rows I of the item tower."""
    sizes: Sizes
    user_features: Features | None
    item_features: Features | None
    report: dict[str, Any]

    def share(self, shards: Shards) -> "Dataset":
        """Returns this process's pairs of a data set that is whole on each process."""
        mine, last = shards.span(self.n_users), jax.process_index() == jax.process_count() - 1
        end = len(self.users) if last else mine.stop

        def own(part: np.ndarray) -> np.ndarray:
            return part[(part[:, 0] >= mine.start) & (part[:, 0] < end)]

        return replace(
            self, train=own(self.train), validation=own(self.validation), test=own(self.test)
        )

    def gathered(self) -> "Dataset":
        """Returns the data set with the pairs of all processes, on each process."""
        parts = (self.train, self.validation, self.test)
        train, validation, test = (in_order(np.concatenate(gather(part))) for part in parts)
        return replace(self, train=train, validation=validation, test=test)

    def user_counts(self) -> np.ndarray:
        """Returns the number of training pairs of each user (U)."""
        return total(np.bincount(self.train[:, 0], minlength=self.n_users))

    def item_counts(self) -> np.ndarray:
        """Returns the number of training pairs of each item (I)."""
        return total(np.bincount(self.train[:, 1], minlength=self.n_items))

    def lists(self) -> Lists:
        """Returns the training items of each user, ascending; empty for those of other processes."""
        return Lists.of_pairs(self.train, self.n_users)

    def histories(self, config: Config) -> list[np.ndarray]:
        """Returns the same lists; a list that is longer than the cap is sampled once."""
        assert config.user.history is not None, "the user tower has a history"
        cap = config.user.history.cap
        found = []
        for user, items in enumerate(self.lists().rows()):
            if len(items) > cap:
                key = draws.hashed(config.seed, draws.HISTORY, np.array([user], np.uint32))
                lots = draws.keyed(key, items.astype(np.uint32))
                found.append(np.sort(items[np.argsort(lots, kind="stable")[:cap]]))
            else:
                found.append(items)
        return found

    def held_out(self, part: np.ndarray) -> tuple[list[int], list[list[int]]]:
        """Returns this process's users (ascending) with a pair in a part, and the items of each."""
        lists = Lists.of_pairs(part, len(self.users))
        users = np.flatnonzero(np.diff(lists.offsets)).tolist()
        return users, [lists.row(user).tolist() for user in users]

    def seen(self, *, with_validation: bool) -> Lists:
        """Returns the items that a ranking excludes, for each user of this process."""
        pairs = self.train
        if with_validation and len(self.validation):
            known = (self.validation[:, 0] < self.n_users) & (self.validation[:, 1] < self.n_items)
            pairs = np.concatenate([pairs, self.validation[known]])
        return Lists.of_pairs(pairs, self.n_users)


def rows(features: Features | None, trained: int) -> int:
    """Returns the rows of a tower; with features, ids without a training pair have rows, too."""
    return trained if features is None else max(trained, len(features.lists.offsets) - 1)


def in_order(pairs: np.ndarray) -> np.ndarray:
    """Sorts pairs (N, 2) by user and item."""
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
