"""Options: the crate's names and defaults, and rejections by name."""

import json
import re
from typing import Any

import pytest

from conftest import ROOT
from twotower_cluster.config import DEFAULTS, GROUPS, resolve
from twotower_cluster.refused import RefusedError

pytestmark = pytest.mark.quick


def crate_defaults() -> dict[str, Any]:
    """Default of every option in `src/config/options.rs`, by its dotted name."""
    text = (ROOT / "src" / "config" / "options.rs").read_text(encoding="utf-8")
    table = text[text.index("pub const OPTIONS") : text.index("pub const OPTIONAL_GROUPS")]
    found = {}
    for option in table.split("option(")[1:]:
        texts = re.findall(r'r#"(.*?)"#|"((?:[^"\\]|\\.)*)"', option.split("],", 1)[0])
        key = texts[0][1]
        rest = option[option.index(f'"{key}"') + len(key) + 2 :].lstrip(", \n")
        rest = rest[rest.index("],") + 2 :] if rest.startswith("&[") else rest.split(",", 1)[1]
        raw, quoted = re.match(r'\s*(?:r#"(.*?)"#|"((?:[^"\\]|\\.)*)")', rest).groups()
        found[key] = json.loads(raw if raw is not None else quoted.replace('\\"', '"'))
    return found


def ours() -> dict[str, Any]:
    found: dict[str, Any] = {}

    def walk(path: str, options: dict[str, Any]) -> None:
        for name, value in options.items():
            key = f"{path}.{name}" if path else name
            if isinstance(value, dict):
                walk(key, value)
            elif key not in GROUPS:
                found[key] = value

    walk("", DEFAULTS)
    for group, options in GROUPS.items():
        walk(group, options)
    return found


def test_defaults_are_those_of_the_crate() -> None:
    assert ours() == crate_defaults()


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"dims": 3}, "`dims`"),
        ({"optimizer": {"rate": 1}}, "`optimizer.rate`"),
        ({"optimizer": 1}, "`optimizer`"),
        ({"optimizer": {"kind": "adamw"}}, "`optimizer.kind`"),
        ({"dim": 0}, "`dim`"),
        ({"preset": "slow"}, "`preset`"),
        ({"towers": {"item": {"history": {}}}}, "`towers.item.history`"),
        ({"towers": {"user": {"id": False}}}, "`towers.user`"),
        ({"towers": {"user": {"out": 8}}}, "`towers.user.out`"),
        ({"cbns": {}, "negatives": {"kind": "uniform"}}, "`cbns`"),
        ({"onebp": {}, "towers": {"user": {"history": {}}}}, "`onebp`"),
        ({"negatives": {"kind": "mixed", "logQ": "streaming"}}, "`negatives.logQ`"),
    ],
)
def test_a_wrong_option_is_rejected_by_name(options: dict[str, Any], name: str) -> None:
    with pytest.raises(RefusedError) as problem:
        resolve(options)
    assert str(problem.value).startswith(name)


def test_dotted_names_and_presets() -> None:
    config = resolve({"preset": "fast", "optimizer.l2": 1, "cbns.capacity": 9})
    assert (config.dim, config.optimizer.l2, config.optimizer.learning_rate) == (32, 1, 0.008)
    assert config.cbns is not None
    assert (config.cbns.capacity, config.cbns.sides) == (9, "both")
