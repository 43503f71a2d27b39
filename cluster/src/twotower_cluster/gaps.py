"""The streaming estimate of log q, from the mean gap between the batches that contain an item."""

import jax.numpy as jnp
from jax import Array

from .clock import Step
from .shards import Shards, distinct
from .towers import Tensors


def estimate(shards: Shards, tensors: Tensors, items: Array, step: Step, rate: float) -> Tensors:
    """Returns `gaps`, `last_seen` and `log_q` (I), updated with the items (K) of a step before their use.

    Once for each distinct item: G ← (1−α) G + α (t − A), A ← t, log q = −log max(G, 1).
    """
    found, _ = distinct(items)

    def renew(gap: Array, last_seen: Array, _: Array, number: Array) -> tuple[Array, ...]:
        newest = (number - last_seen).astype(jnp.float32)
        gap = (1 - rate) * gap + rate * newest
        return gap, jnp.broadcast_to(number, last_seen.shape), -jnp.log(jnp.maximum(gap, 1.0))

    names = ("gaps", "last_seen", "log_q")
    old = tuple(tensors[name] for name in names)
    new = shards.update(renew, old, found, jnp.asarray(step.number))
    return dict(zip(names, new, strict=True))
