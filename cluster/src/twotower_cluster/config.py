"""The options of a run, typed, from the same JSON as the crate's. Unknown options are rejected."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .refused import RefusedError

Options = dict[str, Any]

_TOWER: Options = {"id": True, "features": [], "layers": [], "out": None}
_FILE: Options = {"id": None, "header": None, "separator": None}

DEFAULTS: Options = {
    "preset": None,
    "dim": 64,
    "batchSize": 256,
    "epochs": 12,
    "seed": 0,
    "normalize": True,
    "temperature": 0.2,
    "init": 0.1,
    "metric": "ndcg@20",
    "patience": None,
    "tune": None,
    "optimizer": {
        "kind": "adam",
        "learningRate": 0.004,
        "schedule": "constant",
        "warmup": 0,
        "l2": 0,
    },
    "negatives": {
        "kind": "in-batch",
        "count": 5,
        "alpha": 0.75,
        "logQ": True,
        "gapRate": 0.01,
    },
    "onebp": None,
    "cbns": None,
    "skip": None,
    "towers": {"user": {**_TOWER, "history": None}, "item": _TOWER},
    "split": {"kind": "random", "test": 0.2, "validation": 0, "at": None},
    "data": {
        "minRating": None,
        "core": None,
        "columns": {"user": None, "item": None, "rating": None, "timestamp": None},
        "header": None,
        "layout": None,
        "separator": None,
        "items": {**_FILE, "title": None},
        "users": _FILE,
        "encoding": None,
        "timeFormat": None,
        "missing": ["NA", "NULL", "null", "nan", "NaN", "None", "\\N"],
    },
}
"""Every option of the crate with its default; a test compares them with `src/config/options.rs`."""

GROUPS: dict[str, Options] = {
    "tune": {"temperature": [0.1, 0.15, 0.2, 0.25], "validation": 0.1},
    "onebp": {"beta": 0.99},
    "cbns": {"capacity": 4096, "warmup": "auto", "sides": "both"},
    "skip": {
        "policy": "stale",
        "share": 0.3,
        "rows": "both",
        "hotShare": 0.8,
        "start": 2,
        "sample": 0.1,
        "recheck": 1,
        "keep": 0,
        "until": 1,
    },
    "towers.user.history": {"table": "shared", "power": 0.5, "cap": 100},
}
"""Groups that are off unless given, with their defaults."""

PRESETS: dict[str, Options] = {
    "fast": {"dim": 32, "epochs": 6, "optimizer": {"learningRate": 0.008}},
    "balanced": {},
    "best": {
        "dim": 256,
        "epochs": 20,
        "patience": 3,
        "optimizer": {"learningRate": 0.002},
        "tune": {"temperature": [0.1, 0.15, 0.2]},
    },
}

_WORDS: dict[str, tuple[object, ...]] = {
    "optimizer.kind": ("adam", "adagrad", "sgd"),
    "optimizer.schedule": ("constant", "cosine"),
    "negatives.kind": ("in-batch", "uniform", "popularity", "mixed"),
    "negatives.logQ": (True, False, "streaming"),
    "cbns.sides": ("both", "items"),
    "skip.policy": ("stale", "popularity", "cap", "random"),
    "skip.rows": ("both", "item"),
    "towers.user.history.table": ("shared", "separate"),
    "metric": ("recall@10", "recall@20", "ndcg@10", "ndcg@20", "hit@10", "mrr@10"),
}
"""Options whose values are words."""

_POSITIVE = ("dim", "batchSize", "epochs", "temperature", "negatives.count", "cbns.capacity")


@dataclass(frozen=True)
class Optimizer:
    """How gradients change the parameters."""

    kind: str
    learning_rate: float
    schedule: str
    warmup: float
    l2: float


@dataclass(frozen=True)
class Negatives:
    """Negatives of the softmax."""

    kind: str
    count: int
    alpha: float
    log_q: bool | str
    gap_rate: float

    @property
    def per_row(self) -> int:
        """Negatives that are drawn for each pair."""
        return self.count if self.kind in ("uniform", "popularity") else 0

    @property
    def shared(self) -> int:
        """Negatives that are drawn for the whole batch."""
        return self.count if self.kind == "mixed" else 0

    @property
    def is_corrected(self) -> bool:
        """Whether a log q is subtracted from the logits."""
        return self.log_q is not False and self.kind != "uniform"

    @property
    def is_streaming(self) -> bool:
        """Whether log q is estimated batch by batch."""
        return self.log_q == "streaming"


@dataclass(frozen=True)
class Cbns:
    """The bank of earlier batches."""

    capacity: int
    warmup: int | str
    sides: str


@dataclass(frozen=True)
class Skip:
    """Which pairs are skipped."""

    policy: str
    share: float
    rows: str
    hot_share: float
    start: int
    sample: float
    recheck: int
    keep: float
    until: float


@dataclass(frozen=True)
class History:
    """Users as the sum of their items' embeddings."""

    table: str
    power: float
    cap: int


