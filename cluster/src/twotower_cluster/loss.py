"""The sampled softmax of a batch, with the logQ correction.

s'(u, i) = e_u · e_i / τ − log q(i)
loss     = −(1/B) Σ_b [ s'(u_b, i_b) − logsumexp over {i_b} ∪ N_b of s'(u_b, ·) ]
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from .shards import NO_ID


class Columns(NamedTuple):
    """Candidates of a softmax."""

    outputs: Array
    """(K, O)"""
    ids: Array
    """(K), `NO_ID` for none"""
    log_q: Array
    """(K) the correction to subtract"""


def scores(users: Array, items: Array, temperature: float) -> Array:
    """Returns s(u, i) of all users (B, O) and items (K, O): (B, K)."""
    return jnp.matmul(users, items.T, precision=lax.Precision.HIGHEST) / temperature


def masked_logits(users: Array, columns: Columns, positives: Array, temperature: float) -> Array:
    """Returns logits s' of the rows' negatives (B, K): −∞ for a column with no item or the positive."""
    logits = scores(users, columns.outputs, temperature) - columns.log_q
    is_own = columns.ids == positives[:, None]
    return jnp.where(is_own | (columns.ids == NO_ID), -jnp.inf, logits)


def positive_logits(users: Array, columns: Columns, temperature: float) -> Array:
    """Returns logits s' of the rows' positives (B): the positive of row b is column b."""
    rows = users.shape[0]
    own = jnp.sum(users * columns.outputs[:rows], axis=-1)
    return own / temperature - columns.log_q[:rows]


def shared_lse(
    users: Array, columns: Columns, bank: Columns | None, temperature: float
) -> tuple[Array, Array]:
    """Returns positive logits and logsumexps of the rows (B), if all rows have the same candidates.

    The bank's columns stay on their shards: the sums of their exponentials are sent, not the logits.
    """
    positives = columns.ids[: users.shape[0]]
    positive = positive_logits(users, columns, temperature)
    blocks = [masked_logits(users, columns, positives, temperature)]
    if bank is not None:
        blocks.append(masked_logits(users, bank, positives, temperature))
    return positive, lse(positive, *blocks)


def own_lse(
    users: Array, columns: Columns, per_row: int, temperature: float
) -> tuple[Array, Array]:
    """Returns positive logits and logsumexps (B), if each row has `per_row` own negatives, none masked."""
    rows, width = users.shape
    positive = positive_logits(users, columns, temperature)
    own = columns.outputs[rows:].reshape(rows, per_row, width)
    logits = jnp.einsum("bo,bno->bn", users, own, precision=lax.Precision.HIGHEST) / temperature
    logits = logits - columns.log_q[rows:].reshape(rows, per_row)
    return positive, lse(positive, logits)


def lse(positive: Array, *blocks: Array) -> Array:
    """Returns the logsumexp of each row's positive (B) and of blocks of its other logits, each (B, n)."""
    highest = lax.stop_gradient(positive)
    for block in blocks:
        highest = jnp.maximum(highest, lax.stop_gradient(block).max(axis=1))
    total = jnp.exp(positive - highest)
    for block in blocks:
        total = total + jnp.exp(block - highest[:, None]).sum(axis=1)
    return highest + jnp.log(total)


def mean_loss(positive: Array, lse: Array, rows: Array) -> Array:
    """Returns the mean loss of the batch's first `rows` rows."""
    present = jnp.arange(positive.shape[0]) < rows
    return jnp.sum(jnp.where(present, lse - positive, 0.0)) / rows
