"""Full-ranking evaluation: each shard ranks its items, then the shards' best items are merged."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import PartitionSpec as P

from .shards import AXIS, NO_ID, Shards
from .together import total

TOP_K = 20

Metrics = dict[str, float]

NAMES = ("recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10", "coverage@20")
"""The metrics of a report, by the crate's names."""

_KINDS = ("recall", "ndcg", "hit", "mrr")


def top_items(
    shards: Shards, users: Array, items: Array, seen: Array, n_items: int, k: int = TOP_K
) -> Array:
    """Returns the best items (Q, k) of users (Q, O), best first, ties to the lower index.

    `items` (I, O) are the catalogue's outputs, split by rows. `seen` (Q, L) are the items that a user
    has; `NO_ID` pads them, and lists of fewer than k items. The S shards send Q × k × S scores.
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


def metrics(
    ours: Sequence[Sequence[int]],
    held_out: Sequence[Sequence[int]],
    everyone: Sequence[Sequence[int]],
    items: int,
) -> Metrics:
    """Returns all metrics of a report; the arguments are those of `at_cut`."""
    cuts = {str(k): at_cut(k, ours, held_out, everyone, items) for k in (10, TOP_K)}
    found = {}
    for name in NAMES:
        metric, cut = name.split("@")
        found[name] = cuts[cut][metric]
    return found


def at_cut(
    k: int,
    ours: Sequence[Sequence[int]],
    held_out: Sequence[Sequence[int]],
    everyone: Sequence[Sequence[int]],
    items: int,
) -> Metrics:
    """Returns the means of the metrics at a cut over the users of all processes.

    `ours` are the lists of this process's users, `held_out` their held-out items, `everyone` the lists
    of all users.
    """
    *sums, users = total(np.array([*_sums(k, ours, held_out), len(held_out)], np.float64)).tolist()
    listed = {item for ranked in everyone for item in ranked[:k] if item != NO_ID}
    means = {kind: amount / max(users, 1) for kind, amount in zip(_KINDS, sums, strict=True)}
    return {**means, "coverage": len(listed) / max(items, 1)}


def _sums(k: int, lists: Sequence[Sequence[int]], held_out: Sequence[Sequence[int]]) -> list[float]:
    """Returns the sums of the metrics `_KINDS` at a cut over users with at least one held-out item each."""
    sums = np.zeros(len(_KINDS))
    for ranked, wanted in zip(lists, held_out, strict=True):
        shown = [item for item in ranked[:k] if item != NO_ID]
        hits = set(wanted)
        ranks = [rank for rank, item in enumerate(shown) if item in hits]
        ideal = sum(_discount(rank) for rank in range(min(k, len(wanted))))
        first = 1 / (ranks[0] + 1) if ranks else 0.0
        gain = sum(map(_discount, ranks)) / ideal
        sums += [len(ranks) / len(wanted), gain, float(bool(ranks)), first]
    return [float(number) for number in sums]


def _discount(rank: int) -> float:
    return float(1 / np.log2(rank + 2))
