"""Draws, bit for bit: all numbers here were printed by the crate's `src/random.rs`."""

import jax.numpy as jnp
import numpy as np
import pytest

from twotower_cluster import draws

LARGEST = 2**32 - 1

pytestmark = pytest.mark.quick


def u32(*values: int) -> np.ndarray:
    return np.array(values, np.uint32)


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_hashes(array) -> None:  # type: ignore[no-untyped-def]
    hashed = draws.pcg(array(u32(0, 1, 2, LARGEST)))
    assert hashed.tolist() == [129708002, 2831084092, 2055130248, 3861530882]
    for seed, stream, counter, wanted in [
        (1, 2, 3, 3404032338),
        (0, 3, 0, 1943558847),
        (LARGEST, 6, 12345, 401706835),
    ]:
        assert draws.hashed(seed, stream, array(u32(counter))).tolist() == [wanted]
    keyed = draws.keyed(array(u32(0, 7, LARGEST)), array(u32(0, 9, LARGEST)))
    assert keyed.tolist() == [817759070, 2571379986, 3094549908]


@pytest.mark.parametrize("array", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_draws_below_a_bound(array) -> None:  # type: ignore[no-untyped-def]
    bits = u32(0, LARGEST, 0x89AB_CDEF, LARGEST, 123_456_789, LARGEST)
    bound = u32(7, 7, 0xFEDC_BA98, LARGEST, 1_000_003, 0)
    wanted = [0, 6, 2299472464, 4294967294, 28744, 0]
    assert draws.below(array(bits), array(bound)).tolist() == wanted


def test_draws_below_a_bound_are_the_64_bit_product() -> None:
    random = np.random.default_rng(0)
    bits, bound = random.integers(0, 2**32, (2, 10_000), dtype=np.uint32)
    wanted = (bits.astype(np.uint64) * bound.astype(np.uint64)) >> np.uint64(32)
    assert np.array_equal(draws.below(bits, bound), wanted.astype(np.uint32))


@pytest.mark.parametrize(
    ("length", "wanted"),
    [
        (1, [0]),
        (2, [0, 1]),
        (10, [5, 2, 8, 3, 1, 6, 9, 7, 0, 4]),
        (4097, [3483, 1786, 2887, 2332, 3401, 3089, 1461, 3760, 3287, 3475]),
    ],
)
def test_permutations(length: int, wanted: list[int]) -> None:
    n = jnp.arange(len(wanted), dtype=jnp.uint32)
    places = draws.permute(n, jnp.uint32(length), jnp.uint32(0xDEAD_BEEF))
    assert places.tolist() == wanted


def test_a_large_permutation() -> None:
    n = jnp.asarray(u32(0, 1, 99_999_999))
    places = draws.permute(n, jnp.uint32(100_000_000), jnp.uint32(5))
    assert places.tolist() == [8573078, 37564804, 7493459]


def test_normals() -> None:
    drawn = draws.normal(7, draws.INIT_USER, np.arange(8))
    assert drawn.view(np.uint32).tolist() == [
        *(3206865164, 3204205832, 1067673748, 3211298640),
        *(3218607391, 3222076707, 1056725983, 1059213277),
    ]
