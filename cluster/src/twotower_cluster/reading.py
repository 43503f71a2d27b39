"""Streams interactions from Parquet and CSV files: a process keeps its share of the rows.

One process reads each row group of a Parquet file. Each process parses a whole CSV file, in blocks of
`BLOCK` bytes, and keeps every P-th block. Cells have the same meaning as in the crate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from .config import Config
from .refused import RefusedError
from .roles import NAMES, fold

BLOCK = 8 << 20
"""Bytes of a CSV file that are parsed at once."""

SECONDS_UP_TO = 2e10
"""Numbers up to this are times in seconds, up to 1000 times this in milliseconds, and so on."""

_SEPARATORS = {"tab": "\t", ";": ";", "|": "|", ",": ",", None: ","}


@dataclass
class Taken:
    """Rows of this process: distinct ids in the order of their first rows, and rows of id numbers."""

    users: dict[str, int] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)
    user_rows: list[int] = field(default_factory=list)
    """Number of the first row of each user, among the rows of all files"""
    item_rows: list[int] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    """(n, 4) user, item, time, and the number of the part"""
    counts: dict[str, int] = field(default_factory=dict)
    """Numbers of lines and of skipped lines, by the crate's names"""

    def count(self, name: str, more: int) -> None:
        """Adds to a count."""
        self.counts[name] = self.counts.get(name, 0) + more


