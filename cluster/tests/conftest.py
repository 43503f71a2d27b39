"""Four devices in this process, so that every test runs on one shard and on several."""

import os
from pathlib import Path

import pytest

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax

from twotower_cluster.shards import Shards

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=[1, 4], ids=["one shard", "four shards"])
def shards(request: pytest.FixtureRequest) -> Shards:
    return Shards.of(jax.devices()[: request.param])
