"""The two towers: sums of table rows, then layers, then length 1.

    x = id_table[id] + mean of feature rows + history sum        (n, D)
    y = affine_L(relu(… relu(affine_1(x))))                      (n, O)
    e = y / max(‖y‖, 1e-12)                                      (n, O)

The rows of the sums are looked up on all shards. The gradient by x, times a row's weight, is the
gradient of that row. So JAX differentiates only the layers, and no gradient has a table's size.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from .config import Config, Tower
from .shards import NO_ID, Shards

MIN_NORM = 1e-12

Tensors = dict[str, Array]
"""Tables, layers, optimiser state and bank, by the names of the saved run."""


class Use(NamedTuple):
    """Rows of a table in the sums of a batch, with their weights."""

    table: str
    ids: Array
    """(n, L), `NO_ID` where a list is shorter."""
    weights: Array
    """(n, L)"""


@dataclass(frozen=True)
class Inputs:
    """The lists of a tower, as tables: row r has the members of id r plus 1, and zeros (R, L)."""

    features: Array | None = None
    history: Array | None = None


def uses(
    shards: Shards,
    config: Config,
    tower: Tower,
    inputs: Inputs,
    ids: Array,
    positives: Array | None = None,
) -> list[Use]:
    """Returns the rows in the sums of ids (n); a history excludes the id's positive, in `positives` (n)."""
    found = []
    if tower.id:
        present = (ids != NO_ID).astype(jnp.float32)
        found.append(Use(f"{tower.name}_table", ids[:, None], present[:, None]))
    if tower.features and inputs.features is not None:
        members = shards.lookup(inputs.features, ids) - 1
        found.append(_bag(f"{tower.name}_features", members, power=1.0))
    if tower.history and inputs.history is not None:
        members = shards.lookup(inputs.history, ids) - 1
        if positives is not None:
            members = jnp.where(members == positives[:, None], NO_ID, members)
        table = "item_table" if config.shares_items else "user_history"
        found.append(_bag(table, members, tower.history.power))
    return found


def _bag(table: str, members: Array, power: float) -> Use:
    present = members != NO_ID
    length = jnp.maximum(present.sum(axis=1, keepdims=True), 1).astype(jnp.float32)
    return Use(table, members, jnp.where(present, length**-power, 0.0))


def sums(shards: Shards, tensors: Tensors, found: list[Use]) -> Array:
    """Returns the input x (n, D) of a tower's layers."""
    parts = [shards.lookup_sum(tensors[use.table], use.ids, use.weights) for use in found]
    return sum(parts[1:], parts[0])


def outputs(config: Config, tower: Tower, tensors: Tensors, x: Array) -> Array:
    """Returns a tower's outputs (n, O) of its inputs x (n, D)."""
    y = x
    for layer in range(len(tower.widths)):
        y = relu(y) if layer else y
        weights = tensors[f"{tower.name}_weights_{layer}"]
        product = jnp.matmul(y, weights, precision=lax.Precision.HIGHEST)
        y = product + tensors[f"{tower.name}_bias_{layer}"]
    return unit(y) if config.normalize else y


def relu(x: Array) -> Array:
    """Returns max(x, 0), with gradient 0 at 0."""
    return jnp.where(x > 0, x, 0.0)


def unit(y: Array) -> Array:
    """Scales rows to length 1; a row shorter than 1e-12 gets no gradient."""
    square = jnp.sum(y * y, axis=-1, keepdims=True)
    is_short = square <= MIN_NORM**2
    norm = jnp.sqrt(jnp.where(is_short, 1.0, square))
    return jnp.where(is_short, lax.stop_gradient(y) / MIN_NORM, y / norm)


def dense_names(tower: Tower) -> list[str]:
    """Returns the names of a tower's layers, matrix and bias in turn."""
    layers = range(len(tower.widths))
    return [f"{tower.name}_{part}_{n}" for n in layers for part in ("weights", "bias")]


def embed(
    shards: Shards, config: Config, tower: Tower, tensors: Tensors, inputs: Inputs, ids: Array
) -> Array:
    """Returns outputs (n, O) of some ids (n) for serving: with whole histories."""
    x = sums(shards, tensors, uses(shards, config, tower, inputs, ids))
    return outputs(config, tower, tensors, x)
