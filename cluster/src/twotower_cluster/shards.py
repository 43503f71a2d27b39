"""Tables whose rows are sharded over all devices, and the only two ways to reach them.

A device holds R/S consecutive rows of each table. In a lookup, a device takes its own rows and zeros for
the others, and the devices sum them: n × width numbers are sent, never a table. An update is computed on
the device of the row, from gradients that every device has.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

AXIS = "shards"

GRAIN = 512
"""A table is stored with a multiple of this many rows, so a checkpoint fits other numbers of devices."""

NO_ID = -1
"""Means "no id"; 0xFFFFFFFF in the crate. A lookup of it gives zeros, an update of it does nothing."""

Rule = Callable[..., tuple[Array, ...]]
"""Returns new rows of some tables, from their old rows and other arguments."""


@dataclass(frozen=True)
class Shards:
    """The devices that tables, batches and the bank are sharded over."""

    mesh: Mesh

    @classmethod
    def of(cls, devices: Sequence[jax.Device] | None = None) -> "Shards":
        """Returns shards over some devices, by default over those of all processes."""
        return cls(Mesh(np.array(jax.devices() if devices is None else devices), (AXIS,)))

    @property
    def count(self) -> int:
        """Number S of shards."""
        return int(self.mesh.devices.size)

    @property
    def by_rows(self) -> NamedSharding:
        """Sharding by rows: tables, batches, the bank."""
        return NamedSharding(self.mesh, P(AXIS))

    @property
    def everywhere(self) -> NamedSharding:
        """A full copy on each device."""
        return NamedSharding(self.mesh, P())

    def padded(self, rows: int) -> int:
        """Returns the next multiple of S: the rows that a batch is stored with."""
        return -(-rows // self.count) * self.count

    def stored(self, rows: int) -> int:
        """Returns the number of stored rows of a table: the same for each S that divides `GRAIN`."""
        grain = math.lcm(GRAIN, self.count)
        return max(-(-rows // grain), 1) * grain

    def span(self, rows: int) -> slice:
        """Returns the rows of a table that are on the devices of this process."""
        block = self.stored(rows) // jax.process_count()
        first = jax.process_index() * block
        return slice(first, first + block)

    def place(self, rows: np.ndarray) -> Array:
        """Returns a table (R, …) from host memory: each process gives the rows of its own devices."""
        return self.build(rows.shape, rows.dtype, lambda span: rows[span])

    def build(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype,
        rows_of: Callable[[slice], np.ndarray],
    ) -> Array:
        """Returns a table of a shape, each shard from `rows_of(span)`; rows past the last are zeros."""
        rows, stored = shape[0], self.stored(shape[0])

        def shard(index: tuple[slice, ...] | None) -> np.ndarray:
            start, stop, _ = (index or (slice(None),))[0].indices(stored)
            block = np.zeros((stop - start, *shape[1:]), dtype)
            if start < rows:
                block[: min(stop, rows) - start] = rows_of(slice(start, min(stop, rows)))
            return block

        return jax.make_array_from_callback((stored, *shape[1:]), self.by_rows, shard)

    def replicate(self, value: np.ndarray) -> Array:
        """Returns the same value on each device of each process."""
        return jax.make_array_from_callback(value.shape, self.everywhere, lambda at: value[at])

    def split(self, rows: Array) -> Array:
        """Keeps a batch's rows (B, …) sharded."""
        return lax.with_sharding_constraint(rows, self.by_rows)

    def share(self, rows: Array) -> Array:
        """Brings all rows of a batch (B, …) to each device."""
        return lax.with_sharding_constraint(rows, self.everywhere)

    def lookup(self, table: Array, ids: Array) -> Array:
        """Returns rows of a table (R, …) by ids (n): (n, …), zeros for `NO_ID`."""

        def local(table: Array, ids: Array) -> Array:
            rows = _own_rows(table, ids)
            return lax.psum(rows, AXIS)

        return self._run(local, (P(AXIS), P()), P())(table, ids)

    def lookup_sum(self, table: Array, ids: Array, weights: Array) -> Array:
        """Returns weighted sums of rows of a table (R, D), by ids and weights (n, L): (n, D).

        A device adds up its own rows first, so n × D numbers are sent, however long the lists are.
        """

        def local(table: Array, ids: Array, weights: Array) -> Array:
            rows = _own_rows(table, ids)
            return lax.psum(jnp.einsum("nld,nl->nd", rows, weights), AXIS)

        return self._run(local, (P(AXIS), P(), P()), P())(table, ids, weights)

    def update(
        self, rule: Rule, tables: tuple[Array, ...], ids: Array, *given: Array
    ) -> tuple[Array, ...]:
        """Returns tables in which `ids` (n) have new rows; each id occurs at most once.

        `rule(*rows, *given)` gets the tables' old rows (n, …) and returns the new ones. Each device
        computes it for all n ids and writes those that it holds.
        """

        def local(tables: tuple[Array, ...], ids: Array, given: tuple[Array, ...]):  # type: ignore[no-untyped-def]
            held = tables[0].shape[0]
            own, at = _own(held, ids)
            old = tuple(table[at] for table in tables)
            place = jnp.where(own, at, held)
            new = rule(*old, *given)
            return tuple(
                table.at[place].set(rows.astype(table.dtype), mode="drop")
                for table, rows in zip(tables, new, strict=True)
            )

        result: tuple[Array, ...] = self._run(local, (P(AXIS), P(), P()), P(AXIS))(
            tables, ids, given
        )
        return result

    def _run(self, local: Callable[..., object], specs: object, out: object):  # type: ignore[no-untyped-def]
        return jax.shard_map(local, mesh=self.mesh, in_specs=specs, out_specs=out, check_vma=False)


def _own(held: int, ids: Array) -> tuple[Array, Array]:
    """Returns which ids this device holds, and their places in its rows (0 for all others)."""
    at = ids - lax.axis_index(AXIS) * held
    own = (ids != NO_ID) & (at >= 0) & (at < held)
    return own, jnp.where(own, at, 0)


def _own_rows(table: Array, ids: Array) -> Array:
    """Returns this device's rows by ids of any shape, zeros for all others."""
    own, at = _own(table.shape[0], ids)
    own = own.reshape(own.shape + (1,) * (table.ndim - 1))
    return jnp.where(own, table[at], jnp.zeros((), table.dtype))


def distinct(ids: Array) -> tuple[Array, Array]:
    """Returns the distinct ids of a list (n), padded with `NO_ID` to n, and each use's place among them."""
    found, place = jnp.unique(ids, return_inverse=True, size=ids.shape[0], fill_value=NO_ID)
    return found, place.reshape(-1)
