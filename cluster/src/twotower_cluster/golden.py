"""Golden cases: inputs and float64 results of an independent implementation (`tests/golden/`).

Every number must lie within the crate's tolerance: |x − ref| ≤ 1e-5 + 2e-4 · |ref|.
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import evaluate, gaps, skip
from .clock import Clock
from .config import Config, Optimizer, resolve
from .refused import RefusedError
from .shards import NO_ID, Shards
from .start import lists_table, place, zero_state
from .step import Batch, Data, Trainer
from .towers import Inputs, Tensors

ABSOLUTE = 1e-5
RELATIVE = 2e-4

Case = dict[str, Any]


@dataclass
class Report:
    """Result of a case."""

    name: str
    worst: float = 0.0
    """The largest error as a share of the tolerance: above 1 is a miss."""
    worst_at: str = ""
    numbers: int = 0

    @property
    def passed(self) -> bool:
        """Whether there are numbers and all of them lie within the tolerance."""
        return self.numbers > 0 and self.worst <= 1.0

    def compare(self, place: str, ours: Any, reference: Any) -> None:
        """Compares numbers with the reference."""
        found, wanted = np.ravel(np.asarray(ours, float)), np.ravel(np.asarray(reference, float))
        self.numbers += len(wanted)
        if found.shape != wanted.shape:
            self.worst = np.inf
            self.worst_at = f"{place}: {len(found)} numbers for {len(wanted)}"
            return
        share = np.abs(found - wanted) / (ABSOLUTE + RELATIVE * np.abs(wanted))
        share = np.where(np.isnan(share), np.inf, share)
        if len(share) and share.max() > self.worst:
            n = int(share.argmax())
            self.worst = float(share[n])
            self.worst_at = f"{place}[{n}]: {found[n]} for {wanted[n]}"


def run(path: Path, shards: Shards) -> Report:
    """Runs the case of a file."""
    case = json.loads(path.read_text(encoding="utf-8"))
    report = Report(path.stem)
    if "metrics" in case:
        _evaluation(report, case, shards)
    elif "initial_gap" in case:
        _streaming(report, case, shards)
    elif "case" in case:
        _training(report, case, shards)
    elif "history" in case:
        _history(report, case, shards)
    elif "snapshot1" in case:
        _staleness(report, case)
    else:
        raise RefusedError(f"{path}: this is not a known kind of golden case.")
    return report


def run_all(folder: Path, shards: Shards) -> Iterator[Report]:
    """Runs all cases of a folder, in the order of their names."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise RefusedError(f"{folder}: there is no golden case (*.json).")
    yield from (run(path, shards) for path in paths)


def _training(report: Report, case: Case, shards: Shards) -> None:
    options = case["case"]
    config = _config(options)
    bags = options["tower"].get("bag", False)
    sides = {
        side: Inputs(features=_features(shards, case[f"{side}_features"]) if bags else None)
        for side in ("user", "item")
    }
    data = Data(user=sides["user"], item=sides["item"])
    start = _named(case["init"])
    trainer = Trainer(shards, config, options["items"])
    batches = _batches(trainer, case["batches"])

    descent = _plain_descent(trainer)
    tensors = _tensors(shards, descent.config, start, case["log_q"])
    _, (moved, *_) = _steps(descent, tensors, data, batches[:1])
    for name, reference in _named(case["grad_step1"]).items():
        if config.onebp is not None and name == "user_table":
            continue
        rows = len(start[name])
        report.compare(f"grad_step1.{name}", start[name] - _host(moved[name], rows), reference)

    tensors = _tensors(shards, config, start, case["log_q"])
    losses, (last, clock) = _steps(trainer, tensors, data, batches)
    report.compare("loss", losses, case["loss"])
    for name, reference in _named(case["final"]).items():
        report.compare(f"final.{name}", _host(last[name], len(start[name])), reference)
    if "final_queue" in case:
        _bank(report, case["final_queue"], config, last, clock)


def _bank(report: Report, queue: Case, config: Config, tensors: Tensors, clock: Clock) -> None:
    assert config.cbns is not None, "a case with a queue has a bank"
    capacity = config.cbns.capacity
    report.compare("final_queue.cursor", clock.pairs % capacity, queue["cursor"])
    report.compare("final_queue.length", min(clock.pairs, capacity), queue["length"])
    report.compare("final_queue.item", _host(tensors["bank_ids"], capacity), queue["item"])
    outputs = _host(tensors["bank_items"], capacity)
    report.compare("final_queue.embedding", outputs, queue["embedding"])


