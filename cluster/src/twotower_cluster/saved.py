"""The file of a saved run, as the page reads and writes it: tensors, data set and a record.

`src/checkpoint/` defines the format: a safetensors file whose metadata has the record under
`twotower`. Tensors have the names of the crate's plan. Only the outputs in the bank and the snapshot
of the drift are padded, to multiples of 8 rows.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from .config import Config, resolve
from .dataset import Dataset, Features, Lists, Sizes, rows
from .refused import RefusedError

VERSION = 1
_KEY = "twotower"
_TILE = 8

Arrays = dict[str, np.ndarray]
Record = dict[str, Any]


@dataclass(frozen=True)
class SavedRun:
    """A saved run in host memory."""

    record: Record
    config: Config
    dataset: Dataset
    tensors: Arrays
    """Parameters, optimiser state and bank"""
    epoch_losses: np.ndarray
    """Losses of the steps of an epoch that has not ended"""


def read(path: Path) -> SavedRun:
    """Reads a saved run of this version."""
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise RefusedError(f"{path}: cannot resume from this file: {error}") from error
    record = _record(path, metadata)
    if record["run"].get("edge") is not None:
        raise RefusedError(
            f"{path}: the run was saved during an evaluation: resume it where it was saved, and save "
            "it after the evaluation."
        )
    config = resolve(record["config"])
    try:
        dataset = _dataset(arrays, record["data"])
        losses = arrays.pop("losses.epoch")
        del arrays["losses.untold"]
    except KeyError as missing:
        raise RefusedError(f"{path}: cannot resume: there is no tensor {missing}.") from missing
    return SavedRun(record, config, dataset, unpack_bank(arrays), losses)


def read_to_train(path: Path) -> SavedRun:
    """Reads a saved run that has interactions."""
    run = read(path)
    if run.dataset.sizes.train == 0:
        raise RefusedError(
            f"{path}: a serving run has no interactions, so it cannot be trained: resume the run that "
            "`--save` wrote."
        )
    return run


def write(path: Path, run: SavedRun) -> None:
    """Writes a saved run under a temporary name, then renames it, so no file is half written."""
    envelope = {"version": VERSION, "by": "twotower-cluster", "record": run.record}
    arrays = {**pack_bank(run.tensors), **_dataset_arrays(run.dataset)}
    arrays["losses.epoch"] = run.epoch_losses.astype(np.float32)
    arrays["losses.untold"] = np.zeros(0, np.float32)
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file(whole, temporary, {_KEY: json.dumps(envelope, allow_nan=False)})
        temporary.chmod(0o644)
        temporary.replace(path)
    except (OSError, ValueError, SafetensorError) as error:
        raise RefusedError(f"{path}: cannot save the run: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _record(path: Path, metadata: Mapping[str, str]) -> Record:
    try:
        envelope = json.loads(metadata[_KEY])
        version, record = envelope["version"], envelope["record"]
    except (KeyError, ValueError, TypeError) as error:
        raise RefusedError(f"{path}: cannot resume: the file has no record of a run.") from error
    if version != VERSION:
        raise RefusedError(
            f"{path}: the saved run has version {version}; this package reads version {VERSION}."
        )
    return dict(record)


def pack_bank(tensors: Arrays) -> Arrays:
    """Returns tensors as in a file: bank entries as one (M, 4), outputs padded to multiples of 8 rows."""
    packed = {}
    for name, tensor in tensors.items():
        if name in ("bank_ids", "bank_log_q", "bank_mean_logit"):
            continue
        if name in ("bank_items", "bank_users", "drift_before"):
            tensor = _padded(tensor)
        packed[name] = tensor.astype(np.uint32) if tensor.dtype == np.int32 else tensor
    if "bank_ids" in tensors:
        ids = tensors["bank_ids"].astype(np.uint32)
        reals = (tensors[name].view(np.uint32) for name in ("bank_log_q", "bank_mean_logit"))
        packed["bank_entries"] = np.stack([ids, *reals, np.zeros_like(ids)], axis=1)
    return packed


def unpack_bank(arrays: Arrays) -> Arrays:
    """Reverses `pack_bank`; the padding of `drift_before` stays."""
    tensors = dict(arrays)
    entries = tensors.pop("bank_entries", None)
    if entries is not None:
        tensors["bank_ids"] = entries[:, 0].astype(np.int32)
        tensors["bank_log_q"] = np.ascontiguousarray(entries[:, 1]).view(np.float32)
        tensors["bank_mean_logit"] = np.ascontiguousarray(entries[:, 2]).view(np.float32)
        for name in ("bank_items", "bank_users"):
            if name in tensors:
                tensors[name] = tensors[name][: len(entries)]
    if "last_seen" in tensors:
        tensors["last_seen"] = tensors["last_seen"].astype(np.int32)
    return tensors


def _padded(rows: np.ndarray) -> np.ndarray:
    more = -len(rows) % _TILE
    return np.concatenate([rows, np.zeros((more, *rows.shape[1:]), rows.dtype)])


def _dataset(arrays: Arrays, report: dict[str, Any]) -> Dataset:
    """Removes the data set's tensors from those of a file, and returns the data set."""
    parts = [
        arrays.pop(f"pairs.{name}").astype(np.int64) for name in ("train", "validation", "test")
    ]
    train, validation, test = (part.reshape(-1, 2) for part in parts)
    features = [_features(arrays, f"features.{name}") for name in ("user", "item")]
    counts = [rows(features[side], int(train[:, side].max(initial=-1)) + 1) for side in (0, 1)]
    return Dataset(
        users=_texts(arrays, "users"),
        items=_texts(arrays, "items"),
        titles=_texts(arrays, "titles"),
        train=train,
        validation=validation,
        test=test,
        n_users=counts[0],
        n_items=counts[1],
        sizes=Sizes(len(train), len(validation), len(test)),
        user_features=features[0],
        item_features=features[1],
        report=report,
    )


def _dataset_arrays(dataset: Dataset) -> Arrays:
    arrays: Arrays = {}
    texts = {"users": dataset.users, "items": dataset.items, "titles": dataset.titles}
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    arrays |= {f"pairs.{name}": part.astype(np.uint32) for name, part in parts.items()}
    for name, features in (("user", dataset.user_features), ("item", dataset.item_features)):
        if features is not None:
            texts[f"features.{name}"] = features.vocabulary
            arrays[f"features.{name}.offsets"] = features.lists.offsets.astype(np.uint32)
            arrays[f"features.{name}.members"] = features.lists.members.astype(np.uint32)
            arrays[f"features.{name}.bounds"] = features.bounds.astype(np.float64)
    for name, words in texts.items():
        encoded = [word.encode() for word in words]
        arrays[name] = np.frombuffer(b"".join(encoded), np.uint8)
        arrays[f"{name}.lengths"] = np.array([len(word) for word in encoded], np.uint32)
    return arrays


def _texts(arrays: Arrays, name: str) -> list[str]:
    """Splits concatenated texts by their lengths in bytes."""
    whole = arrays.pop(name).tobytes()
    ends = np.cumsum(arrays.pop(f"{name}.lengths").astype(np.int64)).tolist()
    starts = [0, *ends[:-1]]
    return [whole[start:end].decode() for start, end in zip(starts, ends, strict=True)]


def _features(arrays: Arrays, name: str) -> Features | None:
    if name not in arrays:
        return None
    offsets, members = (
        arrays.pop(f"{name}.{part}").astype(np.int64) for part in ("offsets", "members")
    )
    bounds = arrays.pop(f"{name}.bounds")
    return Features(_texts(arrays, name), Lists(offsets, members), bounds)
