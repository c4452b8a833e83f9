"""Flows in documents: `{resolution_time/P1: {sequence: [desk/p1-triage, {choice: [...]}]}}`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats.context import Context, Refused, attempt, mapping_of, nearest, shown
from orchestrator.formats.nodes import Json, Node
from orchestrator.formats.quantities import quantity, whole
from orchestrator.formats.record import Key, Record
from orchestrator.formats.shapes import ByKey, ListOf, OneOf, Ref, Scalar, Schema, Shape
from orchestrator.model.flows import (
    BAD_FLOW,
    Branch,
    FirstOf,
    Flow,
    InParallel,
    InSequence,
    OneOfBranches,
    Repeated,
    Stage,
    Step,
)
from orchestrator.model.metrics import METRICS
from orchestrator.model.values import SLUG, is_slug

_MOST_TIMES: Final = 1_000
"""A loop that is gone through more often is no way of working."""


def _stage(text: str, _: Context) -> Stage:
    agreement, slash, term = text.partition("/")
    if not is_slug(agreement) or (slash and not is_slug(term)):
        raise refuse(
            "BAD_ID",
            f"{shown(text)} is not a stage",
            "write it as agreement/term, or as the agreement alone",
        )
    return Stage(agreement, term)


_STAGE: Final = Scalar(
    "a stage",
    _stage,
    lambda stage, _: str(stage),
    f"{SLUG.pattern}(?:/{SLUG.pattern})?",
    limit=300,
)


def _step() -> Shape[Step]:
    return STEP_FORMS


STEP: Final = Ref[Step]("step", _step)
"""A stage, `{sequence | parallel | first: [...]}`, `{choice: [...]}` or `{loop: {times, step}}`."""

_STEPS: Final = ListOf(STEP)
_BRANCH: Final = Record(
    Branch,
    Key("share", quantity("a share", high=1, above_low=True, percent=False, code=BAD_FLOW)),
    Key("step", STEP),
    says='{share: "0.8", step}',
)
_LOOP: Final = Record(
    Repeated,
    Key("times", whole(1, _MOST_TIMES), about="How often it is gone through at most."),
    Key("step", STEP),
    says="{times: 3, step}",
)


def _itself(value: Any) -> Any:
    return value


_FORM_OF: Final[dict[type, str]] = {
    InSequence: "sequence",
    InParallel: "parallel",
    FirstOf: "first",
    OneOfBranches: "choice",
    Repeated: "loop",
}


def _form_of(step: Step) -> str:
    return _FORM_OF[type(step)]


_FORMS: Final = ByKey[Step](
    {
        "sequence": Record(InSequence, Key("sequence", _STEPS, "steps")),
        "parallel": Record(
            InParallel, Key("parallel", _STEPS, "steps"), blame={"EMPTY_GROUP": "parallel"}
        ),
        "first": Record(FirstOf, Key("first", _STEPS, "steps"), blame={"EMPTY_GROUP": "first"}),
        "choice": Record(
            OneOfBranches,
            Key("choice", ListOf(_BRANCH), "branches"),
            blame={"EMPTY_GROUP": "choice", BAD_FLOW: "choice"},
        ),
        "loop": Record(lambda loop: loop, Key("loop", _LOOP, "loop", get=_itself)),
    },
    _form_of,
    "agreement/term, {sequence: [...]}, {parallel: [...]}, {first: [...]}, {choice: [...]} or "
    "{loop: {times, step}}",
)


def _step_form(step: Step, _: Context) -> Shape[Any]:
    return _STAGE if isinstance(step, Stage) else _FORMS


STEP_FORMS: Final = OneOf[Step](_FORMS.says, _step_form, text=_STAGE, mapping=_FORMS)


@dataclass(frozen=True, eq=False)
class Flows:
    """The flows of a service, by metric and priority; those that name a priority come first."""

    def read(self, node: Node, ctx: Context) -> tuple[Flow, ...]:
        given = mapping_of(node, ctx, "a flow for each metric")
        found = [attempt(_flow, key, child, ctx) for key, child in given.items()]
        if None in found:
            raise Refused()
        flows = [flow for flow in found if flow is not None]
        return tuple(sorted(flows, key=_rank))

    def write(self, value: tuple[Flow, ...], ctx: Context) -> Json:
        return {_key_of(flow): STEP.write(flow.step, ctx) for flow in value}

    def schema(self) -> Schema:
        metrics = "|".join(map(re.escape, METRICS))
        return {
            "type": "object",
            "propertyNames": {"pattern": rf"^(?:{metrics})(?:/[\s\S]+)?$"},
            "additionalProperties": STEP.schema(),
        }


def _rank(flow: Flow) -> tuple[str, bool, str]:
    return flow.metric, not flow.priority, flow.priority


def _key_of(flow: Flow) -> str:
    return f"{flow.metric}/{flow.priority}" if flow.priority else flow.metric


def _flow(key: str, node: Node, ctx: Context) -> Flow:
    """The flow under a key: a metric, or a metric and a priority."""
    metric, slash, priority = key.partition("/")
    if metric not in METRICS:
        raise ctx.refuse(
            node,
            "UNKNOWN_METRIC",
            f"{shown(key)} is no metric, nor METRIC/PRIORITY",
            nearest(metric, METRICS),
        )
    if slash and not priority:
        raise ctx.refuse(
            node, BAD_FLOW, f"{shown(key)} names no priority", "write METRIC or METRIC/PRIORITY"
        )
    return Flow(metric, STEP.read(node, ctx), priority)


FLOWS: Final = Flows()
