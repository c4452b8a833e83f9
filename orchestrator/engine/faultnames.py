"""What the parts of an agreement's fault tree are called, and what is said of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from orchestrator.engine.components import Node
from orchestrator.engine.promises import Promise
from orchestrator.engine.structure import Leaf
from orchestrator.engine.subjects import Subject
from orchestrator.engine.underpinning import Ground, Underpinning
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.services import mentioned
from orchestrator.model.values import Span, format_percent

_NAMED: Final = 5
"""So many commitments to one leaf are named in its label."""


def remarks_on(
    underpinning: Underpinning,
    own: Promise,
    grounds: Sequence[Ground],
    ground: Ground,
    period: Span,
) -> list[str]:
    """What sets the probability of a tree apart from the agreement's estimate, in words."""
    found = []
    if len(grounds) > 1:
        found.append(
            f"of the {len(grounds)} structures in this period this is the one that holds longest"
        )
    promises = {underpinning.promises[number] for kind in ground.kinds for number in kind}
    if not all(
        promise.hours in {ROUND_THE_CLOCK, own.hours} and promise.effective & period == period
        for promise in promises
    ):
        found.append(
            "some commitments hold in part of these hours only: each counts at its committed level"
        )
    return found


def description(subject: Subject, causes: bool) -> list[str]:
    """What a tree is of, in words."""
    key = subject.key
    found = [f"what {key.agreement}/{key.term} v{key.version} rests on"]
    if causes:
        found.append("declared common causes are basic events of their own")
    return found


def service_names(subject: Subject, ground: Ground) -> dict[Node, str]:
    """The services beneath that are exactly one node of the structure, by that node."""
    structure, found = ground.structure, dict[Node, str]()
    if _is_leaf(ground.node):
        return found
    services = structure.snapshot.services
    seen: set[str] = set()
    stack = [
        needed
        for cover in subject.covers
        if cover.scope == "whole"
        for needed in mentioned(services[cover.service].requires)
    ]
    while stack:
        service = stack.pop()
        if service in seen:
            continue
        seen.add(service)
        node = structure.node(service)
        if not _is_leaf(node):
            found.setdefault(node, service)
            stack.extend(mentioned(services[service].requires))
    return found


def _is_leaf(node: Node) -> bool:
    return not node.gates and node.leaves.bit_count() <= 1


def leaf_label(leaf: Leaf) -> str:
    """A leaf with the commitments to it, in words."""
    terms = [
        f"{one.key.agreement}/{one.key.term} v{one.key.version} at {format_percent(target)}"
        for one in leaf.commitments
        if isinstance(target := one.term.target, Fraction)
    ]
    if not terms:
        return f"{leaf.id} of {leaf.party}: nobody has committed to it, taken to be always down"
    more = f", and {len(terms) - _NAMED} more" if len(terms) > _NAMED else ""
    return f"{leaf.id} of {leaf.party}: {', '.join(terms[:_NAMED])}{more}"