@dataclass(frozen=True)
class Tower:
    """Inputs and layers of a tower."""

    name: str
    id: bool
    features: bool
    history: History | None
    widths: tuple[int, ...]
    """Output width of each layer."""


@dataclass(frozen=True)
class Config:
    """The options of a run, complete and valid; see `resolve`."""

    options: Options
    """All options as JSON, for the saved run."""
    dim: int
    batch_size: int
    epochs: int
    seed: int
    normalize: bool
    temperature: float
    init: float | str
    metric: str
    optimizer: Optimizer
    negatives: Negatives
    onebp: float | None
    """β of OneBP."""
    cbns: Cbns | None
    skip: Skip | None
    user: Tower
    item: Tower

    @property
    def out_width(self) -> int:
        """Width O of the outputs."""
        return self.item.widths[-1] if self.item.widths else self.dim

    def to_serve(self) -> "Config":
        """Returns the options of a serving run: its two tables hold the outputs of this run's towers."""
        kept = ("normalize", "temperature", "seed", "epochs", "metric", "split", "data")
        return resolve(
            {"dim": self.out_width, "optimizer.kind": "sgd"}
            | {name: self.options[name] for name in kept}
        )

    @property
    def shares_items(self) -> bool:
        """Whether histories are sums of the item tower's embeddings."""
        return self.user.history is not None and self.user.history.table == "shared"