class Source:
    """A file with known columns; a process keeps every P-th group of its rows."""

    def __init__(
        self, path: Path, config: Config, roles: Sequence[str], *, is_shared: bool
    ) -> None:
        self.path, self.config = path, config
        self.process = jax.process_index() if is_shared else 0
        self.processes = jax.process_count() if is_shared else 1
        self.is_parquet = path.suffix == ".parquet"
        try:
            names = pq.read_schema(path).names if self.is_parquet else self._csv().schema.names
        except (OSError, ValueError, LookupError) as error:
            raise self._refused(error) from error
        self.columns = {role: self._column(names, role) for role in roles}

    def batches(self, groups: int) -> Iterator[tuple[int, int, pa.RecordBatch | None]]:
        """Yields all groups: the number of the first row, the number of rows, and the rows that are kept.

        `groups` is the number of groups in earlier files: the processes' turns continue from there.
        """
        try:
            first = 0
            for number, (count, batch) in enumerate(
                self._parquet(groups) if self.is_parquet else self._text(), groups
            ):
                yield first, count, batch if self._keeps(number) else None
                first += count
        except (OSError, ValueError, LookupError) as error:
            raise self._refused(error) from error

    def _parquet(self, groups: int) -> Iterator[tuple[int, pa.RecordBatch | None]]:
        names = list(dict.fromkeys(self.columns.values()))
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                rows = file.metadata.row_group(group).num_rows
                batches = []
                if self._keeps(groups + group):
                    table = file.read_row_group(group, columns=names).combine_chunks()
                    batches = table.to_batches()
                yield rows, batches[0] if batches else None

    def _text(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        names = list(dict.fromkeys(self.columns.values()))
        types = {name: pa.string() for name in names}
        convert = pyarrow.csv.ConvertOptions(
            column_types=types, include_columns=names, strings_can_be_null=False
        )
        for batch in self._csv(convert):
            yield batch.num_rows, batch

    def _keeps(self, number: int) -> bool:
        return number % self.processes == self.process

    def _csv(self, convert: Any = None) -> Any:
        data = self.config.options["data"]
        return pyarrow.csv.open_csv(
            self.path,
            read_options=pyarrow.csv.ReadOptions(
                block_size=BLOCK,
                autogenerate_column_names=data["header"] is False,
                encoding=data["encoding"] or "utf8",
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=_SEPARATORS[data["separator"]], newlines_in_values=True
            ),
            convert_options=convert,
        )

    def _column(self, names: Sequence[str], role: str) -> str:
        wanted = self.config.options["data"]["columns"].get(role)
        if isinstance(wanted, int) and wanted < len(names):
            return names[wanted]
        if isinstance(wanted, str):
            alike = [name for name in names if fold(name) == fold(wanted)]
            found = [wanted] if wanted in names else alike
        else:
            folded = {fold(name): name for name in reversed(names)}
            found = [folded[name] for name in NAMES[role].split() if name in folded]
        if not found or isinstance(wanted, int):
            raise RefusedError(
                f"{self.path}: there is no column for `data.columns.{role}`; columns: "
                f"{', '.join(names)}."
            )
        return found[0]

    def _refused(self, error: Exception) -> RefusedError:
        reason = " ".join(str(error).split())
        return RefusedError(f"{self.path}: cannot read the file: {reason}")


def check(paths: Sequence[Path], config: Config) -> None:
    """Rejects options that only the crate supports, and missing files."""
    data = config.options["data"]
    if data["separator"] not in _SEPARATORS:
        raise RefusedError(
            f'`data.separator` "{data["separator"]}" is not available here: use one of tab ; | ,'
        )
    for name in ("layout", "timeFormat"):
        if data[name] is not None:
            raise RefusedError(
                f"`data.{name}` is not available here: load the data in the crate, then resume the "
                "saved run."
            )
    for path in paths:
        if not path.is_file():
            raise RefusedError(f"{path}: cannot read the file: there is no such file.")


def take(paths: Sequence[tuple[Path, int]], config: Config, *, timed: bool) -> Taken:
    """Reads this process's share of some files, each with the number of its part."""
    roles = ["user", "item"]
    if config.options["data"]["minRating"] is not None:
        roles.append("rating")
    if timed:
        roles.append("timestamp")
    taken, before, groups = Taken(), 0, 0
    for path, part in paths:
        source, rows = Source(path, config, roles, is_shared=True), 0
        for first, count, batch in source.batches(groups):
            groups += 1
            rows = first + count
            if batch is not None:
                _take(taken, source, batch, before + first, part)
        before += rows
    return taken


def _take(taken: Taken, source: Source, batch: pa.RecordBatch, first: int, part: int) -> None:
    """Adds the valid rows of a batch, and counts the others."""
    config = source.config
    users, items = (_ids(source, batch, role) for role in ("user", "item"))
    has_user, has_item = (np.asarray(ids.is_valid()) for ids in (users, items))
    taken.count("lines", len(has_user))
    taken.count("withoutUser", int((~has_user).sum()))
    taken.count("withoutItem", int((has_user & ~has_item).sum()))
    stays = has_user & has_item
    least = config.options["data"]["minRating"]
    if least is not None:
        ratings = _numbers(source, batch, "rating")
        taken.count("badLines", int((stays & np.isnan(ratings)).sum()))
        taken.count("belowMinRating", int((stays & (ratings < least)).sum()))
        stays &= ratings >= least
    times = np.zeros(len(stays), np.int64)
    if "timestamp" in source.columns:
        times, known = _times(source, batch)
        taken.count("badLines", int((stays & ~known).sum()))
        stays &= known
    at = np.flatnonzero(stays)
    found = [
        _number(ids.take(pa.array(at)), first + at, known, rows)
        for ids, known, rows in (
            (users, taken.users, taken.user_rows),
            (items, taken.items, taken.item_rows),
        )
    ]
    taken.rows.append(np.column_stack([*found, times[at], np.full(len(at), part)]))


def _number(
    ids: pa.StringArray, rows: np.ndarray, known: dict[str, int], first_rows: list[int]
) -> np.ndarray:
    """Returns the number of each id; adds new ids, each with its first row."""
    encoded = ids.dictionary_encode()
    codes = np.asarray(encoded.indices)
    _, begins = np.unique(codes, return_index=True)
    numbers = np.zeros(len(encoded.dictionary), np.int64)
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        number = known.setdefault(text, len(known))
        if number == len(first_rows):
            first_rows.append(int(rows[begins[code]]))
        numbers[code] = number
    return numbers[codes]


def _ids(source: Source, batch: pa.RecordBatch, role: str) -> pa.StringArray:
    """Returns ids as text without blanks around them; null where the cell has no value."""
    column = batch.column(source.columns[role])
    if pa.types.is_floating(column.type):
        whole = pc.cast(column, pa.int64(), safe=False)
        if pc.all(pc.equal(pc.cast(whole, column.type), column)).as_py() is not False:
            column = whole
    text = pc.ascii_trim_whitespace(pc.cast(column, pa.string()))
    words = pa.array(["", *source.config.options["data"]["missing"]], pa.string())
    return pc.if_else(pc.is_in(text, value_set=words), pa.scalar(None, pa.string()), text)


def _numbers(source: Source, batch: pa.RecordBatch, role: str) -> np.ndarray:
    """Returns the numbers of a column; NaN where a cell has none."""
    column = batch.column(source.columns[role])
    if pa.types.is_string(column.type):
        text = pc.ascii_trim_whitespace(column)
        is_number = pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
        column = pc.if_else(is_number, text, pa.scalar(None, pa.string()))
    return np.asarray(pc.fill_null(pc.cast(column, pa.float64(), safe=False), float("nan")))


def _times(source: Source, batch: pa.RecordBatch) -> tuple[np.ndarray, np.ndarray]:
    """Returns times in milliseconds since 1970, and whether a cell has one."""
    column = batch.column(source.columns["timestamp"])
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        time = pc.cast(pc.cast(column, pa.timestamp("ms"), safe=False), pa.int64())
        return np.asarray(pc.fill_null(time, 0)), np.asarray(column.is_valid())
    number = _numbers(source, batch, "timestamp")
    known = np.isfinite(number)
    if len(known) and not known.any():
        raise RefusedError(
            f"{source.path}: `data.columns.timestamp`: times are numbers or Parquet's timestamps "
            "here. Load dates in the crate, then resume the saved run."
        )
    number = np.where(known, number, 0.0)
    size, time = np.abs(number) / SECONDS_UP_TO, number * 1000.0
    while (size > 1.0).any():
        time, size = np.where(size > 1.0, time / 1000.0, time), size / 1000.0
    return (np.sign(time) * np.floor(np.abs(time) + 0.5)).astype(np.int64), known


def titles(paths: Sequence[Path], config: Config) -> dict[str, str]:
    """Returns titles of items by id; each process reads the whole files."""
    found: dict[str, str] = {}
    for path in paths:
        source = Source(path, config, ["item", "title"], is_shared=False)
        for _, _, batch in source.batches(0):
            if batch is None:  # a group without rows
                continue
            ids, texts = _ids(source, batch, "item"), _ids(source, batch, "title")
            for item, title in zip(ids.to_pylist(), texts.to_pylist(), strict=True):
                if item is not None and title is not None:
                    found.setdefault(item, title)
    return found
