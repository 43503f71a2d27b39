"""Full-ranking evaluation: all items are ranked on their shards, and the best of each shard merged."""

from collections.abc import Iterable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import PartitionSpec as P

from .shards import AXIS, NO_ID, Shards

TOP_K = 20

Metrics = dict[str, float]

NAMES = ("recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10", "coverage@20")
"""The metrics of a report, by the crate's names."""


def top_items(
    shards: Shards, users: Array, items: Array, seen: Array, n_items: int, k: int = TOP_K
) -> Array:
    """The best items (Q, k) of users (Q, O), best first, ties to the lower index.

    `items` (I, O) are the catalogue's outputs by rows; `seen` (Q, L) the items that a user has, filled
    with `NO_ID`; places without an item have `NO_ID`. Q × k × S scores travel.
    """

    def local(users: Array, items: Array, seen: Array) -> Array:
        held = items.shape[0]
        first = lax.axis_index(AXIS) * held
        score = jnp.matmul(users, items.T, precision=lax.Precision.HIGHEST)
        score = jnp.where(first + jnp.arange(held) < n_items, score, -jnp.inf)
        at = seen - first
        at = jnp.where((seen != NO_ID) & (at >= 0), at, held)
        rows = jnp.arange(users.shape[0])[:, None]
        score = score.at[rows, at].set(-jnp.inf, mode="drop")
        best, place = lax.top_k(score, min(k, held))
        best = lax.all_gather(best, AXIS, axis=1, tiled=True)
        ids = lax.all_gather(place + first, AXIS, axis=1, tiled=True)
        best, place = lax.top_k(best, min(k, best.shape[1]))
        found = jnp.take_along_axis(ids, place, axis=1)
        return jnp.where(jnp.isfinite(best), found, NO_ID)

    run = jax.shard_map(
        local,
        mesh=shards.mesh,
        in_specs=(P(), P(AXIS), P()),
        out_specs=P(),
        check_vma=False,
    )
    found: Array = run(users, items, seen)
    return found


def at_cut(
    k: int, lists: Iterable[Sequence[int]], held_out: Sequence[Sequence[int]], items: int
) -> Metrics:
    """Means of the metrics at a cut over the users, whose held-out items are never none."""
    sums = dict.fromkeys(("recall", "ndcg", "hit", "mrr"), 0.0)
    listed: set[int] = set()
    for ranked, wanted in zip(lists, held_out, strict=True):
        shown = [item for item in ranked[:k] if item != NO_ID]
        listed.update(shown)
        hits = set(wanted)
        ranks = [rank for rank, item in enumerate(shown) if item in hits]
        ideal = sum(_discount(rank) for rank in range(min(k, len(wanted))))
        sums["recall"] += len(ranks) / len(wanted)
        sums["ndcg"] += sum(map(_discount, ranks)) / ideal
        sums["hit"] += 1.0 if ranks else 0.0
        sums["mrr"] += 1 / (ranks[0] + 1) if ranks else 0.0
    users = max(len(held_out), 1)
    means = {name: total / users for name, total in sums.items()}
    return {**means, "coverage": len(listed) / max(items, 1)}


def metrics(
    lists: Sequence[Sequence[int]], held_out: Sequence[Sequence[int]], items: int
) -> Metrics:
    """All metrics of a report."""
    ten, twenty = (at_cut(k, lists, held_out, items) for k in (10, 20))
    cuts = {"10": ten, "20": twenty}
    found = {}
    for name in NAMES:
        metric, cut = name.split("@")
        found[name] = cuts[cut][metric]
    return found


def _discount(rank: int) -> float:
    return float(1 / np.log2(rank + 2))
