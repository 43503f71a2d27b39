"""Starts a run: fresh parameters, zero state, and the data as tables."""

from collections.abc import Sequence

import jax
import numpy as np

from . import draws, negatives
from .config import Config, Tower
from .dataset import Dataset, Features
from .optimizers import STATES
from .shards import Shards
from .step import Data
from .together import exchange, gather
from .towers import Inputs, Tensors

Arrays = dict[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]


def is_dense(name: str) -> bool:
    """Returns whether a tensor belongs to a layer: each device has a copy of it."""
    return "_weights_" in name or "_bias_" in name


def place(shards: Shards, tensors: Arrays) -> Tensors:
    """Puts tensors on the devices: layers on each device, other tensors split by rows."""
    return {
        name: shards.replicate(value) if is_dense(name) else shards.place(value)
        for name, value in tensors.items()
    }


def fresh(shards: Shards, config: Config, dataset: Dataset) -> Tensors:
    """Returns all tensors at the start of a run; each device draws its own rows of a table."""
    shapes = parameter_shapes(config, dataset)
    tensors = {}
    for name, shape in shapes.items():
        build = _drawn(config, name, shape)
        if is_dense(name):
            tensors[name] = shards.replicate(build(slice(0, shape[0])))
        else:
            tensors[name] = shards.build(shape, np.dtype(np.float32), build)
    zeros = {
        name: np.zeros(shape, dtype) for name, (shape, dtype) in _state(config, shapes).items()
    }
    return tensors | place(shards, zeros | _log_q(config, dataset))


def parameter_shapes(config: Config, dataset: Dataset) -> Shapes:
    """Returns the shape of each parameter, by its name in a saved run."""
    sides = (
        (config.user, dataset.n_users, dataset.user_features),
        (config.item, dataset.n_items, dataset.item_features),
    )
    shapes: Shapes = {}
    for tower, rows, features in sides:
        name, width = tower.name, config.dim
        if tower.id:
            is_outputs = config.onebp is not None and tower.name == "user"
            shapes[f"{name}_table"] = (rows, config.out_width if is_outputs else config.dim)
        if tower.features and features is not None:
            shapes[f"{name}_features"] = (len(features.vocabulary), config.dim)
        if tower.history and not config.shares_items:
            shapes["user_history"] = (dataset.n_items, config.dim)
        for layer, out in enumerate(tower.widths):
            shapes[f"{name}_weights_{layer}"] = (width, out)
            shapes[f"{name}_bias_{layer}"] = (out,)
            width = out
    return shapes


def _drawn(config: Config, name: str, shape: tuple[int, ...]):  # type: ignore[no-untyped-def]
    """Returns a function that draws the elements of a span of rows, as the crate does."""
    rows, width = shape[0], shape[1] if len(shape) > 1 else 1
    xavier = float(np.sqrt(np.float32(2.0) / np.float32(rows + width)))
    is_layer = "_weights_" in name
    deviation = xavier if is_layer or isinstance(config.init, str) else config.init

    def build(span: slice) -> np.ndarray:
        if "_bias_" in name:
            return np.zeros(shape, np.float32)
        first, last = span.start * width, span.stop * width
        counter = np.arange(first, last, dtype=np.uint64).astype(np.uint32)
        normal = draws.normal(config.seed, _stream(name), counter)
        return (np.float32(deviation) * normal).reshape(-1, width)

    return build


def _stream(name: str) -> int:
    """Returns the stream that draws a parameter's initial elements."""
    tower, part = name.split("_", 1)
    if part == "table":
        return draws.INIT_USER if tower == "user" else draws.INIT_ITEM
    others = {"features": 0, "history": 1}
    nth = others[part] if part in others else 2 + int(part.rsplit("_", 1)[1])
    return draws.INIT_PARTS + 2 * nth + (1 if tower == "item" else 0)


