"""CBNS: the bank of earlier batches' outputs, used as additional negatives.

The bank is part of the run's tensors, sharded by rows: `bank_items` (M, O), `bank_users` (M, O) where
banked users push items, `bank_ids` (M), `bank_log_q` (M) and `bank_mean_logit` (M).
"""

import jax.numpy as jnp
from jax import Array, lax

from .clock import Step
from .config import Cbns
from .loss import Columns, scores
from .shards import NO_ID, Shards
from .towers import Tensors

TENSORS = ("bank_items", "bank_users", "bank_ids", "bank_log_q", "bank_mean_logit")


def columns(tensors: Tensors, step: Step) -> Columns:
    """Returns the bank's live entries as candidates (M); none while it warms up."""
    places = jnp.arange(tensors["bank_ids"].shape[0])
    ids = jnp.where(places < step.live, tensors["bank_ids"], NO_ID)
    return Columns(tensors["bank_items"], ids, tensors["bank_log_q"])


def candidates(step: Step, shared: int) -> Array:
    """Returns the number of candidates of a row: the batch, the shared negatives, the live entries."""
    return jnp.asarray(step.rows + shared + step.live, jnp.float32)


def push(tensors: Tensors, items: Columns, step: Step, shared: int, temperature: float) -> Array:
    """Returns a scalar whose gradient by the items (K, O) is the push of the banked users.

    Column j gets (1/B) Σ over u' in the bank, id' ≠ id_j, of w · ∂s'(u', j)/∂e_j with the constant
    w = exp(min(s'(u', j) − z̄_u' − log(B + k), 0)).
    """
    bank = columns(tensors, step)
    score = scores(tensors["bank_users"], items.outputs, temperature)
    offset = tensors["bank_mean_logit"] + jnp.log(candidates(step, shared))
    logit = score - items.log_q - offset[:, None]
    is_absent = (bank.ids == NO_ID)[:, None] | (items.ids == NO_ID)
    is_own = bank.ids[:, None] == items.ids
    weight = jnp.where(is_absent | is_own, 0.0, jnp.exp(jnp.minimum(logit, 0.0)))
    return jnp.sum(lax.stop_gradient(weight) * score) / step.rows


def enqueue(
    shards: Shards,
    options: Cbns,
    tensors: Tensors,
    users: Array,
    items: Columns,
    lse: Array,
    step: Step,
    shared: int,
) -> Tensors:
    """Returns the bank's tensors after a step: the batch's rows replace the oldest entries.

    `users` (B, O), `items` the positives (B), `lse` (B) as computed in this step's forward pass. If a
    batch is larger than the bank, its last M rows stay.
    """
    row = jnp.arange(users.shape[0])
    stays = (row < step.rows) & (row >= step.rows - options.capacity)
    place = jnp.where(stays, (step.cursor + row) % options.capacity, NO_ID)
    mean_logit = lse - jnp.log(candidates(step, shared))
    new = dict(
        zip(TENSORS, (items.outputs, users, items.ids, items.log_q, mean_logit), strict=True)
    )
    names = [name for name in TENSORS if name in tensors]
    given = [new[name] for name in names]

    def replace(*rows: Array) -> tuple[Array, ...]:
        return rows[len(names) :]

    changed = shards.update(replace, tuple(tensors[name] for name in names), place, *given)
    return dict(zip(names, changed, strict=True))