def _history(report: Report, case: Case, shards: Shards) -> None:
    config = resolve(
        {
            "dim": case["dim"],
            "batchSize": case["batch"],
            "normalize": case["normalize"],
            "temperature": case["temperature"],
            "towers": {"user": {"id": False, "history": {"power": case["power"]}}},
            "optimizer": {"kind": case["optimizer"], "learningRate": case["lr"]},
        }
    )
    lists = lists_table(shards, [np.asarray(items, np.int64) for items in case["history"]])
    data = Data(user=Inputs(history=lists))
    start = {"item_table": np.asarray(case["init"], np.float32)}
    trainer = Trainer(shards, config, case["items"])
    batches = _batches(trainer, case["batches"])

    descent = _plain_descent(trainer)
    tensors = _tensors(shards, descent.config, start, case["log_q"])
    _, (moved, *_) = _steps(descent, tensors, data, batches[:1])
    move = start["item_table"] - _host(moved["item_table"], case["items"])
    report.compare("grad_step1", move, case["grad_step1"])

    tensors = _tensors(shards, config, start, case["log_q"])
    losses, (last, _) = _steps(trainer, tensors, data, batches)
    report.compare("loss", losses, case["loss"])
    report.compare("final", _host(last["item_table"], case["items"]), case["final"])


def _streaming(report: Report, case: Case, shards: Shards) -> None:
    items = case["items"]
    tensors = {
        "gaps": shards.place(np.full(items, case["initial_gap"], np.float32)),
        "last_seen": shards.place(np.zeros(items, np.int32)),
        "log_q": shards.place(np.zeros(items, np.float32)),
    }
    clock = Clock(pairs_in_epoch=1, bank_opens_after=0)
    for number, batch in enumerate(case["batches"]):
        step = dataclasses.replace(clock, steps=number).step(resolve({}))
        ids = jnp.asarray(batch, jnp.int32)
        tensors = gaps.estimate(shards, tensors, ids, step, case["alpha"])
    found = {name: _host(tensor, items) for name, tensor in tensors.items()}
    report.compare("last_seen", found["last_seen"], case["last_seen"])
    report.compare("gap", found["gaps"], case["gap"])
    report.compare("probability", np.exp(found["log_q"]), case["probability"])


def _evaluation(report: Report, case: Case, shards: Shards) -> None:
    users = [user for user, held_out in enumerate(case["test"]) if held_out]
    items = len(case["item_embedding"])
    longest = max(len(case["train"][user]) for user in users)
    seen = np.full((len(users), longest), NO_ID, np.int32)
    for row, user in enumerate(users):
        seen[row, : len(case["train"][user])] = case["train"][user]
    lists = evaluate.top_items(
        shards,
        jnp.asarray(case["user_embedding"], jnp.float32)[jnp.asarray(users)],
        shards.place(np.asarray(case["item_embedding"], np.float32)),
        jnp.asarray(seen),
        items,
    )
    ranked = np.asarray(lists).tolist()
    held_out = [case["test"][user] for user in users]
    for cut, reference in case["metrics"].items():
        found = evaluate.at_cut(int(cut), ranked, held_out, ranked, items)
        for metric, wanted in reference.items():
            report.compare(f"{metric}@{cut}", found[metric], wanted)


def _staleness(report: Report, case: Case) -> None:
    pairs = np.asarray(case["pairs"])
    before, now = case["snapshot1"], case["snapshot2"]
    found = []
    for side, name in enumerate(("user", "item")):
        counts = np.bincount(pairs[:, side], minlength=len(before[name]))
        hot = skip.hot_rows(counts, case["hot_share"])
        report.compare(f"hot_{name}s", hot, case[f"hot_{name}s"])
        old, new = (np.asarray(each[name], np.float32) for each in (before, now))
        found.append(skip.activity(old, new, hot))
    users, items = found
    both = skip.pair_activity(pairs, users, items)
    item_only = skip.pair_activity(pairs, None, items)
    for at in case["cases"]:
        threshold = at["threshold"]
        for name, ours in (
            ("stale_users", skip.stale_rows(users, threshold)),
            ("stale_items", skip.stale_rows(items, threshold)),
            ("stale_pairs_alpha2", skip.stale_pairs(both, threshold)),
            ("stale_pairs_item_only", skip.stale_pairs(item_only, threshold)),
        ):
            report.compare(f"{name} under {threshold}", ours, at[name])


