"""The progress of a run: the host's clock, and the record of one step for the devices."""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from .config import Config

Scalar = Any
"""A number of 32 bits: NumPy's on the host, JAX's in a compiled step."""


class Step(NamedTuple):
    """One step as the devices see it, every field a scalar."""

    number: Scalar
    """Number of the step in the run, from 1."""
    first: Scalar
    """Position of the batch's first pair in the epoch."""
    pairs: Scalar
    """Pairs in the epoch."""
    epoch: Scalar
    """Complete epochs."""
    rows: Scalar
    """Pairs in the batch."""
    rate: Scalar
    """Learning rate."""
    adam_m: Scalar
    """1 / (1 − 0.9^number)."""
    adam_v: Scalar
    """1 / (1 − 0.999^number)."""
    live: Scalar
    """Entries of the bank that serve as negatives; 0 during its warm-up."""
    cursor: Scalar
    """Position in the bank that the batch's first row is written to."""


@dataclass(frozen=True)
class Clock:
    """The host's clock; each process has the same."""

    pairs_in_epoch: int
    """Pairs of the epoch."""
    bank_opens_after: int
    """Steps before the bank is used."""
    steps: int = 0
    """Steps since the start of the run."""
    epochs: int = 0
    """Complete epochs."""
    step_in_epoch: int = 0
    """Steps of the epoch that are done."""
    pairs: int = 0
    """Pairs trained since the start of the run."""

    def steps_in_epoch(self, config: Config) -> int:
        """Returns the number of steps of this epoch."""
        return -(-self.pairs_in_epoch // config.batch_size)

    def rows(self, config: Config) -> int:
        """Returns the number of pairs in the next batch; the last one of an epoch may be smaller."""
        left = self.pairs_in_epoch - self.step_in_epoch * config.batch_size
        return min(config.batch_size, left)

    def step(self, config: Config) -> Step:
        """Returns the record of the next step."""
        number = self.steps + 1
        bank = config.cbns.capacity if config.cbns else 0
        live = min(self.pairs, bank) if self.steps >= self.bank_opens_after else 0
        return Step(
            number=np.int32(number),
            first=np.uint32(self.step_in_epoch * config.batch_size),
            pairs=np.uint32(self.pairs_in_epoch),
            epoch=np.uint32(self.epochs),
            rows=np.int32(self.rows(config)),
            rate=np.float32(self.learning_rate(config)),
            adam_m=np.float32(-1 / math.expm1(number * math.log(0.9))),
            adam_v=np.float32(-1 / math.expm1(number * math.log(0.999))),
            live=np.int32(live),
            cursor=np.int32(self.pairs % max(bank, 1)),
        )

    def learning_rate(self, config: Config) -> float:
        """Returns the rate of the next step. It rises over `warmup` epochs, and may fall along a cosine."""
        options = config.optimizer
        in_epoch = self.steps_in_epoch(config)
        rate = options.learning_rate
        if options.warmup > 0:
            after = self.epochs + (self.step_in_epoch + 1) / in_epoch
            rate *= min(after / options.warmup, 1.0)
        if options.schedule == "cosine":
            before = self.epochs + self.step_in_epoch / in_epoch
            left = 1.0 - min(before / max(config.epochs, 1), 1.0)
            rate *= math.sin(math.pi / 2 * left) ** 2
        return rate

    def after_step(self, config: Config) -> "Clock":
        """Returns the clock one step later; after an epoch's last step, it is at the next epoch's start."""
        rows, done = self.rows(config), self.step_in_epoch + 1
        ends = done == self.steps_in_epoch(config)
        return replace(
            self,
            steps=self.steps + 1,
            pairs=self.pairs + rows,
            epochs=self.epochs + int(ends),
            step_in_epoch=0 if ends else done,
        )
