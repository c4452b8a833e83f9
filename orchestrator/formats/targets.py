"""Targets in documents: written by what the targets of their metric are made of.

`450` is a number for throughput and no ratio for availability: only the term's metric tells, which
the context has (`Context.metric`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.formats.context import Context, Refused, attempt, kind_of
from orchestrator.formats.nodes import Json, Node, Number
from orchestrator.formats.quantities import DURATION, FAULT, FIGURE, LAPSE, SLUG_ID, TARGET, Lapse
from orchestrator.formats.record import Key, Record
from orchestrator.formats.shapes import Converted, ListOf, Ref, Schema, Shape, any_of
from orchestrator.formats.source import Source, read_source
from orchestrator.model.metrics import (
    CARRIERS,
    METRICS,
    Labels,
    Lasting,
    Points,
    Target,
    Within,
    check_target,
)


def _within(share: Fraction, within: Lapse) -> Within:
    duration, business_days = within
    return Within(share, duration, business_days)


WITHIN: Final = Record(
    _within,
    Key("share", TARGET),
    Key("within", LAPSE, get=lambda target: (target.duration, target.business_days)),
    says='{share: "90%", within: 4h}',
)


def _points(points: Sequence[Within], _: Context) -> Target:
    """Points in the order of their shares; a single one is a share within a time."""
    ordered = sorted(points, key=lambda one: (one.share, one.business_days, one.duration))
    return ordered[0] if len(ordered) == 1 else Points(tuple(ordered))


def _labels(names: Sequence[str], _: Context) -> Labels:
    ordered = sorted(set(names))
    if len(ordered) < len(names):
        twice = next(name for name in ordered if names.count(name) > 1)
        raise refuse("DUPLICATE_ID", f"{twice!r} is named twice", "name it once")
    return Labels(tuple(ordered))


_POINTS: Final = Converted[Any](
    ListOf(WITHIN, at_least=1), _points, lambda target, _: target.points
)
_LABELS: Final = Converted[Labels](
    ListOf(SLUG_ID, at_least=1), _labels, lambda target, _: target.names
)
_LASTING: Final = Converted[Lasting](
    DURATION, lambda duration, _: Lasting(duration), lambda target, _: target.duration
)

_FORMS: Final[dict[str, dict[type, Shape[Any]]]] = {
    "ratio": {str: TARGET, Number: TARGET},
    "fault": {str: FAULT, Number: FAULT},
    "number": {str: FIGURE, Number: FIGURE},
    "within": {dict: WITHIN, list: _POINTS},
    "lasting": {str: _LASTING},
    "labels": {list: _LABELS},
}
"""How the targets of each carrier are written, by the type of their node."""

_WRITTEN_AS: Final = {Fraction: str, Lasting: str, Within: dict, Points: list, Labels: list}


@dataclass(frozen=True, eq=False)
class _OfCarrier:
    """A target of any metric of a carrier."""

    carrier: str

    def read(self, node: Node, ctx: Context) -> Target:
        form = _FORMS[self.carrier].get(type(node.value))
        if form is None:
            row = CARRIERS[self.carrier]
            raise ctx.refuse(
                node,
                "BAD_TARGET",
                f"a target of {ctx.metric} is {row.says}, and {kind_of(node)} is given",
                f"write it as {row.example}",
            )
        target: Target = form.read(node, ctx)
        return target

    def write(self, value: Target, ctx: Context) -> Json:
        return _FORMS[self.carrier][_WRITTEN_AS[type(value)]].write(value, ctx)

    def schema(self) -> Schema:
        return any_of(_FORMS[self.carrier].values())


def _of(carrier: str) -> Ref[Target]:
    shape = _OfCarrier(carrier)
    return Ref(f"{carrier}Target", lambda: shape)


TARGETS: Final = {carrier: _of(carrier) for carrier in CARRIERS}
"""What the targets of each carrier look like; the schema has each by name."""


@dataclass(frozen=True, eq=False)
class OfMetric:
    """A target of the metric of the context; its schema is left to `by_metric`."""

    def read(self, node: Node, ctx: Context) -> Target:
        if not ctx.metric:
            raise Refused()  # the metric was reported, and nothing can be said without it
        return TARGETS[METRICS[ctx.metric].carrier].read(node, ctx)

    def write(self, value: Target, ctx: Context) -> Json:
        return TARGETS[METRICS[ctx.metric].carrier].write(value, ctx)

    def schema(self) -> Schema:
        return {}


TARGET_FORMS: Final = OfMetric()

_POINT: Final = re.compile(r"(\S+)\s+within\s+(.+)")


def _said_within(text: str) -> Node | None:
    """`50% within 1h, 90% within 4h`."""
    points = [_POINT.fullmatch(part.strip()) for part in text.split(",")]
    known = [point for point in points if point is not None]
    if len(known) < len(points):
        return None
    return _node([_node({"share": _node(p[1]), "within": _node(p[2])}) for p in known])


def _said_labels(text: str) -> Node | None:
    """`iso-27001, soc-2`."""
    if text.startswith("["):
        return None
    return _node([_node(part.strip()) for part in text.split(",")])


def _node(value: dict[str, Node] | list[Node] | str) -> Node:
    return Node(value, 1, 1)


_SAID: Final[dict[str, Callable[[str], Node | None]]] = {
    "within": _said_within,
    "labels": _said_labels,
}
"""Carriers whose targets are shown otherwise than documents have them (`target_text`)."""


def read_target(text: str, metric: str) -> Target:
    """A target by itself, as documents have it or as it is shown: `99.9%`, `450`, `4h`,
    `{share: 90%, within: 4h}`, `90% within 4h`, `[iso-27001, soc-2]`.

    Raises `OrchestratorError`, without a place, for what is no target of the metric.
    """
    of_carrier = _SAID.get(METRICS[metric].carrier)
    said = of_carrier(text) if of_carrier else None
    ctx = Context(metric=metric)
    try:
        # By its name it is YAML, of which the JSON of a target is a part.
        source = Source(said) if said is not None else read_source(text, "target.yaml")
    except OrchestratorError as error:
        raise _unplaced(error.problems) from error
    target = attempt(TARGET_FORMS.read, source.root, ctx)
    problems = [*source.problems, *(problem for problem, _ in ctx.found)]
    if problems:
        raise _unplaced(problems)
    assert target is not None
    check_target(METRICS[metric], target)
    return target


def _unplaced(problems: Iterable[Problem]) -> OrchestratorError:
    """The problems of a text that is no file: it has no lines."""
    return OrchestratorError(replace(one, file="", line=0, path="") for one in problems)


def by_metric(*keys: str) -> list[Schema]:
    """What the keys that hold targets look like beside each metric."""
    return [
        {
            "if": {
                "properties": {
                    "metric": {
                        "enum": [row.id for row in METRICS.values() if row.carrier == carrier]
                    }
                },
                "required": ["metric"],
            },
            "then": {"properties": {key: target.schema() for key in keys}},
        }
        for carrier, target in TARGETS.items()
    ]
