"""The three update rules, for the rows that a batch uses and for dense layers.

Each rule is a function of rows w (n, D), their state, and gradients g (n, D): Adam keeps two moments
an element, Adagrad one sum a row, SGD nothing.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

from .clock import Step
from .config import Optimizer
from .shards import Shards, distinct

BETA_M = 0.9
BETA_V = 0.999
EPSILON = 1e-8

Rule = Callable[..., tuple[Array, ...]]

STATES = {"adam": 2, "adagrad": 1, "sgd": 0}
"""Number of state tensors of a parameter."""


def rule(options: Optimizer) -> Rule:
    """Returns the rule of the options: `rule(w, *state, g, rate, adam_m, adam_v)` → new (w, *state)."""
    decay = options.l2

    def sgd(w: Array, g: Array, rate: Array, _m: Array, _v: Array) -> tuple[Array, ...]:
        return (w - rate * (g + decay * w),)

    def adagrad(
        w: Array, a: Array, g: Array, rate: Array, _m: Array, _v: Array
    ) -> tuple[Array, ...]:
        g = g + decay * w
        a = a + jnp.mean(g * g, axis=-1)
        return w - rate / (jnp.sqrt(a) + EPSILON)[:, None] * g, a

    def adam(
        w: Array, m: Array, v: Array, g: Array, rate: Array, m_scale: Array, v_scale: Array
    ) -> tuple[Array, ...]:
        g = g + decay * w
        m = BETA_M * m + (1 - BETA_M) * g
        v = BETA_V * v + (1 - BETA_V) * g * g
        return w - rate * (m * m_scale) / (jnp.sqrt(v * v_scale) + EPSILON), m, v

    rules: dict[str, Rule] = {"sgd": sgd, "adagrad": adagrad, "adam": adam}
    return rules[options.kind]


def update_rows(
    shards: Shards,
    options: Optimizer,
    tensors: tuple[Array, ...],
    ids: Array,
    gradients: Array,
    step: Step,
) -> tuple[Array, ...]:
    """Returns a table (R, D) and its state after a batch, from gradients (n, D) of the uses of ids (n)."""
    found, place = distinct(ids)
    g = jax.ops.segment_sum(gradients, place, num_segments=ids.shape[0])
    scales = (step.rate, step.adam_m, step.adam_v)
    return shards.update(rule(options), tensors, found, g, *scales)


def update_dense(
    options: Optimizer, tensors: tuple[Array, ...], gradient: Array, step: Step
) -> tuple[Array, ...]:
    """Returns a layer's matrix (rows, width) or bias (rows) and its state; rows of a bias are elements."""
    is_bias = gradient.ndim == 1
    shape = (-1, 1) if is_bias else gradient.shape

    def as_rows(tensor: Array, name: int) -> Array:
        is_sum = options.kind == "adagrad" and name == 1
        return tensor if is_sum else tensor.reshape(shape)

    rows = tuple(as_rows(tensor, n) for n, tensor in enumerate(tensors))
    new = rule(options)(*rows, gradient.reshape(shape), step.rate, step.adam_m, step.adam_v)
    return tuple(after.reshape(before.shape) for after, before in zip(new, tensors, strict=True))
