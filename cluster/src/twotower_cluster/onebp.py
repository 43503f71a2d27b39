"""OneBP: a user's vector moves towards the outputs of its items; no gradient reaches it."""

import jax
import jax.numpy as jnp
from jax import Array

from .shards import Shards, distinct


def aggregate_users(shards: Shards, users: Array, ids: Array, outputs: Array, beta: float) -> Array:
    """Returns the user table (U, O) after a batch: e ← β^n e + (1−β^n) · mean(e_i).

    `ids` (B) are the batch's users, `outputs` (B, O) the item tower's after its update; n is how often
    a user occurs in the batch.
    """
    found, place = distinct(ids)
    n = ids.shape[0]
    uses = jax.ops.segment_sum(jnp.ones(n), place, num_segments=n)[:, None]
    mean = jax.ops.segment_sum(outputs, place, num_segments=n) / jnp.maximum(uses, 1.0)

    def move(old: Array, mean: Array, uses: Array) -> tuple[Array]:
        stay = beta**uses
        return (stay * old + (1 - stay) * mean,)

    (moved,) = shards.update(move, (users,), found, mean, uses)
    return moved
