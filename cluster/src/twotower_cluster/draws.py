"""Counter-based draws, bit for bit those of the crate (`src/random.rs`).

Every draw is a pure function of (seed, stream, counter), so each device draws its own in any order.
All functions take unsigned 32-bit numbers, of NumPy or of JAX, and wrap around.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

# Streams keep draws for different purposes apart.
SPLIT = 1
ORDER = 3
INIT_USER = 4
INIT_ITEM = 5
NEGATIVES = 6
SAMPLE = 8
KEEP = 9
HISTORY = 10
INIT_PARTS = 16

FEISTEL_ROUNDS = 6

U32 = Any
"""An array or a scalar of 32-bit unsigned numbers, of NumPy or of JAX."""


def pcg(value: U32) -> U32:
    """Returns the PCG-RXS-M-XS hash of 32 bits."""
    state = value * np.uint32(747_796_405) + np.uint32(2_891_336_453)
    shift = (state >> np.uint32(28)) + np.uint32(4)
    word = ((state >> shift) ^ state) * np.uint32(277_803_737)
    return (word >> np.uint32(22)) ^ word


def hashed(seed: int, stream: int, counter: U32) -> U32:
    """Returns draw number `counter` of a stream, uniform over 32 bits."""
    first = _pcg_of(seed)
    second = _pcg_of((stream + first) & 0xFFFFFFFF)
    return pcg(counter + np.uint32(second))


def keyed(key: U32, n: U32) -> U32:
    """Returns draw number `n` of a key that is itself a draw."""
    return pcg(key ^ pcg(n))


def below(bits: U32, bound: U32) -> U32:
    """Returns ⌊bits · bound / 2³²⌋, by halves of 16 bits: JAX has no 64-bit product by default."""
    half, low = np.uint32(16), np.uint32(0xFFFF)
    a, b, c, d = bits >> half, bits & low, bound >> half, bound & low
    middle = a * d + (b * d >> half)
    carry = (middle & low) + b * c
    return a * c + (middle >> half) + (carry >> half)


def permute(n: Array, length: Array, key: Array) -> Array:
    """Returns the places of the elements `n` in a keyed permutation of 0..length, on the device.

    An alternating Feistel network on just enough bits, applied again to results past the end.
    """
    bits = jnp.uint32(32) - lax.clz(length - np.uint32(1))
    low_bits = (bits + np.uint32(1)) // np.uint32(2)
    one = jnp.uint32(1)
    low_mask, high_mask = (one << low_bits) - one, (one << (bits - low_bits)) - one

    def walk(place: Array) -> Array:
        low, high = place & low_mask, place >> low_bits
        for round_ in range(FEISTEL_ROUNDS):
            round_key = pcg(key + np.uint32(round_))
            if round_ % 2 == 0:
                low = low ^ (pcg(high ^ round_key) & low_mask)
            else:
                high = high ^ (pcg(low ^ round_key) & high_mask)
        return (high << low_bits) | low

    def again(place: Array) -> Array:
        return jnp.where(place >= length, walk(place), place)

    return lax.while_loop(lambda place: jnp.any(place >= length), again, walk(n))


def normal(seed: int, stream: int, counter: np.ndarray) -> np.ndarray:
    """Returns standard normal draws of a stream (Box–Muller), on the host, in double precision."""
    twice = counter.astype(np.uint32) * np.uint32(2)
    unit = [(hashed(seed, stream, twice + np.uint32(k)) + 0.5) / 2.0**32 for k in (0, 1)]
    radius = np.sqrt(-2.0 * np.log(unit[0]))
    return (radius * np.cos(2.0 * np.pi * unit[1])).astype(np.float32)


def _pcg_of(value: int) -> int:
    return int(pcg(np.array([value], np.uint32))[0])