def read(path: Path) -> Options:
    """Reads the options of a file: the report of a run, or a saved config."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RefusedError(f"{path}: cannot read the options: {error}") from error
    options = value.get("config", value) if isinstance(value, dict) else value
    if not isinstance(options, dict):
        raise RefusedError(f"{path}: the options are not a JSON object.")
    return options


def resolve(options: Mapping[str, Any]) -> Config:
    """Merges options over the defaults, or over those of their preset, and checks them."""
    merged = copy.deepcopy(DEFAULTS)
    preset = options.get("preset")
    if preset is not None:
        if preset not in PRESETS:
            raise RefusedError(f"`preset`: {preset!r} is not one of {', '.join(PRESETS)}.")
        _merge("", PRESETS[preset], merged)
    _merge("", options, merged)
    _check_values(merged)
    config = _typed(merged)
    _check_together(config)
    return config


def _merge(path: str, options: Mapping[str, Any], into: Options) -> None:
    for name, value in options.items():
        if "." in name:
            group, rest = name.split(".", 1)
            _merge(path, {group: {rest: value}}, into)
            continue
        key = f"{path}.{name}" if path else name
        if name not in into:
            raise RefusedError(f"`{key}`: no such option. Allowed: {', '.join(into)}.")
        if key in GROUPS and isinstance(value, Mapping) and into[name] is None:
            into[name] = copy.deepcopy(GROUPS[key])
        if not isinstance(into[name], dict) or (key in GROUPS and value is None):
            into[name] = copy.deepcopy(value)
        elif isinstance(value, Mapping):
            _merge(key, value, into[name])
        else:
            raise RefusedError(f"`{key}`: {json.dumps(value)} is not an object.")


def _get(options: Options, key: str) -> Any:
    value: Any = options
    for name in key.split("."):
        value = None if value is None else value[name]
    return value


def _check_values(options: Options) -> None:
    for key, words in _WORDS.items():
        value = _get(options, key)
        is_off = value is None and any(key.startswith(f"{group}.") for group in GROUPS)
        if not is_off and value not in words:
            allowed = ", ".join(json.dumps(word) for word in words)
            raise RefusedError(f"`{key}`: {json.dumps(value)} is not allowed. Allowed: {allowed}.")
    for key in _POSITIVE:
        value = _get(options, key)
        if value is not None and (isinstance(value, str | bool) or not value > 0):
            raise RefusedError(f"`{key}`: {json.dumps(value)} is not a number above 0.")


def _typed(options: Options) -> Config:
    towers, cbns, skip = options["towers"], options["cbns"], options["skip"]
    return Config(
        options=options,
        dim=options["dim"],
        batch_size=options["batchSize"],
        epochs=options["epochs"],
        seed=options["seed"],
        normalize=options["normalize"],
        temperature=options["temperature"],
        init=options["init"],
        metric=options["metric"],
        optimizer=Optimizer(**_fields(options["optimizer"])),
        negatives=Negatives(**_fields(options["negatives"])),
        onebp=options["onebp"] and options["onebp"]["beta"],
        cbns=Cbns(**_fields(cbns)) if cbns else None,
        skip=Skip(**_fields(skip)) if skip else None,
        user=_tower("user", towers["user"], options["dim"]),
        item=_tower("item", towers["item"], options["dim"]),
    )


def _fields(options: Options) -> Options:
    """Returns a group of options with Python's names: `learningRate` is `learning_rate`."""
    return {re.sub("[A-Z]", r"_\g<0>", name).lower(): value for name, value in options.items()}


def _tower(name: str, options: Options, dim: int) -> Tower:
    hidden, out, history = options["layers"], options["out"], options.get("history")
    last = [out] if out is not None else [dim] if hidden else []
    return Tower(
        name=name,
        id=options["id"],
        features=bool(options["features"]),
        history=History(**history) if history else None,
        widths=(*hidden, *last),
    )


def _check_together(config: Config) -> None:
    """Rejects options that are valid alone, but not together."""
    user, item = config.user, config.item
    own = config.negatives.per_row > 0
    problems = (
        (
            not (user.id or user.features or user.history),
            "`towers.user`: set `id`, `features` or `history`.",
        ),
        (not (item.id or item.features), "`towers.item`: set `id` or `features`."),
        (
            config.shares_items and not item.id,
            '`towers.user.history.table`: "shared" needs `towers.item.id`.',
        ),
        (
            config.onebp is not None and not _is_table(user),
            "`onebp`: the user tower must have ids, and no features, history or layers.",
        ),
        (
            config.onebp is None and _out(user, config.dim) != _out(item, config.dim),
            "`towers.user.out`: both towers need the same output width.",
        ),
        (
            config.cbns is not None and own,
            '`cbns`: a bank needs `negatives.kind` "in-batch" or "mixed".',
        ),
        (
            config.negatives.is_streaming and config.negatives.kind != "in-batch",
            '`negatives.logQ`: "streaming" needs `negatives.kind` "in-batch".',
        ),
    )
    for is_wrong, problem in problems:
        if is_wrong:
            raise RefusedError(problem)


def _out(tower: Tower, dim: int) -> int:
    return tower.widths[-1] if tower.widths else dim


def _is_table(tower: Tower) -> bool:
    return tower.id and not tower.features and tower.history is None and not tower.widths
