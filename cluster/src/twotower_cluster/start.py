"""How a run starts: fresh parameters, zero state, and the lists of the data as tables."""

from collections.abc import Sequence

import jax
import numpy as np

from .config import Config
from .optimizers import STATES
from .shards import Shards

Arrays = dict[str, np.ndarray]


def is_dense(name: str) -> bool:
    """Whether a tensor belongs to a layer, and so is whole on each device."""
    return "_weights_" in name or "_bias_" in name


def zero_state(config: Config, parameters: Arrays) -> Arrays:
    """Optimiser state and bank, at zero, for parameters by name."""
    state: Arrays = {}
    count = STATES[config.optimizer.kind]
    for name, value in parameters.items():
        if name == "log_q" or (config.onebp is not None and name == "user_table"):
            continue
        is_sum = config.optimizer.kind == "adagrad"
        shape = value.shape[:1] if is_sum else value.shape
        state |= {f"{name}_state_{n + 1}": np.zeros(shape, np.float32) for n in range(count)}
    return state | _empty_bank(config)


def _empty_bank(config: Config) -> Arrays:
    if config.cbns is None:
        return {}
    entries, width = config.cbns.capacity, config.out_width
    bank: Arrays = {
        "bank_items": np.zeros((entries, width), np.float32),
        "bank_ids": np.zeros(entries, np.int32),
        "bank_log_q": np.zeros(entries, np.float32),
        "bank_mean_logit": np.zeros(entries, np.float32),
    }
    if config.cbns.sides == "both":
        bank["bank_users"] = np.zeros((entries, width), np.float32)
    return bank


def lists_table(shards: Shards, lists: Sequence[np.ndarray]) -> jax.Array:
    """Lists as a table (R, L): a row's members plus 1, then zeros up to the longest list."""
    longest = max((len(members) for members in lists), default=0)
    table = np.zeros((len(lists), max(longest, 1)), np.int32)
    for row, members in enumerate(lists):
        table[row, : len(members)] = members + 1
    return shards.place(table)
