"""Counts what a step sends between devices, from the program that XLA compiled."""

import re
from typing import Any, NamedTuple

from .clock import Step
from .step import Data
from .towers import Tensors

_COLLECTIVE = re.compile(
    r"= (?P<types>[^=]*?) (?P<kind>all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute)"
    r"(?:-start)?\("
)
_TYPE = re.compile(r"(?P<type>[a-z]+\d+)\[(?P<shape>[\d,]*)\]")


class Collective(NamedTuple):
    """One exchange between all devices."""

    kind: str
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """Numbers of its result."""
        product = 1
        for length in self.shape:
            product *= length
        return product


def collectives(step: Any, tensors: Tensors, data: Data, record: Step) -> list[Collective]:
    """Returns the exchanges of a compiled step; an exchange within a loop counts once."""
    text = step.lower(tensors, data, record).compile().as_text()
    found = []
    for match in _COLLECTIVE.finditer(text):
        for type_ in _TYPE.finditer(match["types"]):
            shape = tuple(int(length) for length in type_["shape"].split(",") if length)
            found.append(Collective(match["kind"], shape))
    return found
