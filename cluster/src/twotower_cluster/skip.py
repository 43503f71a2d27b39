"""Skipping: hot rows, stale rows, and the pairs that an epoch skips."""

import numpy as np

from . import draws

ALWAYS_ACTIVE = np.float32(3.0e38)
"""Activity of a row that is never stale."""

TOLERANCE = 0.08
"""Largest difference of the share of stale pairs from the requested share."""

ROUNDS = 25
"""Rounds of the bisection that finds a threshold."""


def hot_rows(counts: np.ndarray, share: float) -> np.ndarray:
    """Returns the rows (ascending) with the most pairs, up to a share of all pairs. Ties: lower index."""
    rows = np.argsort(-counts.astype(np.int64), kind="stable")
    reached = np.cumsum(counts[rows]) / counts.sum()
    enough = int(np.searchsorted(reached, share, side="left")) + 1
    return np.sort(rows[:enough])


def activity(before: np.ndarray, now: np.ndarray, hot: np.ndarray) -> np.ndarray:
    """Returns each row's largest change of an element (R) between two snapshots (R, O).

    Rows that are not hot are always active.
    """
    moved = np.full(len(now), ALWAYS_ACTIVE, np.float32)
    moved[hot] = np.abs(before[hot] - now[hot]).max(axis=1)
    return moved


def stale_rows(activity: np.ndarray, threshold: float) -> np.ndarray:
    """Returns the rows (ascending) whose activity is below a threshold."""
    return np.flatnonzero(activity < np.float32(threshold))


def pair_activity(
    pairs: np.ndarray, user: np.ndarray | None, item: np.ndarray | None
) -> np.ndarray:
    """Returns the activity of the pairs (N): the larger one of its two rows. None excludes a side."""
    found = np.zeros(len(pairs), np.float32)
    for side, rows in enumerate((user, item)):
        if rows is not None:
            found = np.maximum(found, rows[pairs[:, side]])
    return found


def stale_pairs(activity: np.ndarray, threshold: float) -> np.ndarray:
    """Returns the pairs (ascending) whose activity is below a threshold."""
    return np.flatnonzero(activity < np.float32(threshold))


def find_threshold(activities: np.ndarray, share: float) -> float | None:
    """Returns a threshold with a share of the activities below it, ± .08, or None if none is found."""
    changing = activities[activities < ALWAYS_ACTIVE]
    low, high = np.float32(0), np.float32(2) * changing.max(initial=np.float32(0))
    nearest, nearest_error = None, TOLERANCE
    for _ in range(ROUNDS):
        threshold = (low + high) / np.float32(2)
        stale = float(np.count_nonzero(activities < threshold)) / len(activities)
        if abs(stale - share) <= nearest_error:
            nearest, nearest_error = float(threshold), abs(stale - share)
        low, high = (threshold, high) if stale < share else (low, threshold)
    return nearest


def popularity_cut(counts: np.ndarray, share: float) -> float | None:
    """Returns the largest count such that rarer items have at most a share of all pairs.

    None if the rarest items already have more.
    """
    distinct, items = np.unique(counts, return_counts=True)
    under = np.cumsum(distinct * items)
    over = int(np.argmax(under > share * counts.sum()))
    # The cut is the count of the first group that exceeds the share.
    return float(distinct[over]) if under[:over].sum() > 0 else None


def user_cap(counts: np.ndarray, share: float) -> float:
    """Returns the cap on a user's pairs such that a share of all pairs is above it."""
    ordered = np.sort(counts).astype(np.float64)
    room, under, users = (1.0 - share) * ordered.sum(), 0.0, len(ordered)
    for n, count in enumerate(ordered):
        cap = (room - under) / (users - n)
        if cap <= count:
            return float(cap)
        under += count
    return float("inf")


def probability_bits(probability: float) -> np.uint32:
    """Returns the bound below which a 32-bit draw falls with a probability."""
    return np.uint32(min(int(probability * 2.0**32), 2**32 - 1))


def drawn(seed: int, epoch: int, pairs: int, below: np.uint32) -> np.ndarray:
    """Returns which pairs (N) a draw of this epoch keeps."""
    key = draws.hashed(seed, draws.KEEP, np.array([epoch], np.uint32))
    return draws.keyed(key, np.arange(pairs, dtype=np.uint32)) < below


def turns(seed: int, epoch: int, share: np.ndarray) -> np.ndarray:
    """Returns which pairs (N) the rotation keeps: with share p and phase φ, if (φ + e·p) mod 1 < p."""
    part = np.minimum(share.astype(np.float64) * 2.0**32, 2.0**32 - 1).astype(np.uint32)
    key = draws.hashed(seed, draws.KEEP, np.zeros(1, np.uint32))
    phase = draws.keyed(key, np.arange(len(share), dtype=np.uint32))
    return phase + np.uint32(epoch) * part < part