def _state(
    config: Config, parameters: Shapes
) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    """Returns the shape and type of the optimiser's state and of the bank."""
    state: dict[str, tuple[tuple[int, ...], type[np.generic]]] = {}
    is_per_row = config.optimizer.kind == "adagrad"
    for name, shape in parameters.items():
        if config.onebp is not None and name == "user_table":
            continue
        for n in range(STATES[config.optimizer.kind]):
            state[f"{name}_state_{n + 1}"] = (shape[:1] if is_per_row else shape, np.float32)
    if config.cbns is not None:
        entries, outputs = (config.cbns.capacity,), (config.cbns.capacity, config.out_width)
        state["bank_items"] = (outputs, np.float32)
        state["bank_ids"] = (entries, np.int32)
        state["bank_log_q"] = (entries, np.float32)
        state["bank_mean_logit"] = (entries, np.float32)
        if config.cbns.sides == "both":
            state["bank_users"] = (outputs, np.float32)
    return state


def zero_state(config: Config, parameters: Arrays) -> Arrays:
    """Returns the optimiser's state and the bank at zero, for given parameters."""
    shapes = {name: value.shape for name, value in parameters.items()}
    return {name: np.zeros(shape, dtype) for name, (shape, dtype) in _state(config, shapes).items()}


def _log_q(config: Config, dataset: Dataset) -> Arrays:
    items = dataset.n_items
    found: Arrays = {"log_q": negatives.log_q(config, counts(dataset))}
    if config.negatives.is_streaming:
        # The gap if all items were equally frequent.
        gap = np.float32(items) / np.float32(config.batch_size)
        found["gaps"] = np.full(items, gap, np.float32)
        found["last_seen"] = np.zeros(items, np.int32)
    return found


def counts(dataset: Dataset) -> np.ndarray:
    """Returns the number of training pairs of each item (I); an item without a pair counts as 1."""
    return np.maximum(dataset.item_counts(), 1)


def data_tables(shards: Shards, config: Config, dataset: Dataset) -> tuple[Data, int]:
    """Returns the training data as tables, and the largest number of training items of a user."""
    offsets = train = weights = None
    counts_of_users = dataset.user_counts()
    pairs = _in_place(shards, dataset)
    if config.negatives.kind == "uniform":
        ends = np.concatenate([[0], np.cumsum(counts_of_users)])
        offsets = shards.place(ends.astype(np.int32))
        train = _part(shards, pairs[:, 1], dataset.sizes.train)
    if config.negatives.kind == "popularity":
        weights = shards.replicate(negatives.cumulative(counts(dataset), config.negatives.alpha))
    history = None
    if config.user.history is not None:
        history = lists_table(shards, dataset.histories(config))
    data = Data(
        pairs=_part(shards, pairs, dataset.sizes.train),
        user=Inputs(_feature_lists(shards, config.user, dataset.user_features), history),
        item=Inputs(_feature_lists(shards, config.item, dataset.item_features)),
        offsets=offsets,
        train=train,
        cumulative=weights,
    )
    return data, max(int(counts_of_users.max(initial=0)), 1)


def _in_place(shards: Shards, dataset: Dataset) -> np.ndarray:
    """Sends each training pair to the process whose devices store it. Returns this process's pairs."""
    before = sum(int(n[0]) for n in gather(np.array([len(dataset.train)]))[: jax.process_index()])
    block = shards.stored(dataset.sizes.train) // jax.process_count()
    owners = (before + np.arange(len(dataset.train))) // block
    return exchange(dataset.train, owners).astype(np.int32)


def _part(shards: Shards, rows: np.ndarray, count: int) -> jax.Array:
    """Returns a table of `count` rows over all processes, from the rows of this process's devices."""
    first = shards.span(count).start

    def own(span: slice) -> np.ndarray:
        return rows[span.start - first : span.stop - first]

    return shards.build((count, *rows.shape[1:]), rows.dtype, own)


def _feature_lists(shards: Shards, tower: Tower, features: Features | None) -> jax.Array | None:
    if not tower.features or features is None:
        return None
    return lists_table(shards, features.lists.rows())


def lists_table(shards: Shards, lists: Sequence[np.ndarray]) -> jax.Array:
    """Returns lists as a table (R, L). A row has each member's id + 1, then zeros as padding.

    A process fills in the rows of its own devices.
    """
    ours = max((len(members) for members in lists), default=0)
    longest = max(int(most[0]) for most in gather(np.array([max(ours, 1)])))

    def own(span: slice) -> np.ndarray:
        table = np.zeros((span.stop - span.start, longest), np.int32)
        for row, members in enumerate(lists[span]):
            table[row, : len(members)] = members + 1
        return table

    return shards.build((len(lists), longest), np.dtype(np.int32), own)
