"""One training step, compiled once for a run: draw, look up, differentiate, update."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from . import cbns, draws, gaps, loss, negatives
from .clock import Step
from .config import Config, Tower
from .loss import Columns
from .onebp import aggregate_users
from .optimizers import STATES, update_dense, update_rows
from .shards import NO_ID, Shards
from .towers import Inputs, Tensors, Use, dense_names, outputs, sums, uses


class Batch(NamedTuple):
    """Ids of a step; `NO_ID` past the end of a smaller batch."""

    users: Array
    """(B)"""
    items: Array
    """(K) the positives, then the negatives that are drawn"""


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Data:
    """The training data of a run, as tables; None if a run does not need a table."""

    pairs: Array | None = None
    """(N, 2) user and item"""
    user: Inputs = field(default_factory=Inputs)
    item: Inputs = field(default_factory=Inputs)
    offsets: Array | None = None
    """(U + 1) where a user's items begin in `train`"""
    train: Array | None = None
    """(N) the users' items, ascending for each user"""
    cumulative: Array | None = None
    """(I) running sums of the weights of `popularity`, on each device"""


jax.tree_util.register_dataclass(Inputs, ["features", "history"], [])


@dataclass(frozen=True)
class Trainer:
    """The functions of a step for one config, one size of data and one set of devices."""

    shards: Shards
    config: Config
    items: int
    """Number I of items."""
    longest: int = 1
    """Most training items of a user."""

    @property
    def batch(self) -> int:
        """Rows of a batch as stored: B, padded to a multiple of the shards."""
        return self.shards.padded(self.config.batch_size)

    def draw(self, data: Data, step: Step) -> Batch:
        """Returns the batch of a step: a keyed permutation of the pairs, then the negatives."""
        config, shards = self.config, self.shards
        row = jnp.arange(self.batch, dtype=jnp.uint32)
        key = draws.hashed(config.seed, draws.ORDER, step.epoch)
        present = row < step.rows.astype(jnp.uint32)
        n = jnp.where(present, step.first + row, 0)
        places = draws.permute(n, step.pairs, key).astype(jnp.int32)
        assert data.pairs is not None, "a run that draws has pairs"
        drawn = shards.lookup(data.pairs, places)
        pairs = jnp.where(present[:, None], drawn, NO_ID)
        users, positives = pairs[:, 0], pairs[:, 1]
        others = self._negatives(data, step, users, positives).reshape(-1)
        return Batch(users, jnp.concatenate([positives, others]))

    def _negatives(self, data: Data, step: Step, users: Array, positives: Array) -> Array:
        options, seed = self.config.negatives, self.config.seed
        if options.kind == "mixed":
            return negatives.draw_shared(options, seed, step, self.items)
        if options.kind == "uniform":
            assert data.offsets is not None, "uniform has lists"
            assert data.train is not None, "uniform has lists"
            rounds = int(self.longest).bit_length()
            return negatives.draw_uniform(
                self.shards,
                options,
                seed,
                step,
                users,
                data.offsets,
                data.train,
                rounds,
                self.items,
            )
        if options.kind == "popularity":
            assert data.cumulative is not None, "popularity has weights"
            return negatives.draw_popular(options, seed, step, positives, data.cumulative)
        return jnp.zeros(0, jnp.int32)

    def train(
        self, tensors: Tensors, data: Data, batch: Batch, step: Step
    ) -> tuple[Tensors, Array]:
        """Returns the tensors after a step, and its mean loss."""
        config, shards = self.config, self.shards
        if config.negatives.is_streaming:
            rate = config.negatives.gap_rate
            tensors = {**tensors, **gaps.estimate(shards, tensors, batch.items, step, rate)}
        positives = batch.items[: batch.users.shape[0]]
        user_uses = uses(shards, config, config.user, data.user, batch.users, positives)
        item_uses = uses(shards, config, config.item, data.item, batch.items)
        x_user = shards.split(sums(shards, tensors, user_uses))
        x_item = sums(shards, tensors, item_uses)
        dense = {name: tensors[name] for tower in self._towers() for name in dense_names(tower)}
        correction = self._correction(tensors, batch.items)

        forward = self._forward(tensors, batch, correction, step)
        gradient = jax.grad(forward, argnums=(0, 1, 2), has_aux=True)
        (d_user, d_item, d_dense), seen = gradient(x_user, x_item, dense)
        mean, users, items, lse = seen

        new = self._update(tensors, [(user_uses, d_user), (item_uses, d_item)], d_dense, step)
        if config.onebp is not None:
            new |= self._aggregate({**tensors, **new}, data, batch, config.onebp)
        if config.cbns:
            bank = Columns(items, positives, correction[: positives.shape[0]])
            shared = config.negatives.shared
            new |= cbns.enqueue(shards, config.cbns, tensors, users, bank, lse, step, shared)
        return {**tensors, **new}, mean

    def compiled(self) -> Callable[[Tensors, Data, Step], tuple[Tensors, Array]]:
        """Draws and trains in one program; the memory of the old tensors is reused."""

        def run(tensors: Tensors, data: Data, step: Step) -> tuple[Tensors, Array]:
            return self.train(tensors, data, self.draw(data, step), step)

        return jax.jit(run, donate_argnums=0)

    def _towers(self) -> list[Tower]:
        return [self.config.user, self.config.item]

    def _correction(self, tensors: Tensors, items: Array) -> Array:
        """Returns log q of the candidates (K), or zeros without the correction."""
        if not self.config.negatives.is_corrected:
            return jnp.zeros(items.shape[0], jnp.float32)
        return self.shards.lookup(tensors["log_q"], items)

    def _forward(self, tensors: Tensors, batch: Batch, correction: Array, step: Step):  # type: ignore[no-untyped-def]
        """Returns a function from sums and layers to the loss, and to the outputs that a bank keeps."""
        config, shards = self.config, self.shards
        options = config.negatives

        def forward(x_user: Array, x_item: Array, dense: Tensors):  # type: ignore[no-untyped-def]
            users = outputs(config, config.user, dense, x_user)
            items = shards.share(outputs(config, config.item, dense, x_item))
            columns = Columns(items, batch.items, correction)
            if options.per_row:
                positive, lse = loss.own_lse(users, columns, options.per_row, config.temperature)
            else:
                bank = cbns.columns(tensors, step) if config.cbns else None
                positive, lse = loss.shared_lse(users, columns, bank, config.temperature)
            mean = total = loss.mean_loss(positive, lse, step.rows)
            if config.cbns and config.cbns.sides == "both":
                total = mean + cbns.push(tensors, columns, step, options.shared, config.temperature)
            return total, (mean, users, items[: users.shape[0]], lse)

        return forward

    def _update(
        self,
        tensors: Tensors,
        sides: list[tuple[list[Use], Array]],
        d_dense: Tensors,
        step: Step,
    ) -> Tensors:
        """Returns each parameter that gets a gradient, and its optimiser state, after the step."""
        options = self.config.optimizer
        new: Tensors = {}
        by_table: dict[str, list[tuple[Use, Array]]] = {}
        for found, gradient in sides:
            for use in found:
                by_table.setdefault(use.table, []).append((use, gradient))
        for table, found_uses in by_table.items():
            if self.config.onebp is not None and table == "user_table":
                continue
            ids = jnp.concatenate([use.ids.reshape(-1) for use, _ in found_uses])
            rows = [use.weights[:, :, None] * g[:, None, :] for use, g in found_uses]
            flat = jnp.concatenate([each.reshape(-1, each.shape[-1]) for each in rows])
            old = self._with_state(tensors, table)
            changed = update_rows(self.shards, options, tuple(old.values()), ids, flat, step)
            new |= dict(zip(old, changed, strict=True))
        for name, gradient in d_dense.items():
            old = self._with_state(tensors, name)
            changed = update_dense(options, tuple(old.values()), gradient, step)
            new |= dict(zip(old, changed, strict=True))
        return new

    def _with_state(self, tensors: Tensors, name: str) -> Tensors:
        count = STATES[self.config.optimizer.kind]
        names = [name, *(f"{name}_state_{n + 1}" for n in range(count))]
        return {name: tensors[name] for name in names}

    def _aggregate(self, tensors: Tensors, data: Data, batch: Batch, beta: float) -> Tensors:
        """Moves users towards the positives' outputs (OneBP), computed again after the item update."""
        config, shards = self.config, self.shards
        positives = batch.items[: batch.users.shape[0]]
        found = uses(shards, config, config.item, data.item, positives)
        moved = outputs(config, config.item, tensors, sums(shards, tensors, found))
        users = aggregate_users(
            shards, tensors["user_table"], batch.users, shards.share(moved), beta
        )
        return {"user_table": users}
