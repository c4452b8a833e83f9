"""Parties, services and what they require, in documents."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from orchestrator.formats.context import Context
from orchestrator.formats.flows import FLOWS
from orchestrator.formats.quantities import (
    BETA,
    EFFECTIVE,
    LABEL,
    POSITIVE,
    SLUG_ID,
    whole,
)
from orchestrator.formats.record import Filed, Inline, Key, Record
from orchestrator.formats.shapes import ByKey, Choice, Converted, ListOf, OneOf, Ref, Shape, choice
from orchestrator.model.parties import PARTY_KINDS, Party
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.values import Span

PARTY: Final = Record(
    Party,
    Key("id", SLUG_ID),
    Key("name", LABEL),
    Key("kind", choice(PARTY_KINDS, says="kind of party")),
    Key("parent", SLUG_ID, about="A team's organisation or team, or an organisation's owner."),
    Filed("contacts"),
    keeps=True,
)

# ------------------------------------------------------------------------------------- expressions


def _expression() -> Shape[Expression]:
    return EXPRESSION_FORMS


EXPRESSION: Final = Ref[Expression]("expression", _expression)
"""A service id, `{all: [...]}`, `{any: [...], beta}` or `{atLeast: k, of: [...], beta}`."""

_PARTS: Final = ListOf(EXPRESSION)
_VISITS: Final = Key("visits", POSITIVE, about="How often a request of the dependent uses it.")
_BETA: Final = Key("beta", BETA, about="The common-cause share of the group, 0 to 1.")
_MOST_PARTS: Final = 10**6


def _any(parts: tuple[Expression, ...], **others: Any) -> AtLeast:
    return AtLeast(1, parts, **others)


def _form_of(part: Expression) -> str:
    match part:
        case Needs():
            return "service"
        case AllOf():
            return "all"
        case AtLeast():
            return "any" if part.k == 1 else "atLeast"


_PLAIN_NEED: Final = Converted[Needs](
    SLUG_ID, lambda service, _: Needs(service), lambda needs, _: needs.service
)
_FORMS: Final = ByKey[Expression](
    {
        "all": Record(AllOf, Key("all", _PARTS, "parts"), _VISITS, blame={"EMPTY_GROUP": "all"}),
        "any": Record(
            _any,
            Key("any", _PARTS, "parts"),
            _BETA,
            _VISITS,
            like=AtLeast,
            blame={"EMPTY_GROUP": "any"},
        ),
        "atLeast": Record(
            AtLeast,
            Key("atLeast", whole(1, _MOST_PARTS, code="K_OUT_OF_RANGE"), "k"),
            Key("of", _PARTS, "parts"),
            _BETA,
            _VISITS,
            blame={"EMPTY_GROUP": "of", "K_OUT_OF_RANGE": "atLeast"},
        ),
        "service": Record(Needs, Key("service", SLUG_ID), _VISITS),
    },
    _form_of,
    "a service, {all: [...]}, {any: [...]} or {atLeast: k, of: [...]}",
)


def _expression_form(part: Expression, _: Context) -> Shape[Any]:
    return _PLAIN_NEED if part == Needs(getattr(part, "service", "")) else _FORMS


EXPRESSION_FORMS: Final = OneOf[Expression](
    _FORMS.says, _expression_form, text=_PLAIN_NEED, mapping=_FORMS
)


class Piece(NamedTuple):
    """What a service requires during a span."""

    span: Span
    expression: Expression


PIECES: Final = ListOf(
    Record(Piece, Inline("span", EFFECTIVE), Key("expression", EXPRESSION)), at_least=1
)
"""`requires` as a list of `{from, to, expression}`."""


REQUIRES: Final = OneOf[Any](
    _FORMS.says, lambda *_: EXPRESSION, text=EXPRESSION, mapping=EXPRESSION, items=PIECES
)
"""The list form is read by the service's history, which gives each piece a span of its own."""

SERVICE: Final = Record(
    Service,
    Key("id", SLUG_ID),
    Key("name", LABEL),
    Key("owner", SLUG_ID, about="The party whose work is in it."),
    Key(
        "own",
        Choice({"none": False}, says="word for the own part"),
        about="With `none` the owner adds no part of its own.",
    ),
    Key("requires", REQUIRES),
    Key("flows", FLOWS, about="How work passes through the parties, by metric and priority."),
    Key(
        "recoverAfter",
        ListOf(SLUG_ID),
        about="What has to be back before it can be restored; what it requires unless said.",
    ),
    Key(
        "crews",
        whole(1, _MOST_PARTS),
        about="How many services beneath it may be restored at once; all unless said.",
    ),
    keeps=True,
)
