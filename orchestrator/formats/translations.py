"""The translation document: rules from application-level terms to resources."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Final

from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.formats.context import Context, attempt, shown
from orchestrator.formats.document import API_VERSION, Places, begin, header, refuse_all
from orchestrator.formats.formulas import LIMIT, parse_formula, show_formula
from orchestrator.formats.nodes import Json
from orchestrator.formats.quantities import EXACT, LABEL, POSITIVE, SLUG_ID
from orchestrator.formats.record import Key, Record
from orchestrator.formats.shapes import Choice, ListOf, OneOf, Scalar
from orchestrator.formats.source import Source, read_source
from orchestrator.model.translations import (
    Committed,
    Parameter,
    Requirement,
    Rule,
    Translation,
)

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


def _name(text: str, _: Context) -> str:
    if not _NAME.fullmatch(text):
        raise refuse(
            "BAD_ID",
            f"{shown(text)} is not the name of a parameter",
            "use lower-case letters, digits and `_`, beginning with a letter",
        )
    return text


def _as_is(text: str, _: Context) -> str:
    return text


PARAMETER: Final = Record(
    Parameter,
    Key("id", Scalar("a name", _name, _as_is, _NAME.pattern)),
    Key("unit", LABEL),
    Key("value", EXACT, about="What the term is stated with."),
    Key("from", EXACT, "low", about="The range within which the formulas have to hold."),
    Key("to", EXACT, "high"),
    Key("step", POSITIVE, about="In what steps it is stated."),
    Key(
        "more",
        Choice({"asks_more": True, "asks_less": False}, says="direction"),
        "asks_more",
        about="What more of it asks for: more users ask more, more seconds ask less.",
    ),
    blame={"OUT_OF_RANGE": "value"},
)
_TERM: Final = Record(
    Committed,
    Key("agreement", SLUG_ID),
    Key("term", SLUG_ID),
    says="{agreement, term}",
)
COMMITTED: Final = OneOf[Fraction | Committed](
    "a number, or {agreement, term}",
    lambda held, _: _TERM if isinstance(held, Committed) else EXACT,
    text=EXACT,
    mapping=_TERM,
)
FORMULA: Final = Scalar(
    "a formula",
    lambda text, _: parse_formula(text),
    lambda formula, _: show_formula(formula),
    number=lambda text, _: parse_formula(text),
    limit=LIMIT,
)
REQUIREMENT: Final = Record(
    Requirement,
    Key("id", SLUG_ID),
    Key("unit", LABEL),
    Key(
        "formula",
        FORMULA,
        about="Of numbers and parameters, with + - * / and min, max, ceil, pow.",
    ),
    Key(
        "need",
        Choice({"at_least": False, "at_most": True}, says="side"),
        "at_most",
        about="Whether more of the resource is better, or less, as of a latency.",
    ),
    Key("committed", COMMITTED, about="What there is of it: a number or a term of the estate."),
)
RULE: Final = Record(
    Rule,
    Key("id", SLUG_ID),
    Key("name", LABEL),
    Key("parameters", ListOf(PARAMETER, unique="id", at_least=1)),
    Key("requires", ListOf(REQUIREMENT, unique="id", at_least=1)),
)
HEADER: Final = header("Translation")
_RULES: Final = ListOf(RULE, unique="id", at_least=1)
DOCUMENT: Final = Record(Translation, *HEADER, Key("rules", _RULES))


class TranslationDocument:
    """A translation, and where it stands in the text it was read from."""

    def __init__(self, translation: Translation, source: Source) -> None:
        self.translation, self.source = translation, source
        self._places = Places(source.root, {})

    def place(self, path: str) -> tuple[int, str]:
        """The line and the index path of a path by ids."""
        return self._places.find(path)

    def placed(self, error: OrchestratorError) -> OrchestratorError:
        """The same error with the places of its paths in this document."""
        return OrchestratorError(tuple(map(self._placed, error.problems)))

    def _placed(self, problem: Problem) -> Problem:
        if not problem.path:
            return problem
        line, path = self.place(problem.path)
        return replace(problem, file=self.source.file, line=line, path=path)


def read_translation(text: str | bytes, file: str = "") -> TranslationDocument:
    """Read a translation document; all that is wrong with it is raised at once."""
    source, ctx = read_source(text, file), Context()
    given = begin(source, HEADER, ctx)
    DOCUMENT.reports_unknown(given, ctx)
    rules = None
    if "rules" in given:
        rules = attempt(_RULES.read, given["rules"], ctx)
    else:
        ctx.refuse(source.root, "MISSING_KEY", "the key `rules` is missing", "add the key `rules`")
    refuse_all(source, ctx)
    assert rules is not None
    return TranslationDocument(Translation(rules), source)


def write_translation(translation: Translation) -> dict[str, Json]:
    """The document of a translation; reading it back gives an equal one."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Translation",
        "rules": _RULES.write(translation.rules, Context()),
    }
