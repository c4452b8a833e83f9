"""Fault trees of the Open-PSA Model Exchange Format, in and out.

What is read: `define-fault-tree`, `define-component` (public and private), gates of and, or and
atleast, house events, basic events with a constant probability, in the tree or in `model-data`.
All else is refused by name, and NOT in any guise as `NOT_COHERENT`: in a graph of services no part
that fails repairs the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.openpsa_elements import (
    Combination,
    Declaration,
    Operand,
    Place,
    Reference,
)
from orchestrator.formats.openpsa_xml import read_declarations
from orchestrator.formats.results import Plain, ratio_json
from orchestrator.model.faulttrees import Evaluation, FaultGate, FaultTree


def read_fault_tree(text: str | bytes, file: str = "", *, top: str = "") -> FaultTree:
    """The fault tree of a file: the gate `top`, or the one that no other gate refers to, with
    all that is beneath it. Probabilities are the decimals that stand there, exactly. To compute
    with it: `orchestrator.engine.faulttree`.

    Raises `OrchestratorError`, with file, line and path, for what is wrong or not supported.
    """
    found = read_declarations(text, file)
    scope = _scope(found, file)
    beneath = {id(gate): _resolved(gate, scope, file) for gate in scope.gates}
    _refuse_cycles(scope.gates, beneath, file)
    chosen = _top(scope, beneath, top, file)
    return _Numbering(beneath, file).tree(chosen, chosen.container[0])


@dataclass(frozen=True, slots=True)
class _Scope:
    """What names stand for: public ones everywhere, and every one by its full name."""

    public: Mapping[str, Declaration]
    full: Mapping[str, Declaration]
    gates: Sequence[Declaration]

    def find(self, name: str, container: Sequence[str]) -> Declaration | None:
        """What a name means inside a container: what is declared nearest to it, else the public
        one, else a full name."""
        for depth in range(len(container), 0, -1):
            near = self.full.get(".".join((*container[:depth], name)))
            if near is not None:
                return near
        return self.public.get(name) or self.full.get(name)


def _fault(code: str, message: str, advice: str, file: str, place: Place) -> OrchestratorError:
    return OrchestratorError(Problem(code, message, advice, file, place.line, place.path))


def _scope(found: Sequence[Declaration], file: str) -> _Scope:
    public: dict[str, Declaration] = {}
    full: dict[str, Declaration] = {}
    for one in found:
        before = full.get(one.full_name) or (public.get(one.name) if one.public else None)
        merged = _completed(before, one) if before is not None else one
        if merged is None:
            assert before is not None
            raise _fault(
                "DUPLICATE_ID",
                f"{one.name!r} is defined twice, first in line {before.place.line}",
                "keep one of the two",
                file,
                one.place,
            )
        full[merged.full_name] = merged
        if merged.public:
            public[merged.name] = merged
    return _Scope(public, full, [one for one in full.values() if one.kind == "gate"])


def _completed(before: Declaration, after: Declaration) -> Declaration | None:
    """An event that is declared in the tree and gets its value in the data; None where both have
    one, or both are of one place, which makes two of them."""
    if before.kind != after.kind or bool(before.container) == bool(after.container):
        return None
    if before.value is not None and after.value is not None:
        return None
    tree, data = (before, after) if before.container else (after, before)
    value = data.value if tree.value is None else tree.value
    return Declaration(tree.kind, tree.name, tree.container, tree.public, value, tree.place)


def _references(gate: Declaration) -> Iterator[Reference]:
    """Every reference in a gate's formula."""
    assert isinstance(gate.value, Reference | Combination)
    stack: list[Operand] = [gate.value]
    while stack:
        one = stack.pop()
        if isinstance(one, Reference):
            yield one
        else:
            stack.extend(one.parts)


Beneath = Mapping[int, Mapping[Reference, Declaration]]
"""What each gate's references stand for, by the identity of the gate."""


def _resolved(gate: Declaration, scope: _Scope, file: str) -> dict[Reference, Declaration]:
    found = {}
    for reference in _references(gate):
        target = scope.find(reference.name, gate.container)
        if target is None or reference.kind not in {"", target.kind}:
            what = reference.kind or "event"
            raise _fault(
                "UNKNOWN_REFERENCE",
                f"there is no {what} {reference.name!r}"
                + (f", but a {target.kind} of that name" if target else ""),
                f"define it, as <define-{what}>" if reference.kind else "define it",
                file,
                reference.place,
            )
        found[reference] = target
    return found


def _refuse_cycles(gates: Sequence[Declaration], beneath: Beneath, file: str) -> None:
    done: set[int] = set()
    for first in gates:
        path: dict[int, Declaration] = {}
        stack = [(first, False)]
        while stack:
            gate, closed = stack.pop()
            if closed:
                del path[id(gate)]
                done.add(id(gate))
            elif id(gate) in path:
                ring = [*list(path.values())[list(path).index(id(gate)) :], gate]
                raise _fault(
                    "CYCLE",
                    f"gates that depend on themselves: {_shortened([one.name for one in ring])}",
                    "break the circle",
                    file,
                    gate.place,
                )
            elif id(gate) not in done:
                path[id(gate)] = gate
                stack.append((gate, True))
                stack.extend((to, False) for to in beneath[id(gate)].values() if to.kind == "gate")


def _shortened(names: Sequence[str]) -> str:
    shown = names if len(names) <= 20 else [*names[:10], "...", *names[-10:]]
    return " > ".join(shown)