def _config(options: Case) -> Config:
    """Returns the config of a training case, as the crate's golden test makes it."""
    per_row, shared = options.get("negatives", 0), options.get("mixed", 0)
    kind, count = ("mixed", shared) if shared else ("uniform", per_row)
    if not (per_row or shared):
        kind, count = "in-batch", 1
    tower = {
        "id": options["tower"]["id"],
        "features": ["features"] if options["tower"].get("bag") else [],
        "layers": options.get("hidden", []),
        "out": options.get("out"),
    }
    cbns = {
        "capacity": options.get("queue"),
        "warmup": options.get("warmup"),
        "sides": options.get("sides", "items"),
    }
    return resolve(
        {
            "towers": {"user": tower, "item": tower},
            "onebp": {"beta": options["beta"]} if options.get("onebp") else None,
            "cbns": cbns if "queue" in options else None,
            "dim": options["dim"],
            "batchSize": options["batch"],
            "normalize": options["tower"]["normalize"],
            "temperature": options["temperature"],
            "negatives": {"kind": kind, "count": count, "logQ": options["logq"]},
            "optimizer": {
                "kind": options["optimizer"],
                "learningRate": options["lr"],
                "l2": options.get("l2", 0),
            },
        }
    )


def _plain_descent(trainer: Trainer) -> Trainer:
    """Returns the trainer with SGD at learning rate 1, which moves each row by its gradient."""
    plain = Optimizer("sgd", learning_rate=1.0, schedule="constant", warmup=0, l2=0)
    return dataclasses.replace(trainer, config=dataclasses.replace(trainer.config, optimizer=plain))


def _steps(
    trainer: Trainer, tensors: Tensors, data: Data, batches: list[Batch]
) -> tuple[list[float], tuple[Tensors, Clock]]:
    """Trains on given batches. Returns the losses, and the tensors and the clock at the end."""
    config = trainer.config
    warmup = config.cbns.warmup if config.cbns else 0
    clock = Clock(len(batches) * config.batch_size, int(warmup))
    train = jax.jit(trainer.train)
    losses = []
    for batch in batches:
        tensors, loss = train(tensors, data, batch, clock.step(config))
        losses.append(float(loss))
        clock = clock.after_step(config)
    return losses, (tensors, clock)


def _batches(trainer: Trainer, given: Case) -> list[Batch]:
    """Returns batches of given ids; a batch's rows are padded to a multiple of the shards."""
    batches = []
    for step, (users, items) in enumerate(zip(given["user"], given["item"], strict=True)):
        more = trainer.batch - len(users)
        own = np.asarray(given.get("negatives", [[]] * (step + 1))[step]).reshape(-1)
        count = trainer.config.negatives.per_row * more
        shared = given.get("shared_negatives", [[]] * (step + 1))[step]
        ids = [items, [NO_ID] * more, own, [NO_ID] * count, shared]
        padded = jnp.asarray([*users, *[NO_ID] * more], jnp.int32)
        batches.append(Batch(padded, jnp.asarray(np.concatenate(ids), jnp.int32)))
    return batches


def _tensors(shards: Shards, config: Config, start: dict[str, Any], log_q: Any) -> Tensors:
    """Returns the tensors of a run that starts from given parameters."""
    state = zero_state(config, start)
    return place(shards, {**start, **state, "log_q": np.asarray(log_q, np.float32)})


def _named(tables: Case) -> dict[str, np.ndarray]:
    """Returns the parameters of a case by the names of the saved run."""
    parts = {"id": "table", "bag": "features", "w": "weights_", "b": "bias_"}
    found = {}
    for side in ("user", "item"):
        for name, value in tables[side].items():
            stem = name.rstrip("0123456789")
            part = parts[stem] + name[len(stem) :]
            found[f"{side}_{part}"] = np.asarray(value, np.float32)
    return found


def _features(shards: Shards, lists: Case) -> jax.Array:
    offsets = lists["offsets"]
    members = np.asarray(lists["indices"], np.int64)
    return lists_table(shards, np.split(members, offsets[1:-1]))


def _host(tensor: jax.Array, rows: int) -> np.ndarray:
    """Returns the first rows of a table, in host memory."""
    return np.asarray(tensor)[:rows]
