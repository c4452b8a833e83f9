"""Fault trees written in the Open-PSA Model Exchange Format.

What is written is valid by its schema and by the stricter rules of common tools: names are plain
identifiers, no gate has the same part twice, and AND and OR have at least two parts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final
from xml.sax.saxutils import escape

from orchestrator.model.faulttrees import FaultGate, FaultTree

_DIGITS: Final = 30
"""A decimal that ends within so many places is written in full, and so read back exactly."""

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*", re.ASCII)
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_fault_tree(tree: FaultTree) -> str:
    """A fault tree as a file of the format: the top event and all that is beneath it.

    A probability is its own decimal where that ends within 30 places, else the shortest decimal
    that reads back as the same float. A name that the format does not take is changed into one
    that it does, and that nothing else has; the label then says what it was.
    """
    return "\n".join(_Writer(tree).lines()) + "\n"


def decimal(value: Fraction) -> str:
    """A number as a decimal, exact where that ends in time."""
    scaled = value * 10**_DIGITS
    if scaled.denominator > 1:
        return repr(float(value))
    digits = f"{scaled.numerator:0{_DIGITS + 1}d}"
    decimals = digits[-_DIGITS:].rstrip("0")
    return f"{digits[:-_DIGITS]}.{decimals or '0'}"


class _Writer:
    """Guards that what is written has one name each, and that every name is written."""

    def __init__(self, tree: FaultTree) -> None:
        self.tree = tree
        self.many = len(tree.events)
        self.beneath = sorted(_beneath(tree))
        self._taken: set[str] = set()
        self._again: dict[tuple[int, int], str] = {}
        """Further names of a part that one gate counts more than once."""
        self.names = {n: self._free(tree.name_of(n) or "gate") for n in self.beneath}

    def _free(self, name: str) -> str:
        return _identifier(name, self._taken)

    def lines(self) -> Iterator[str]:
        tree, many = self.tree, self.many
        name = _identifier(tree.name or "tree", set())
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield "<opsa-mef>"
        yield f'<define-fault-tree name="{name}">'
        yield from self._label(tree.label, tree.name, name)
        if tree.top < many:
            yield from self._gate(self._free("top"), [self._reference(tree.top)])
        for number in self.beneath:
            if number >= many:
                gate = tree.gates[number - many]
                label = self._label(tree.labels.get(gate.name, ""), gate.name, self.names[number])
                yield from self._gate(self.names[number], [*label, *self._formula(gate)])
        for (part, _), again in self._again.items():
            yield from self._gate(again, [self._reference(part)])
        yield "</define-fault-tree>"
        yield "<model-data>"
        for number in self.beneath:
            if number < many:
                yield from self._event(number)
        yield "</model-data>"
        yield "</opsa-mef>"

    def _gate(self, name: str, inner: Sequence[str]) -> Iterator[str]:
        yield f'<define-gate name="{name}">'
        yield from inner
        yield "</define-gate>"

    def _event(self, number: int) -> Iterator[str]:
        event, name = self.tree.events[number], self.names[number]
        yield f'<define-basic-event name="{name}">'
        yield from self._label(self.tree.labels.get(event, ""), event, name)
        yield f'<float value="{decimal(self.tree.probabilities[number])}"/>'
        yield "</define-basic-event>"

    def _label(self, label: str, was: str, name: str) -> Iterator[str]:
        told = was == name or label.startswith(was)
        said = label if told else ": ".join(filter(None, [was, label]))
        text = " ".join(_UNWRITABLE.sub("?", said).split())
        if text:
            yield f"<label>{escape(text)}</label>"

    def _reference(self, number: int) -> str:
        kind = "basic-event" if number < self.many else "gate"
        return f'<{kind} name="{self.names[number]}"/>'

    def _formula(self, gate: FaultGate) -> Iterator[str]:
        if _is_constant(gate):
            yield f'<constant value="{"true" if gate.k < 1 else "false"}"/>'
            return
        tag, parts = "atleast", gate.parts
        if gate.k in {1, len(gate.parts)}:
            tag, parts = "or" if gate.k == 1 else "and", tuple(dict.fromkeys(gate.parts))
        if len(parts) == 1:
            yield self._reference(parts[0])
            return
        yield f'<atleast min="{gate.k}">' if tag == "atleast" else f"<{tag}>"
        seen: Counter[int] = Counter()
        for part in parts:
            if seen[part]:
                yield f'<gate name="{self._further(part, seen[part])}"/>'
            else:
                yield self._reference(part)
            seen[part] += 1
        yield f"</{tag}>"

    def _further(self, part: int, times: int) -> str:
        if (part, times) not in self._again:
            self._again[part, times] = self._free(f"{self.names[part]}_again")
        return self._again[part, times]


def _identifier(name: str, taken: set[str]) -> str:
    """An identifier as near to a name as may be, that is not taken yet; now it is."""
    plain = name
    if not _IDENTIFIER.fullmatch(name):
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", name)
        plain = plain if _IDENTIFIER.fullmatch(plain) else f"_{plain}"
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}_{number}"
    taken.add(found)
    return found


def _is_constant(gate: FaultGate) -> bool:
    """Whether a gate is down, or up, whatever its parts are."""
    return not 1 <= gate.k <= len(gate.parts)


def _beneath(tree: FaultTree) -> set[int]:
    """The top event, and every gate and event that it depends on."""
    many = len(tree.events)
    found = {tree.top}
    stack = [tree.top]
    while stack:
        number = stack.pop()
        gate = tree.gates[number - many] if number >= many else None
        if gate is None or _is_constant(gate):
            continue
        for part in gate.parts:
            if part not in found:
                found.add(part)
                stack.append(part)
    return found
