"""Reads interactions from Parquet and CSV files into a data set, numbered and split as the crate does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from .config import Config
from .dataset import Dataset, in_order, renumber, split_random
from .refused import RefusedError

_NAMES = {
    "user": ("user", "user_id", "userid", "customer_id", "customerid"),
    "item": (
        "item",
        "item_id",
        "itemid",
        "movie_id",
        "movieid",
        "book_id",
        "product_id",
        "stockcode",
    ),
    "rating": ("rating", "score", "stars"),
}
"""Names of columns where the options give none; the case does not matter."""


def read(paths: Sequence[Path], config: Config, test: Sequence[Path] = ()) -> Dataset:
    """A data set of some files; `test` are the files of the test part for `split.kind` "given"."""
    split = config.options["split"]
    if split["kind"] not in ("given", "random"):
        raise RefusedError(
            f'`split.kind` "{split["kind"]}" is not available here: split the data in the crate and '
            'resume the saved run, or use "random" or "given".'
        )
    for name in ("user", "item"):
        if config.options["towers"][name]["features"]:
            raise RefusedError(
                f"`towers.{name}.features` is not available for `--data`: resume a saved run, which "
                "has them."
            )
    if config.options["data"]["core"] is not None:
        raise RefusedError("`data.core` is not available here: filter the data before.")
    tables = [_table(path, config) for path in [*paths, *test]]
    users, user_ids = _numbered([table["user"] for table in tables])
    items, item_ids = _numbered([table["item"] for table in tables])
    pairs = np.stack([users, items], axis=1)
    rows = sum(table.num_rows for table in tables[: len(paths)])
    train, tested = _distinct(pairs[:rows]), _distinct(pairs[rows:])
    if split["kind"] == "random" and not test:
        parts = split_random(train, len(user_ids), config.seed, split["test"], split["validation"])
    else:
        parts = (in_order(train), train[:0], in_order(_without(tested, train)))
    user_ids, renumbered = renumber(user_ids, parts, 0)
    item_ids, renumbered = renumber(item_ids, renumbered, 1)
    train, validation, tested = (in_order(part) for part in renumbered)
    if not len(train):
        raise RefusedError(f"{paths[0]}: no interaction is left to train on.")
    return Dataset(
        users=user_ids,
        items=item_ids,
        titles=[""] * len(item_ids),
        train=train,
        validation=validation,
        test=tested,
        user_features=None,
        item_features=None,
        report=_report(len(pairs), train, user_ids, item_ids),
    )


def _table(path: Path, config: Config) -> pa.Table:
    """The user and item columns of a file, as text, of the rows that count."""
    try:
        is_parquet = path.suffix == ".parquet"
        whole = pq.read_table(path) if is_parquet else pyarrow.csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise RefusedError(f"{path}: cannot read the file: {error}") from error
    columns = {role: _column(path, whole, role, config) for role in ("user", "item")}
    least = config.options["data"]["minRating"]
    if least is not None:
        rating = _column(path, whole, "rating", config)
        columns = {
            role: column.filter(pc.greater_equal(rating, least)) for role, column in columns.items()
        }
    found = pa.table({role: pc.cast(column, pa.string()) for role, column in columns.items()})
    return found.drop_null()


def _column(path: Path, table: pa.Table, role: str, config: Config) -> pa.ChunkedArray[Any]:
    wanted = config.options["data"]["columns"][role]
    if isinstance(wanted, int):
        return table.column(wanted)
    names = (wanted,) if wanted is not None else _NAMES[role]
    for name in table.column_names:
        if name in names or (wanted is None and name.lower() in names):
            return table.column(name)
    raise RefusedError(
        f"{path}: there is no column for `data.columns.{role}`; columns: "
        f"{', '.join(table.column_names)}."
    )


def _numbered(columns: Sequence[pa.ChunkedArray[Any]]) -> tuple[np.ndarray, list[str]]:
    """Ids numbered in the order in which they are first seen, and their texts."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    whole = pa.chunked_array(chunks, pa.string()).combine_chunks()
    encoded = whole.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return np.asarray(encoded.indices).astype(np.int64), [
        str(text) for text in encoded.dictionary.to_pylist()
    ]


def _distinct(pairs: np.ndarray) -> np.ndarray:
    return np.unique(pairs, axis=0) if len(pairs) else pairs


def _without(pairs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Pairs (n, 2) that are not among others: a test of what was trained on tells nothing."""
    width = max(pairs[:, 1].max(initial=0), others[:, 1].max(initial=0)) + 1
    keys, known = (each[:, 0] * width + each[:, 1] for each in (pairs, others))
    return pairs[~np.isin(keys, known)]


def _report(lines: int, train: np.ndarray, users: list[str], items: list[str]) -> dict[str, Any]:
    """What happened to the data on its way in, as the crate reports it."""
    zero = ("badLines", "withoutUser", "withoutItem", "belowMinRating", "duplicates")
    more = (
        "heldOutSeenBefore",
        "droppedByCore",
        "splitWithinTie",
        "unknownFeatures",
        "titledItems",
    )
    return {
        "lines": lines,
        "firstBadLines": [],
        **dict.fromkeys((*zero, *more), 0),
        "testOnlyUsers": len(users) - len(np.unique(train[:, 0])),
        "testOnlyItems": len(items) - len(np.unique(train[:, 1])),
        "read": [],
        "warnings": [],
        "notes": [],
    }
