"""The reference step in JAX, natively on one core, for comparison with an engine outside a browser.

Reads from the given folder: step.json (sizes and options), users.f32 and items.f32 (the tables at the start),
batches.u32 (pairs of a user and an item). Prints a JSON document: for each optimiser, the milliseconds and the
losses of its steps, including warm-up.
"""

import json
import os
import sys
import time
from pathlib import Path

# Must be set before JAX counts the cores.
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

folder = Path(sys.argv[1])
step = json.loads((folder / "step.json").read_text())
D, B, temperature = step["dim"], step["batchSize"], step["temperature"]
BETA_M, BETA_V, EPSILON = 0.9, 0.999, 1e-8


def read(name, kind, width):
    return np.fromfile(folder / name, dtype=kind).reshape(-1, width)


tables = [read(f"{side}.f32", np.float32, D) for side in ("users", "items")]
batches = read("batches.u32", np.uint32, 2).reshape(-1, B, 2)


def unit(rows):
    return rows / jnp.sqrt(jnp.sum(rows * rows, axis=1, keepdims=True))


def loss(user_rows, item_rows, items):
    u, v = unit(user_rows), unit(item_rows)
    logits = u @ v.T / temperature
    is_hit = (items[:, None] == items[None, :]) & ~jnp.eye(B, dtype=bool)
    lse = jax.nn.logsumexp(jnp.where(is_hit, -1e9, logits), axis=1)
    return jnp.mean(lse - jnp.diagonal(logits))


def gradients(tables, batch):
    """Returns the loss and its gradients by the rows of a batch, with a row for each use."""
    users, items = batch[:, 0], batch[:, 1]
    rows = tables[0][users], tables[1][items]
    return jax.value_and_grad(loss, argnums=(0, 1))(*rows, items)


def sparse_sgd(state, batch, rate, t):
    mean, by_row = gradients(state, batch)
    moved = [table.at[ids].add(-rate * g) for table, ids, g in zip(state, batch.T, by_row)]
    return mean, moved


def adam(w, m, v, g, rate, t):
    m = BETA_M * m + (1 - BETA_M) * g
    v = BETA_V * v + (1 - BETA_V) * g * g
    m_hat, v_hat = m / (1 - BETA_M**t), v / (1 - BETA_V**t)
    return w - rate * m_hat / (jnp.sqrt(v_hat) + EPSILON), m, v


def sparse_adam(state, batch, rate, t):
    mean, by_row = gradients([table for table, _, _ in state], batch)
    moved = []
    for (table, m, v), ids, g in zip(state, batch.T, by_row):
        distinct, place = jnp.unique(ids, size=B, fill_value=len(table), return_inverse=True)
        g = jax.ops.segment_sum(g, place, num_segments=B)
        rows = adam(table[distinct], m[distinct], v[distinct], g, rate, t)
        write = lambda whole, rows: whole.at[distinct].set(rows, mode="drop")
        moved.append(tuple(map(write, (table, m, v), rows)))
    return mean, moved


def dense_adam(state, batch, rate, t):
    mean, by_row = gradients([table for table, _, _ in state], batch)
    whole = [jnp.zeros_like(table).at[ids].add(g) for (table, _, _), ids, g in zip(state, batch.T, by_row)]
    return mean, [adam(*each, g, rate, t) for each, g in zip(state, whole)]


def race(take, state, rate):
    take = jax.jit(take, donate_argnums=0)
    milliseconds, losses = [], []
    for n in range(step["steps"]):
        batch = jnp.asarray(batches[n % len(batches)].astype(np.int32))
        started = time.perf_counter()
        mean, state = take(state, batch, rate, n + 1.0)
        value = float(mean)
        jax.block_until_ready(state)
        milliseconds.append((time.perf_counter() - started) * 1e3)
        losses.append(value)
    return {"milliseconds": milliseconds, "losses": losses}


plain = lambda: [jnp.array(table) for table in tables]
with_moments = lambda: [tuple(jnp.array(x) for x in (table, 0 * table, 0 * table)) for table in tables]
rates = step["learningRates"]
print(
    json.dumps(
        {
            "version": jax.__version__,
            "sparse SGD": race(sparse_sgd, plain(), rates["sgd"]),
            "sparse Adam": race(sparse_adam, with_moments(), rates["adam"]),
            "dense Adam": race(dense_adam, with_moments(), rates["adam"]),
        }
    )
)
