"""Splits rows into three parts, as the crate does; a process has all rows of its users."""

from typing import Any

import numpy as np

from . import draws
from .dataset import in_order
from .reading import SECONDS_UP_TO
from .refused import RefusedError
from .together import count, gather, total

TIMED = ("temporal", "temporal-global", "leave-last-out")
"""Splits that need times."""

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def distinct(rows: np.ndarray) -> np.ndarray:
    """Returns rows (n, 3) of user, item and time in order, each pair once with its earliest time."""
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))]
    again = (np.diff(rows[:, :2], axis=0) == 0).all(axis=1)
    return rows[np.concatenate([[True], ~again])[: len(rows)]]


def without(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the rows whose pairs are not in `others`; a ranking masks `others`: they never are hits."""
    width = max(rows[:, 1].max(initial=0), others[:, 1].max(initial=0)) + 1
    keys, known = (each[:, 0] * width + each[:, 1] for each in (rows, others))
    return rows[~np.isin(keys, known)]


def core(parts: list[np.ndarray], users: int, items: int, least: int) -> list[np.ndarray]:
    """Removes rows until each user and item has at least `least` rows in all parts together."""
    while True:
        rows = np.concatenate(parts)
        of_users = np.bincount(rows[:, 0], minlength=users)
        of_items = total(np.bincount(rows[:, 1], minlength=items))
        kept = [
            part[(of_users[part[:, 0]] >= least) & (of_items[part[:, 1]] >= least)]
            for part in parts
        ]
        if count(sum(map(len, kept))) == count(len(rows)):
            return kept
        parts = kept


def split(rows: np.ndarray, users: int, seed: int, options: dict[str, Any]) -> tuple[Parts, int]:
    """Returns train, validation and test pairs of distinct rows, and the number of users split in a tie.

    The latest of a user's rows are held out. Rows with equal times are in the order of a hash of
    seed, user and item.
    """
    keys = draws.hashed(seed, draws.SPLIT, np.arange(users, dtype=np.uint32))
    hashes = draws.pcg(rows[:, 1].astype(np.uint32) + keys[rows[:, 0]])
    rows = rows[np.lexsort((rows[:, 1], hashes, rows[:, 2], rows[:, 0]))]
    if options["kind"] == "temporal-global":
        part, ties = _by_time(rows[:, 2], options), 0
    else:
        part = _by_share(rows[:, 0], users, options)
        ties = _ties(rows, part) if options["kind"] in TIMED else 0
    train, validation, test = (in_order(rows[part == n, :2]) for n in range(3))
    return (train, validation, test), ties


def _by_share(user: np.ndarray, users: int, options: dict[str, Any]) -> np.ndarray:
    """Returns the part of each row (n); a part gets the same share of each user's rows."""
    counts = np.bincount(user, minlength=users)
    spare = np.maximum(counts - 1, 0)
    if options["kind"] == "given":
        tested = np.zeros_like(counts)
    elif options["kind"] == "leave-last-out":
        tested = np.minimum(1, spare)
    else:
        tested = np.minimum(_round(counts * options["test"]), spare)
    left = counts - tested
    validated = np.minimum(_round(left * options["validation"]), np.maximum(left - 1, 0))
    place = np.arange(len(user)) - (np.cumsum(counts) - counts)[user]
    trained = (left - validated)[user]
    return (place >= trained).astype(int) + (place >= left[user])


def _by_time(time: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    """Returns the part of each row (n); a part begins at the same time for all users."""
    rows = count(len(time))
    at = options["at"]
    test = _time_of_last(time, _rounded(rows * options["test"])) if at is None else _moment(at)
    tested = count(int((time >= test).sum())) if test is not None else 0
    wanted = _rounded((rows - tested) * options["validation"])
    validation = _time_of_last(time, tested + wanted) if options["validation"] > 0 else None
    part = np.zeros(len(time), int)
    for number, begins in ((1, validation), (2, test)):
        if begins is not None:
            part[time >= begins] = number
    return part


def _time_of_last(time: np.ndarray, most: int) -> int | None:
    """Returns the earliest time with at most `most` rows from it on; None if `most` is 0."""
    if most == 0:
        return None
    bounds = [(int(each.min()), int(each.max())) for each in gather(time) if len(each)]
    low, high = min(bound[0] for bound in bounds), max(bound[1] for bound in bounds) + 1
    while low < high:
        middle = low + (high - low) // 2
        if count(int((time >= middle).sum())) > most:
            low = middle + 1
        else:
            high = middle
    return low


def _moment(at: object) -> int:
    """Returns the time of `split.at`, in milliseconds since 1970."""
    if isinstance(at, int | float) and abs(at) <= SECONDS_UP_TO:
        return int(at * 1000)
    raise RefusedError(f"`split.at`: {at!r} is not available here: give seconds since 1970.")


def _ties(rows: np.ndarray, part: np.ndarray) -> int:
    same = (np.diff(rows[:, [0, 2]], axis=0) == 0).all(axis=1)
    return count(len(np.unique(rows[1:][same & (np.diff(part) != 0), 0])))


def _round(values: np.ndarray) -> np.ndarray:
    """Rounds halves up, as the crate rounds shares."""
    return np.floor(values + 0.5).astype(np.int64)


def _rounded(value: float) -> int:
    return int(_round(np.array(value)))
