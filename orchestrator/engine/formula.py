"""Formulas: when a structure is down, in leaves and threshold gates that may be shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class AtLeastDown:
    """A gate of a formula: down while at least `k` of its parts are. Equal only to itself."""

    k: int
    parts: tuple[Formula, ...]


Formula = int | AtLeastDown
"""A leaf by its number, or a gate. Never a bool, although Python takes one for a number."""


def at_least_down(k: int, parts: Sequence[Formula | bool]) -> Formula | bool:
    """A gate of parts some of which are known to be down or up."""
    unknown: list[Formula] = []
    for part in parts:
        if part is True:
            k -= 1
        elif part is not False:
            unknown.append(part)
    if k <= 0:
        return True
    if k > len(unknown):
        return False
    return unknown[0] if len(unknown) == k == 1 else AtLeastDown(k, tuple(unknown))


def inside_out(formula: Formula) -> list[Formula]:
    """A formula's leaves and gates, each once and after all that it is made of."""
    found: dict[Formula, None] = {}
    stack = [(formula, False)]
    while stack:
        part, opened = stack.pop()
        if part in found:
            continue
        if opened or isinstance(part, int):
            found[part] = None
        else:
            stack.append((part, True))
            stack.extend((inner, False) for inner in reversed(part.parts))
    return list(found)