def _top(scope: _Scope, beneath: Beneath, name: str, file: str) -> Declaration:
    if name:
        found = scope.find(name, ())
        if found is None or found.kind != "gate":
            raise _fault(
                "UNKNOWN_REFERENCE", f"there is no gate {name!r}", "name a gate", file, Place(1, "")
            )
        return found
    below = {id(one) for found in beneath.values() for one in found.values()}
    tops = [gate for gate in scope.gates if id(gate) not in below]
    if len(tops) != 1:
        named = ", ".join(gate.name for gate in tops[:10])
        raise _fault(
            "NO_TOP_EVENT",
            f"{len(tops)} gates are referred to by no other: {named}"
            if tops
            else "there are no gates",
            "name the gate that is the top event" if tops else "define one",
            file,
            tops[1].place if tops else Place(1, ""),
        )
    return tops[0]


class _Numbering:
    """Numbers what lies beneath a gate: events as they are met, gates after their parts."""

    def __init__(self, beneath: Beneath, file: str) -> None:
        self.beneath = beneath
        self.file = file
        self.events: dict[int, tuple[str, Fraction]] = {}
        self.numbers: dict[int, int] = {}
        """Events as they are; gates, whose first number is yet unknown, as ~number."""
        self.gates: list[FaultGate] = []

    def tree(self, top: Declaration, name: str) -> FaultTree:
        stack: list[tuple[Declaration | Combination, Declaration, bool]] = [(top, top, False)]
        while stack:
            one, gate, opened = stack.pop()
            if id(one) in self.numbers:
                continue
            if isinstance(one, Declaration) and one.kind == "basic-event":
                self._event(one)
                continue
            parts = self._parts(one, gate)
            if opened:
                self._gate(one, [self.numbers[id(part)] for part, _ in parts])
            else:
                stack.append((one, gate, True))
                stack.extend((part, within, False) for part, within in reversed(parts))
        many = len(self.events)
        return FaultTree(
            name,
            _final(self.numbers[id(top)], many),
            tuple(event for event, _ in self.events.values()),
            tuple(probability for _, probability in self.events.values()),
            tuple(
                FaultGate(gate.name, gate.k, tuple(_final(part, many) for part in gate.parts))
                for gate in self.gates
            ),
        )

    def _parts(
        self, one: Declaration | Combination, gate: Declaration
    ) -> list[tuple[Declaration | Combination, Declaration]]:
        """What a gate or formula is made of, each with the gate in whose formula it stands."""
        formula = _formula(one)
        made: list[tuple[Declaration | Combination, Declaration]] = []
        within = one if isinstance(one, Declaration) else gate
        for part in formula.parts:
            if isinstance(part, Reference):
                target = self.beneath[id(within)][part]
                made.append((target, target))
            else:
                made.append((part, within))
        return made

    def _event(self, one: Declaration) -> None:
        if not isinstance(one.value, Fraction):
            raise _fault(
                "MISSING_VALUE",
                f"the basic event {one.name!r} has no probability",
                'add <float value="..."/> to its definition',
                self.file,
                one.place,
            )
        self.numbers[id(one)] = len(self.events)
        self.events[id(one)] = _shown(one), one.value

    def _gate(self, one: Declaration | Combination, parts: Sequence[int]) -> None:
        if isinstance(one, Declaration) and one.value is None:
            raise _fault(
                "MISSING_VALUE",
                f"the house event {one.name!r} has no state",
                'add <constant value="..."/> to its definition',
                self.file,
                one.place,
            )
        name = _shown(one) if isinstance(one, Declaration) else ""
        self.numbers[id(one)] = ~len(self.gates)
        self.gates.append(FaultGate(name, _formula(one).k, tuple(parts)))


def _formula(one: Declaration | Combination) -> Combination:
    """The formula of a gate as a combination; a mere reference is one of one."""
    formula = one.value if isinstance(one, Declaration) else one
    if isinstance(formula, Reference):
        return Combination(1, (formula,))
    return formula if isinstance(formula, Combination) else Combination(1, ())


def _shown(one: Declaration) -> str:
    return one.name if one.public else one.full_name


def _final(number: int, events: int) -> int:
    return number if number >= 0 else events + ~number


# --- results -------------------------------------------------------------------------------------


def evaluation_json(found: Evaluation, exact: bool = False) -> Plain:
    """The figures of a fault tree in the published shape; what was not asked for is left out."""

    def ratio(value: Fraction | float) -> float | str | None:
        return ratio_json(value, exact)

    result: Plain = {
        "faultTree": found.tree,
        "top": found.top,
        "probability": ratio(found.probability),
        "availability": ratio(1 - found.probability),
        "method": found.method,
    }
    if found.method != "exact":
        result |= {"low": ratio(found.low), "high": ratio(found.high)}
    if found.importance is not None:
        result["importance"] = [
            {
                "event": one.event,
                "probability": ratio(one.probability),
                "birnbaum": ratio(one.birnbaum),
                "criticality": ratio(one.criticality),
                "achievement": ratio_json(one.achievement_worth, exact),
                "reduction": ratio_json(one.reduction_worth, exact),
                "fussellVesely": ratio_json(one.fussell_vesely, exact),
            }
            for one in found.importance
        ]
    if found.minimal_cuts is not None:
        result["minimalCuts"] = [list(cut) for cut in found.minimal_cuts]
        result["cutsComplete"] = found.cuts_complete
    return result
