"""Fault trees as values: gates over basic events, as one flat table.

The top event is "the system is down", a basic event "a part is down". Numbers instead of objects
inside objects, so that a tree of any depth is read, compared and written without recursion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

Number = Fraction | float


@dataclass(frozen=True, slots=True)
class FaultGate:
    """Down while at least `k` of its parts are: k = 1 is OR, k = n is AND.

    With k = 0 it is always down, with k above the number of its parts never: so constants are
    gates without parts. A formula inside a formula is a gate without a name.
    """

    name: str
    k: int
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FaultTree:
    """A coherent fault tree.

    `events` and `probabilities` (each in [0, 1], exact) belong together; event i has the number i.
    Gate j of `gates` has the number `len(events) + j`, and each gate comes after all that it is
    made of. `top` is the number of the top event. `label` says in words what the tree is, `labels`
    what an event or gate of that name stands for; they take no part in comparisons.
    """

    name: str
    top: int
    events: tuple[str, ...]
    probabilities: tuple[Fraction, ...]
    gates: tuple[FaultGate, ...]
    label: str = field(default="", compare=False)
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        many = len(self.events)
        assert len(self.probabilities) == many
        assert all(0 <= one <= 1 for one in self.probabilities)
        assert all(
            0 <= part < many + number
            for number, gate in enumerate(self.gates)
            for part in gate.parts
        )
        assert 0 <= self.top < many + len(self.gates)

    def name_of(self, number: int) -> str:
        """The name of an event or a gate."""
        many = len(self.events)
        return self.events[number] if number < many else self.gates[number - many].name


@dataclass(frozen=True, slots=True)
class EventImportance:
    """What a basic event matters to the top event, with P its probability and p the event's own.

    Birnbaum's importance B = P(event occurs) - P(it does not); criticality B*p/P; risk achievement
    worth P(occurs)/P; risk reduction worth P/P(does not occur), None where that is zero.
    `fussell_vesely` is how likely some minimal cut with the event is down, given that the top event
    occurs: of the cuts that were asked for, None where none were or they are too many.
    """

    event: str
    probability: Number
    birnbaum: Number
    criticality: Number
    achievement_worth: Number | None
    reduction_worth: Number | None
    fussell_vesely: Number | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a fault tree.

    `method` says how the probability was found: `exact`; `bounded`, where it lies between `low`
    and `high` for certain and is given as the cautious end; `sampled`, where it does with 99 %
    confidence. Importances by event, and minimal cuts, the small ones first, come with an exact
    figure alone, where they are asked for; `cuts_complete` is false where a limit cut the list.
    """

    tree: str
    top: str
    probability: Number
    low: Number
    high: Number
    method: str
    importance: tuple[EventImportance, ...] | None = None
    minimal_cuts: tuple[tuple[str, ...], ...] | None = None
    cuts_complete: bool = True
