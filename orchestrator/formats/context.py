"""Reading a document: what a value means by where it stands, and what is found wrong."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, ParamSpec, TypeVar

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.nodes import Node, Number, locate
from orchestrator.model.agreements import Policies

T = TypeVar("T")
P = ParamSpec("P")

_SHOWN: Final = 60
_COMPARED: Final = 64
"""No longer text is compared with known words: the comparison is quadratic."""

LIMIT_PROBLEMS: Final = 1_000
"""No more are looked for: who has a thousand problems has another one."""


class Refused(Exception):  # noqa: N818 - a signal within the formats; users never meet it
    """A problem was reported; there is no value."""


class Overwhelmed(Exception):  # noqa: N818 - a signal within the formats; users never meet it
    """As many problems were reported as anyone will read."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a value means by where it stands, and what was found wrong.

    A bare date is midnight in `zone` ("" where a date alone means nothing), an amount is in
    `currency`, the defaults of a term are those of its agreement's `kind` and `policies`, a target
    is one of `metric`, `position` is the place of a version among its agreement's. The problems
    are shared by all contexts of one document.
    """

    zone: str = ""
    currency: str = ""
    kind: str = ""
    policies: Policies = field(default_factory=Policies)
    metric: str = ""
    position: int = 1
    found: list[tuple[Problem, Node]] = field(default_factory=list)
    entries: dict[tuple[str, str], dict[int, Node]] = field(default_factory=dict)
    """Where each version of an object with a history was read: by list and id, then by its
    number, or by the instant it begins where it has none."""

    def refuse(self, node: Node, code: str, message: str, advice: str = "") -> Refused:
        """Report a problem at a node: `raise ctx.refuse(node, ...)`."""
        if len(self.found) >= LIMIT_PROBLEMS:
            raise Overwhelmed()
        self.found.append((Problem(code, message, advice), node))
        return Refused(code)

    def adopt(self, error: OrchestratorError, node: Node) -> Refused:
        """Report at a node what the model refused, which knows no places."""
        for problem in error.problems:
            self.refuse(node, problem.code, problem.message, problem.advice)
        return Refused()

    def problems(self, root: Node, file: str) -> list[Problem]:
        """All that was reported, placed, each once, in the order of the document."""
        if not self.found:
            return []
        paths = locate(root)
        placed = (
            OrchestratorError(problem).at(file=file, line=node.line, path=paths[node]).problems
            for problem, node in self.found
        )
        return sorted(dict.fromkeys(one for (one,) in placed), key=lambda one: one.line)


def attempt(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What is read, None where it is refused: the problem is reported, the reading goes on."""
    try:
        return read(*args, **kwargs)
    except Refused:
        return None


def shown(text: str) -> str:
    """A text as a message quotes it."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")


def kind_of(node: Node) -> str:
    """What stands at a node, in words."""
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "a flag"
        case str():
            return f"the text {shown(node.value)}"
        case Number():
            return f"the number {shown(node.value.text)[1:-1]}"
        case dict():
            return "a mapping"
        case list():
            return "a list"


def bad_type(node: Node, ctx: Context, wanted: str, *, is_text: bool = False) -> Refused:
    """Report that something else is wanted at a node."""
    advice = f"write {wanted}"
    if node.value is None:
        advice += ", or leave the key out"
    elif is_text and isinstance(node.value, bool | Number):
        advice += ", in quotes if it is one"
    return ctx.refuse(node, "BAD_TYPE", f"{wanted} is needed, and {kind_of(node)} is given", advice)


def mapping_of(node: Node, ctx: Context, wanted: str = "a mapping") -> dict[str, Node]:
    """The keys of a mapping."""
    if not isinstance(node.value, dict):
        raise bad_type(node, ctx, wanted)
    return node.value


def list_of(node: Node, ctx: Context) -> list[Node]:
    """The items of a list."""
    if not isinstance(node.value, list):
        raise bad_type(node, ctx, "a list")
    return node.value


def nearest(word: str, known: Iterable[str]) -> str:
    """The advice that names the known word nearest to one that is not."""
    words = list(known)
    close = difflib.get_close_matches(word[:_COMPARED], words, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"use {'one of ' if len(words) > 1 else ''}{', '.join(words)}"
