"""Skipping: which rows are hot, which are stale, and which pairs an epoch leaves out."""

import numpy as np

ALWAYS_ACTIVE = np.float32(3.0e38)
"""Activity of a row that is never stale."""


def hot_rows(counts: np.ndarray, share: float) -> np.ndarray:
    """Rows (ascending) with the most pairs, ties to the lower index, up to a share of all pairs."""
    rows = np.argsort(-counts.astype(np.int64), kind="stable")
    reached = np.cumsum(counts[rows]) / counts.sum()
    enough = int(np.searchsorted(reached, share, side="left")) + 1
    return np.sort(rows[:enough])


def activity(before: np.ndarray, now: np.ndarray, hot: np.ndarray) -> np.ndarray:
    """Each row's largest move of an element (R) between two snapshots (R, O); only hot rows rest."""
    moved = np.full(len(now), ALWAYS_ACTIVE, np.float32)
    moved[hot] = np.abs(before[hot] - now[hot]).max(axis=1)
    return moved


def stale_rows(activity: np.ndarray, threshold: float) -> np.ndarray:
    """Rows (ascending) whose activity is below a threshold."""
    return np.flatnonzero(activity < np.float32(threshold))


def pair_activity(
    pairs: np.ndarray, user: np.ndarray | None, item: np.ndarray | None
) -> np.ndarray:
    """Activity of the pairs (N): the larger one of its rows'; None for a side that has no say."""
    found = np.zeros(len(pairs), np.float32)
    for side, rows in enumerate((user, item)):
        if rows is not None:
            found = np.maximum(found, rows[pairs[:, side]])
    return found


def stale_pairs(activity: np.ndarray, threshold: float) -> np.ndarray:
    """Pairs (ascending) whose activity is below a threshold."""
    return np.flatnonzero(activity < np.float32(threshold))
