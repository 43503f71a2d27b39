"""Searches exported vectors with FAISS and usearch: recall@k against the exact list, and times.

    python examples/retrieval.py --vectors out            # users.npy and items.npy of an export
    python examples/retrieval.py --run serving.safetensors   # the file that `--serve` wrote
    python examples/retrieval.py --made 1000000           # generated vectors around many centres

The score is the inner product, so vectors are used unchanged.
"""

import argparse
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import faiss
import numpy as np
from safetensors.numpy import load_file
from usearch.index import Index

WIDTH = 64
"""Width of generated vectors."""

AROUND = 100
"""Generated items around each centre."""

NEIGHBOURS = 32
"""Neighbours of an item in a graph: M of HNSW, as in the index that an export names."""

PROBED = 0.04
"""Share of the lists of an inverted file that are searched."""

LEAST = 8
"""Smallest number of lists that are searched."""

Search = Callable[[np.ndarray], np.ndarray]


class Row(NamedTuple):
    """An index with its cost and its recall."""

    name: str
    build: float
    """Seconds"""
    query: float
    """Milliseconds a query, one after the other on one thread"""
    recall: float


def exact(items: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """Returns the k items (Q, k) with the largest inner products, by FAISS without an approximation."""
    flat = faiss.IndexFlatIP(items.shape[1])
    flat.add(items)
    return flat.search(queries, k)[1]


def indexes(items: np.ndarray, k: int) -> Iterator[tuple[str, Callable[[], Search]]]:
    """Yields indexes by name, each with a function that builds it and returns its search."""
    width = items.shape[1]
    lists = math.isqrt(len(items))

    def of_faiss(factory: str, **settings: int) -> Search:
        index = faiss.index_factory(width, factory, faiss.METRIC_INNER_PRODUCT)
        index.train(items)
        index.add(items)
        for name, value in settings.items():
            faiss.ParameterSpace().set_index_parameter(index, name, value)
        return lambda queries: index.search(queries, k)[1]

    def of_usearch() -> Search:
        index = Index(
            ndim=width,
            metric="ip",
            dtype="f32",
            connectivity=NEIGHBOURS,
            expansion_add=128,
            expansion_search=256,
        )
        index.add(np.arange(len(items)), items)
        return lambda queries: np.asarray(index.search(queries, k).keys).reshape(len(queries), -1)

    yield "FAISS Flat (exact)", lambda: of_faiss("Flat")
    yield f"FAISS HNSW{NEIGHBOURS}", lambda: of_faiss(f"HNSW{NEIGHBOURS},Flat", efSearch=256)
    yield (
        f"FAISS IVF{lists}",
        lambda: of_faiss(f"IVF{lists},Flat", nprobe=max(round(PROBED * lists), LEAST)),
    )
    yield "usearch HNSW", of_usearch


def measure(items: np.ndarray, queries: np.ndarray, k: int) -> Iterator[Row]:
    """Builds each index over items (I, O) and searches it for queries (Q, O)."""
    wanted = exact(items, queries, k)
    for name, build in indexes(items, k):
        began = time.perf_counter()
        search = build()
        built = time.perf_counter()
        found = [search(query[None])[0] for query in queries]
        ended = time.perf_counter()
        hits = sum(
            len(set(ours.tolist()) & set(theirs.tolist()))
            for ours, theirs in zip(found, wanted, strict=True)
        )
        each = 1000 * (ended - built) / len(queries)
        yield Row(name, built - began, each, hits / wanted.size)


def made(items: int, queries: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns unit vectors of items and of queries around the same centres."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(items // AROUND, 1), WIDTH), np.float32)

    def around(count: int) -> np.ndarray:
        vectors = centres[random.integers(len(centres), size=count)]
        vectors += 0.7 * random.standard_normal(vectors.shape, np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return around(items), around(queries)


def read(vectors: Path | None, run: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Reads vectors of the items and of the users, from an export or from a serving run."""
    if vectors is not None:
        return np.load(vectors / "items.npy"), np.load(vectors / "users.npy")
    tables = load_file(run)
    return tables["item_table"], tables["user_table"]


def main() -> None:
    """Measures the indexes and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--vectors", type=Path, metavar="DIR")
    source.add_argument("--run", type=Path, metavar="FILE")
    source.add_argument("--made", type=int, metavar="ITEMS")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--k", type=int, default=20)
    chosen = parser.parse_args()
    faiss.omp_set_num_threads(1)
    if chosen.made:
        items, queries = made(chosen.made, chosen.queries)
    else:
        items, users = read(chosen.vectors, chosen.run)
        queries = np.random.default_rng(0).permutation(users)[: chosen.queries]
    print(f"{len(items):,} items of width {items.shape[1]}, {len(queries):,} queries")
    for row in measure(np.ascontiguousarray(items), np.ascontiguousarray(queries), chosen.k):
        print(
            f"{row.name:20} build {row.build:8.1f} s  query {row.query:8.3f} ms  "
            f"recall@{chosen.k} {row.recall:.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
