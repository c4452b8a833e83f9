"""What a derivation makes a reader notice, as plain sentences with codes.

Codes are published in docs/codes.md.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Final, NamedTuple

from orchestrator.engine.components import bits_of
from orchestrator.engine.floor import Floor
from orchestrator.engine.intervals import intersect, total, union
from orchestrator.engine.problem import Group, Part, Problem
from orchestrator.engine.promises import MAINTENANCE, Promise
from orchestrator.engine.reliefs import excused_by, without_limit
from orchestrator.engine.structure import Leaf
from orchestrator.model.agreements import UNDERPINNING, underpins
from orchestrator.model.derivations import SHORTFALL, UNCOMMITTED, Number
from orchestrator.model.records import Finding, TermKey
from orchestrator.model.values import Span, format_percent

NAMED: Final = 20
"""So many subjects are named in a finding; the message says how many there are in all."""


def place(key: TermKey) -> str:
    """Where a term stands, by ids."""
    return f"agreements[{key.agreement}].terms[{key.term}]"


def no_hours(key: TermKey, period: Span) -> Finding:
    """A term that promises nothing in a period."""
    return Finding(
        "NO_SERVICE_HOURS",
        "info",
        f"{key.agreement}/{key.term} has no service hours in {period}",
        (key.agreement, key.term),
        place(key),
    )


def assumptions(data: Problem) -> tuple[str, ...]:
    """What the figures take for granted."""
    found = []
    if any(part.ground.structure.hides_sharing(part.ground.node) for part in data.parts):
        found.append("HIDDEN_SHARING")
    promises = [data.promises[p] for group in data.groups for p in group.all_promises]
    counting = {promise for promise in promises if promise.counts}
    if any(promise.minimum and promise.counts_all_of(data.own) for promise in counting):
        found.append("SHORT_OUTAGES_DO_NOT_ABUT")
    if any(_excused_apart(data, part) for part in data.parts):
        found.append("NO_FAILURE_IN_EXCUSED_MAINTENANCE")
    excluded = {category for promise in counting for category in promise.exclusions}
    found += [
        f"NO_EXCUSED_EVENT:{category}"
        for category in sorted(excluded - set(data.own.exclusions) - {MAINTENANCE})
    ]
    return tuple(found)


def _excused_apart(data: Problem, part: Part) -> bool:
    """Whether redundant leaves may be in maintenance that the composite excuses: if another one
    fails meanwhile, all of that counts (rule 5), while the budgets speak of it as of neither."""
    promises = {p for group in part.group_of.values() for p in data.groups[group].all_promises}
    binding = [data.promises[p] for p in promises if data.binds(p)]
    return bool(excused_by(binding) & excused_by([data.own]))


def findings(
    key: TermKey, data: Problem, found: Floor, independent: Number | None, status: str
) -> tuple[Finding, ...]:
    """All findings of one derivation, most severe first."""
    where = place(key)
    result = [
        *_uncommitted(where, data, status),
        *(_shortfall(where, key, data, found) if status == SHORTFALL else ()),
        *_unbounded(where, data),
        *_redundancy(where, data, found, independent),
        *_hours(where, data),
        *_duplicates(where, data),
        *_definitions(where, data),
    ]
    order = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(result, key=lambda finding: order[finding.severity]))


def _cut(share: Fraction) -> Fraction:
    """A share to six places of its percentage, never more than it is."""
    return Fraction(share * 10**8 // 1, 10**8)


def _named(leaves: Iterable[Leaf]) -> tuple[str, tuple[str, ...]]:
    names = {leaf.id for leaf in leaves}
    first = tuple(heapq.nsmallest(NAMED, names))
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(first) + more, first


def _matching(data: Problem, wanted: Callable[[Promise], bool]) -> list[Leaf]:
    """The leaves with a promise that counts and is as wanted."""
    numbers = {
        number
        for group in data.groups
        for number in group.all_promises
        if data.promises[number].counts and wanted(data.promises[number])
    }
    return data.leaves(lambda group: not numbers.isdisjoint(group.all_promises))


def _uncommitted(where: str, data: Problem, status: str) -> Iterator[Finding]:
    """Leaves for which at some time nothing that counts is promised."""

    def nothing(group: Group) -> bool:
        return any(
            not any(data.promises[p].counts for p in promises)
            for part, promises in zip(data.parts, group.promises, strict=True)
            if part.ground.support & group.leaves
        )

    leaves = data.leaves(nothing)
    if leaves:
        text, subjects = _named(leaves)
        goals = any(
            commitment.term.strength not in UNDERPINNING
            for leaf in leaves
            for commitment in leaf.commitments
        )
        aside = " (best efforts and goals do not count)" if goals else ""
        yield Finding(
            "UNCOMMITTED",
            "error" if status == UNCOMMITTED else "warning",
            f"nobody has committed to the availability of {text}{aside}",
            subjects,
            where,
        )


def _shortfall(where: str, key: TermKey, data: Problem, found: Floor) -> Iterator[Finding]:
    priced = {row.group for row, price in found.optimum.prices.items() if price}
    leaves = data.leaves_of(data.groups[index] for index in sorted(priced))
    open_to_talks = [
        leaf
        for leaf in leaves
        if any(c.version.negotiability == "negotiable" for c in leaf.commitments)
    ]
    text, subjects = _named(open_to_talks or leaves)
    advice = f"; renegotiate {text}" if open_to_talks else ""
    if leaves and not open_to_talks:
        advice = f"; {text} would have to promise more, and none of it is negotiable"
    yield Finding(
        "SHORTFALL",
        "error",
        f"{key.agreement} promises {format_percent(data.own.target)} and what lies beneath "
        f"guarantees {format_percent(_cut(found.share))}{advice}",
        subjects,
        where,
    )


def _unbounded(where: str, data: Problem) -> Iterator[Finding]:
    """Leaves that a promise was made for which here bounds nothing."""

    def too_short(group: Group) -> bool:
        counting = [p for p in group.all_promises if data.promises[p].counts]
        return bool(counting) and not any(map(data.binds, counting))

    maintained = [] if without_limit(data.own) else _matching(data, without_limit)
    for leaves, why in (
        (
            data.leaves(too_short),
            "outages, or parts of a minute, that do not count there count here, so nothing bounds "
            "their sum",
        ),
        (maintained, "maintenance is excused there without a limit, and it counts here"),
    ):
        if leaves:
            text, subjects = _named(leaves)
            yield Finding("UNBOUNDED_EXPOSURE", "warning", f"{text}: {why}", subjects, where)


def _redundancy(
    where: str, data: Problem, found: Floor, independent: Number | None
) -> Iterator[Finding]:
    if found.share >= data.own.target or independent is None or independent < data.own.target:
        return
    # By name: gates are numbered as they are met, which is another order beside other promises.
    groups: dict[tuple[str, ...], str] = {}
    for part in data.parts:
        components = part.ground.structure.components
        for gate in bits_of(part.ground.node.gates):
            if not components.gates[gate].same:
                support = components.support_of(gate)
                text, subjects = _named(part.ground.leaf(number) for number in bits_of(support))
                groups.setdefault(subjects, text)
    for subjects, text in sorted(groups.items()):
        yield Finding(
            "REDUNDANCY_NOT_PROMISED",
            "warning",
            f"{text}: redundancy across separate contracts lifts the estimate, not what "
            "is guaranteed; only one party's commitment on the group does",
            subjects,
            where,
        )


def _hours(where: str, data: Problem) -> Iterator[Finding]:
    """Leaves that are promised for part of the hours alone in which they are needed."""
    windows = [intersect(data.window, part.intervals) for part in data.parts]

    def partly(group: Group) -> bool:
        for part, promises, needed in zip(data.parts, group.promises, windows, strict=True):
            counting = [p for p in promises if data.promises[p].counts]
            held = union(i for p in counting for i in _held(data, data.promises[p]))
            present = bool(part.ground.support & group.leaves)
            if present and counting and total(intersect(held, needed)) < total(needed):
                return True
        return False

    leaves = data.leaves(partly)
    if leaves:
        text, subjects = _named(leaves)
        yield Finding(
            "HOURS_NOT_COVERED",
            "warning",
            f"{text}: committed for part of these service hours only; outside it nothing bounds "
            "how long they may be down",
            subjects,
            where,
        )


def _held(data: Problem, promise: Promise) -> Iterable[tuple[int, int]]:
    span = promise.effective & data.period
    return data.hours.open(promise.hours, span) if span else ()


class _Stretch(NamedTuple):
    """When a commitment holds: in some hours of a span."""

    hours: str
    span: Span


def _held_by_agreement(leaf: Leaf, period: Span) -> dict[str, set[_Stretch]]:
    """When each agreement that underpins a leaf promises it, within a period."""
    found: dict[str, set[_Stretch]] = {}
    for one in leaf.commitments:
        span = one.version.effective & period
        if span is not None and underpins(one.version, one.term):
            found.setdefault(one.key.agreement, set()).add(_Stretch(one.term.hours, span))
    return found


def _duplicates(where: str, data: Problem) -> Iterator[Finding]:
    """Leaves that several agreements promise at once, by those agreements: two teams that take
    turns, day and night, promise nothing twice."""
    found: dict[tuple[str, ...], list[Leaf]] = {}

    @cache
    def meet(one: _Stretch, other: _Stretch) -> bool:
        span = one.span & other.span
        if span is None:
            return False
        at_once = intersect(data.hours.open(one.hours, span), data.hours.open(other.hours, span))
        return bool(intersect(at_once, data.window))

    for part in data.parts:
        for number in bits_of(part.ground.support & part.ground.structure.promised_twice):
            leaf = part.ground.leaf(number)
            held = _held_by_agreement(leaf, data.period)
            names = {
                name
                for one, other in combinations(held, 2)
                if any(meet(*pair) for pair in product(held[one], held[other]))
                for name in (one, other)
            }
            if names:
                found.setdefault(tuple(sorted(names)), []).append(leaf)
    for agreements, leaves in sorted(found.items(), key=lambda item: item[0]):
        text, subjects = _named(leaves)
        yield Finding(
            "DUPLICATE",
            "info",
            f"promised more than once ({', '.join(agreements)}): {text}; all of it is kept, so the "
            "better counts",
            subjects,
            where,
        )


def _definitions(where: str, data: Problem) -> Iterator[Finding]:
    """Differences of definition between what is promised and what it rests on."""
    own = data.own
    excused = {allowance.category for allowance in own.allowances} | set(own.exclusions)
    checks: tuple[tuple[str, Callable[[Promise], bool], str], ...] = (
        (
            "MAINTENANCE_NOT_EXCUSED",
            lambda p: not {allowance.category for allowance in p.allowances} <= excused,
            "may be down for planned work that is not excused here",
        ),
        (
            "ZONE_MISMATCH",
            lambda p: p.period.kind == own.period.kind != "rolling" and p.timezone != own.timezone,
            f"measures its {own.period.kind} in another time zone than {own.timezone}",
        ),
        (
            "POINT_MISMATCH",
            lambda p: p.point != own.point,
            f"is measured at another point than {own.point!r}",
        ),
        (
            "WEIGHTING_MISMATCH",
            lambda p: p.weighting != own.weighting,
            "weighs outages by the users affected differently",
        ),
    )
    for code, differs, text in checks:
        leaves = _matching(data, differs)
        if leaves:
            names, subjects = _named(leaves)
            yield Finding(code, "warning", f"{names} {text}", subjects, where)
