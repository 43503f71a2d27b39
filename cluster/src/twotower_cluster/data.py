"""A data set from Parquet and CSV files, numbered and split as the crate does.

A process reads its share of the rows, gets all rows of its own users from the others, and keeps only
these. Ids are on each process, since they name the rows of the towers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from . import reading, splits
from .config import Config
from .dataset import Dataset, Sizes, in_order
from .refused import RefusedError
from .shards import Shards
from .together import agree, count, exchange, gather, is_alone, total

TEST = 2
"""Number of the test part."""


def check(paths: Sequence[Path], config: Config) -> None:
    """Rejects files and options that cannot be read here, before anything is read."""
    for name in ("user", "item"):
        if config.options["towers"][name]["features"]:
            raise RefusedError(
                f"`towers.{name}.features` is not available for `--data`: resume a saved run, which "
                "has them."
            )
    reading.check(paths, config)


def read(
    paths: Sequence[Path],
    config: Config,
    shards: Shards,
    test: Sequence[Path] = (),
    items: Sequence[Path] = (),
) -> Dataset:
    """Reads this process's share of a data set.

    `test` are the files of the test part for `split.kind` "given", `items` the files of titles.
    """
    options = config.options["split"]
    files = [*((path, 0) for path in paths), *((path, TEST) for path in test)]
    timed = options["kind"] in splits.TIMED
    taken = agree(lambda: reading.take(files, config, timed=timed))
    titles = agree(lambda: reading.titles(items, config))
    users, of_users = _merged(taken.users, taken.user_rows)
    names, of_items = _merged(taken.items, taken.item_rows)
    rows = np.concatenate([np.zeros((0, 4), np.int64), *taken.rows])
    rows[:, 0], rows[:, 1] = of_users[rows[:, 0]], of_items[rows[:, 1]]
    rows = exchange(rows, rows[:, 0] * jax.process_count() // max(len(users), 1))
    report = _report({name: count(taken.counts.get(name, 0)) for name in _COUNTED})
    parts = _parts(rows, len(users), len(names), config, report)
    users, parts = _renumbered(users, parts, 0)
    names, parts = _renumbered(names, parts, 1)
    sizes = Sizes(*(count(len(part)) for part in parts))
    if sizes.train == 0:
        raise RefusedError(f"{paths[0]}: no interaction is left to train on.")
    n_users, n_items = (_trained(parts[0], side) for side in (0, 1))
    train, validation, tested = _owned(shards, parts, n_users)
    texts = [titles.get(name, "") for name in names]
    report |= {
        "testOnlyUsers": len(users) - n_users,
        "testOnlyItems": len(names) - n_items,
        "titledItems": sum(map(bool, texts)),
    }
    return Dataset(
        users=users,
        items=names,
        titles=texts,
        train=train,
        validation=validation,
        test=tested,
        n_users=n_users,
        n_items=n_items,
        sizes=sizes,
        user_features=None,
        item_features=None,
        report=report,
    )


def _merged(ids: dict[str, int], rows: Sequence[int]) -> tuple[list[str], np.ndarray]:
    """Returns all processes' ids in the order of their first rows, and the number of each own id."""
    if is_alone():
        return list(ids), np.arange(len(ids))
    encoded = [text.encode() for text in ids]
    texts = gather(np.frombuffer(b"".join(encoded), np.uint8))
    lengths = gather(np.array([len(text) for text in encoded], np.int64))
    begins = gather(np.array(rows, np.int64))
    first: dict[str, int] = {}
    for text, length, begin in zip(texts, lengths, begins, strict=True):
        whole, ends = text.tobytes(), np.cumsum(length).tolist()
        starts = [0, *ends[:-1]]
        for start, end, row in zip(starts, ends, begin.tolist(), strict=True):
            name = whole[start:end].decode()
            first[name] = min(first.get(name, row), row)
    names = sorted(first, key=first.__getitem__)
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([numbers[name] for name in ids], np.int64)


def _parts(
    rows: np.ndarray, users: int, items: int, config: Config, report: dict[str, Any]
) -> splits.Parts:
    """Returns the three parts of this process's users, and adds to the report."""
    given = [rows[rows[:, 3] == part, :3] for part in (0, TEST)]
    train, tested = map(splits.distinct, given)
    report["duplicates"] = count(len(rows) - len(train) - len(tested))
    new = splits.without(tested, train)
    report["heldOutSeenBefore"] = count(len(tested) - len(new))
    least = config.options["data"]["core"]
    if least is not None:
        before = len(train) + len(new)
        train, new = splits.core([train, new], users, items, least)
        report["droppedByCore"] = count(before - len(train) - len(new))
    parts, report["splitWithinTie"] = splits.split(
        train, users, config.seed, config.options["split"]
    )
    is_given = config.options["split"]["kind"] == "given"
    return (parts[0], parts[1], new[:, :2]) if is_given else parts


def _renumbered(
    ids: Sequence[str], parts: splits.Parts, side: int
) -> tuple[list[str], splits.Parts]:
    """Puts ids with a training pair first and drops ids without any pair; otherwise keeps the order."""
    counts = [total(np.bincount(part[:, side], minlength=len(ids))) for part in parts]
    trained, held_out = counts[0] > 0, counts[1] + counts[2] > 0
    order = np.concatenate([np.flatnonzero(trained), np.flatnonzero(held_out & ~trained)])
    number = np.zeros(len(ids), np.int64)
    number[order] = np.arange(len(order))
    renumbered = [part.copy() for part in parts]
    for part in renumbered:
        part[:, side] = number[part[:, side]]
    train, validation, test = renumbered
    return [ids[n] for n in order], (train, validation, test)


def _trained(train: np.ndarray, side: int) -> int:
    """Returns the number of ids with a training pair: they come first."""
    return max(int(last[0]) for last in gather(np.array([train[:, side].max(initial=-1)]))) + 1


def _owned(shards: Shards, parts: splits.Parts, n_users: int) -> splits.Parts:
    """Returns the pairs of the users whose rows are on the devices of this process, in order."""
    block, last = shards.stored(n_users) // jax.process_count(), jax.process_count() - 1
    train, validation, test = (
        exchange(part, np.minimum(part[:, 0] // block, last)) for part in parts
    )
    return in_order(train), in_order(validation), in_order(test)


_COUNTED = ("lines", "badLines", "withoutUser", "withoutItem", "belowMinRating")


def _report(counts: dict[str, int]) -> dict[str, Any]:
    """Returns a report on the data in the crate's form, with these counts."""
    zero = ("duplicates", "heldOutSeenBefore", "droppedByCore", "splitWithinTie")
    more = ("testOnlyUsers", "testOnlyItems", "unknownFeatures", "titledItems")
    return {
        **counts,
        **dict.fromkeys((*zero, *more), 0),
        "firstBadLines": [],
        "read": [],
        "warnings": [],
        "notes": [],
    }
