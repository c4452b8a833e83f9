"""The clause register, the documents an agreement refers to, and its glossary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.lapses import AT_ONCE, Lapse
from orchestrator.model.values import Money

CONSENT_RULES: Final = ("free", "affiliates", "notice", "consent", "discretion", "prohibited")
"""What has to happen before a right may pass on: nothing at all; nothing towards affiliates; word
given; consent not unreasonably withheld; consent at sole discretion; it may not."""


@dataclass(frozen=True, slots=True)
class ClauseKind:
    """A kind of clause. With `expected` it should not be missing where money moves; `rules` are the
    words that say what it provides, where it is that simple."""

    id: str
    name: str
    expected: bool = False
    rules: tuple[str, ...] = ()


CLAUSE_KINDS: Final[dict[str, ClauseKind]] = {
    row.id: row
    for row in (
        ClauseKind("assignment", "assignment", expected=True, rules=CONSENT_RULES),
        ClauseKind("change_of_control", "change of control", rules=(*CONSENT_RULES, "terminable")),
        ClauseKind("termination", "termination", expected=True, rules=("cause", "convenience")),
        ClauseKind("notice", "notice"),
        ClauseKind("survival", "survival"),
        ClauseKind("indemnity", "indemnity", expected=True),
        ClauseKind("liability_cap", "cap on liability", expected=True),
        ClauseKind("pass_through", "pass-through of claims"),
        ClauseKind("most_favoured_customer", "most-favoured customer"),
        ClauseKind("exclusivity", "exclusivity"),
        ClauseKind("volume_tiers", "volume tiers"),
        ClauseKind("audit", "audit"),
        ClauseKind("data_location", "location of data"),
        ClauseKind("confidentiality", "confidentiality"),
        ClauseKind("governing_law", "governing law"),
    )
}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of an agreement: its text, or the reference to where it stands.

    `document` is the id of the document it stands in ("" for the agreement itself); `rule` is
    one of its kind's; `within` a time it sets (of a notice, of a request for consent), `amount`
    a sum it sets.
    """

    id: str
    kind: str
    text: str = ""
    reference: str = ""
    document: str = ""
    negotiability: str = "negotiable"
    rule: str = ""
    within: Lapse = AT_ONCE
    amount: Money | None = None

    def __post_init__(self) -> None:
        if self.kind not in CLAUSE_KINDS:
            raise refuse(
                "UNKNOWN_CLAUSE",
                f"{self.kind!r} is not a kind of clause",
                f"use one of {', '.join(CLAUSE_KINDS)}",
            )
        rules = CLAUSE_KINDS[self.kind].rules
        if self.rule and self.rule not in rules:
            raise refuse(
                "BAD_CHOICE",
                f"{self.rule!r} is not a rule of a clause of {CLAUSE_KINDS[self.kind].name}",
                f"use one of {', '.join(rules)}" if rules else "say it in the text",
            )
        if not (self.text or self.reference or self.rule):
            raise refuse(
                "EMPTY_CLAUSE",
                f"the clause {self.id!r} says nothing",
                "give it a `text`, a `reference` or a `rule`",
            )


_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is part of the agreement by reference, known by the SHA-256 of its bytes.

    The agreement's own text comes first, then its documents in the order they are listed.
    """

    id: str
    sha256: str
    title: str = ""
    location: str = ""

    def __post_init__(self) -> None:
        if not _SHA256.fullmatch(self.sha256):
            raise refuse(
                "BAD_HASH",
                f"{self.sha256[:80]!r} is not a SHA-256",
                "write its 64 lower-case hexadecimal digits",
            )


@dataclass(frozen=True, slots=True)
class Definition:
    """A term of the glossary. A text refers to it in double brackets: `[[Business Day]]`."""

    term: str
    meaning: str


_LINK: Final = re.compile(r"\[\[([^\[\]]+)\]\]")


def defined_terms_in(text: str) -> tuple[str, ...]:
    """The glossary terms a text refers to, in order, each once."""
    return tuple(dict.fromkeys(name.strip() for name in _LINK.findall(text)))
