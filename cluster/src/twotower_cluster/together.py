"""Communication of a run's processes through the host: lists, sums, rows, and errors.

Everything is sent in rounds of a bounded size, as words of 32 bits, which JAX sends unchanged.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from .refused import RefusedError

ROUND = 1 << 20
"""Largest number of words that a process sends in a round: 4 MiB."""

LEAST = 256
"""Smallest number of words of a round. Rounds have few sizes, since each size is compiled."""

T = TypeVar("T")


def is_alone() -> bool:
    """Returns whether the run has one process."""
    return jax.process_count() == 1


def gather(rows: np.ndarray) -> list[np.ndarray]:
    """Returns the rows (n, …) of each process; n may differ, the type and the other lengths may not."""
    if is_alone():
        return [rows]
    parts: list[list[np.ndarray]] = [[] for _ in range(jax.process_count())]
    for blocks in _rounds(_words(rows)):
        for part, block in zip(parts, blocks, strict=True):
            part.append(block.copy())
    shape = (-1, *rows.shape[1:])
    return [_rows(np.concatenate(part), rows.dtype).reshape(shape) for part in parts]


def total(numbers: np.ndarray) -> np.ndarray:
    """Returns the sum over all processes of an array that has the same shape on each."""
    flat = gather(np.ascontiguousarray(numbers).reshape(-1))
    whole: np.ndarray = np.sum(flat, axis=0, dtype=numbers.dtype)
    return whole.reshape(numbers.shape)


def count(number: int) -> int:
    """Returns the sum of a number over all processes."""
    return int(total(np.array([number], np.int64))[0])


def exchange(rows: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Returns the rows (n, w) of all processes that this one owns, in the order of the processes."""
    if is_alone():
        return rows
    stamped = np.column_stack([rows, owners]).astype(np.int64)
    width, mine = stamped.shape[1], jax.process_index()
    parts: list[list[np.ndarray]] = [[] for _ in range(jax.process_count())]
    for blocks in _rounds(_words(stamped), 2 * width):
        for part, block in zip(parts, blocks, strict=True):
            found = _rows(block, np.dtype(np.int64)).reshape(-1, width)
            part.append(found[found[:, -1] == mine, :-1])
    return np.concatenate([block for part in parts for block in part]).astype(rows.dtype)


def agree(act: Callable[[], T]) -> T:
    """Returns the result of `act` on this process; if one process fails, all raise its error."""
    problem, results = "", []
    try:
        results.append(act())
    except RefusedError as error:
        problem = str(error)
    told = [bytes(text).decode() for text in gather(np.frombuffer(problem.encode(), np.uint8))]
    for process, theirs in enumerate(told):
        if theirs:
            raise RefusedError(theirs if is_alone() else f"Process {process}: {theirs}")
    return results[0]


def _words(rows: np.ndarray) -> np.ndarray:
    """Returns rows as 32-bit words; if an element is not whole words, the number of bytes comes first."""
    content = np.ascontiguousarray(rows).reshape(-1).view(np.uint8)
    padded = np.concatenate([content, np.zeros(-len(content) % 4, np.uint8)])
    return padded.view(np.uint32) if rows.dtype.itemsize % 4 == 0 else _sized(padded, len(content))


def _sized(padded: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([np.array([length], np.uint32), padded.view(np.uint32)])


def _rows(words: np.ndarray, dtype: np.dtype[np.generic]) -> np.ndarray:
    """Reverses `_words`, into a flat array."""
    if dtype.itemsize % 4 == 0:
        return words.view(dtype)
    return words[1:].view(np.uint8)[: int(words[0])].view(dtype)


def _rounds(words: np.ndarray, row: int = 2) -> Iterator[list[np.ndarray]]:
    """Yields the words of each process, in rounds of whole rows."""
    lengths = _all_gather(np.array([len(words)], np.uint32)).reshape(-1).astype(int).tolist()
    longest = max(*lengths, 1)
    size = min(ROUND, max(LEAST, 1 << (longest - 1).bit_length()))
    size = -(-size // row) * row
    for first in range(0, longest, size):
        block = np.zeros(size, np.uint32)
        ours = words[first : first + size]
        block[: len(ours)] = ours
        every = _all_gather(block).reshape(len(lengths), size)
        ends = [min(max(length - first, 0), size) for length in lengths]
        yield [theirs[:end] for theirs, end in zip(every, ends, strict=True)]


def _all_gather(words: np.ndarray) -> np.ndarray:
    return np.asarray(multihost_utils.process_allgather(words))
