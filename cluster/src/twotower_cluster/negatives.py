"""Probabilities of the items as candidates, and the draws of negatives."""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from . import draws
from .clock import Step
from .config import Config, Negatives
from .shards import NO_ID, Shards


def log_q(config: Config, counts: np.ndarray) -> np.ndarray:
    """Returns the log of each item's probability to be a candidate (I), from its number of training pairs.

    Returns zeros without the correction, or if log q is estimated batch by batch.
    """
    options = config.negatives
    if not options.is_corrected or options.is_streaming:
        return np.zeros(len(counts), np.float32)
    if options.kind == "popularity":
        q = _weights(counts, options.alpha)
    else:
        share = counts / counts.sum()
        drawn = options.shared / (config.batch_size + options.shared)
        q = (1 - drawn) * share + drawn / len(counts)
    return np.log(q).astype(np.float32)


def cumulative(counts: np.ndarray, alpha: float) -> np.ndarray:
    """Returns running sums of the items' weights count^α (I), as integers below 2³², at least 1 each."""
    largest = 2**32 - 1
    parts = 1 + (_weights(counts, alpha) * (largest - len(counts))).astype(np.uint64)
    return np.cumsum(parts).astype(np.uint32)


def _weights(counts: np.ndarray, alpha: float) -> np.ndarray:
    weights = counts.astype(np.float64) ** float(np.float32(alpha))
    return weights / weights.sum()


def draw_shared(options: Negatives, seed: int, step: Step, items: int) -> Array:
    """Returns the batch's shared negatives (n), drawn uniformly from all items."""
    n = jnp.arange(options.shared, dtype=jnp.uint32)
    return draws.below(draws.keyed(_key(seed, step), n), np.uint32(items)).astype(jnp.int32)


def draw_uniform(
    shards: Shards,
    options: Negatives,
    seed: int,
    step: Step,
    users: Array,
    offsets: Array,
    train: Array,
    rounds: int,
    items: int,
) -> Array:
    """Returns each row's negatives (B, n), drawn uniformly from the items that its user does not have.

    `offsets` (U + 1) says where each user's items begin in `train` (N), in ascending order. The r-th
    item that a user does not have is r + |{j : had[j] − j ≤ r}|: a binary search of `rounds` steps.
    """
    first = shards.lookup(offsets, users)[:, None]
    count = shards.lookup(offsets, jnp.where(users == NO_ID, NO_ID, users + 1))[:, None] - first
    bits = draws.keyed(_key(seed, step), _numbers(users.shape[0], options.per_row))
    has_all = count >= items
    bound = jnp.where(has_all, items, items - count).astype(jnp.uint32)
    rank = draws.below(bits, bound).astype(jnp.int32)

    def halve(_: Array, span: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = span
        middle = (low + high) // 2
        active = low < high
        place = jnp.where(active, first + middle, NO_ID)
        had = shards.lookup(train, place.reshape(-1)).reshape(place.shape)
        above = had <= rank + middle
        return (
            jnp.where(active & above, middle + 1, low),
            jnp.where(active & ~above, middle, high),
        )

    low, _ = lax.fori_loop(
        0, rounds, halve, (jnp.zeros_like(rank), jnp.broadcast_to(count, rank.shape))
    )
    drawn = jnp.where(has_all, rank, rank + low)
    return jnp.where(users[:, None] == NO_ID, NO_ID, drawn)


def draw_popular(
    options: Negatives, seed: int, step: Step, positives: Array, cumulative: Array
) -> Array:
    """Returns each row's negatives (B, n), drawn by weight from all items but the row's positive (B).

    `cumulative` (I) is on each device.
    """
    last = cumulative.shape[0] - 1
    at = jnp.where(positives == NO_ID, 0, positives)
    end = cumulative[at][:, None]
    start = jnp.where(at > 0, cumulative[jnp.maximum(at, 1) - 1], 0)[:, None].astype(jnp.uint32)
    bits = draws.keyed(_key(seed, step), _numbers(positives.shape[0], options.per_row))
    x = draws.below(bits, cumulative[last] - (end - start))
    x = jnp.where(x >= start, x + (end - start), x)
    drawn = jnp.searchsorted(cumulative[:last], x, side="right").astype(jnp.int32)
    return jnp.where(positives[:, None] == NO_ID, NO_ID, drawn)


def _key(seed: int, step: Step) -> Array:
    return draws.hashed(seed, draws.NEGATIVES, jnp.asarray(step.number).astype(jnp.uint32))


def _numbers(rows: int, per_row: int) -> Array:
    """Returns the numbers of the draws (B, n), row by row."""
    return jnp.arange(rows * per_row, dtype=jnp.uint32).reshape(rows, per_row)
