"""The clause register as a lawyer reads it: what is missing, contradictory or undefined."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.model.agreements import KINDS
from orchestrator.model.clauses import CLAUSE_KINDS, Clause, Document, defined_terms_in
from orchestrator.model.contracts import Contract
from orchestrator.model.records import Finding


def missing_clauses(contract: Contract, kind: str) -> tuple[str, ...]:
    """The kinds of clause that an agreement of a kind should hold and does not, in the order of
    the table."""
    held = {clause.kind for clause in contract.provisions.clauses}
    expected = (row.id for row in CLAUSE_KINDS.values() if row.expected)
    return tuple(id for id in expected if KINDS[kind].money_moves and id not in held)


def missing(contract: Contract, kind: str) -> Iterator[Finding]:
    """A missing indemnity, and whatever else an agreement of a kind should not be without. Where it
    holds no clause at all, they may well stand elsewhere: that is for information."""
    version = contract.version
    lacking = list(missing_clauses(contract, kind))
    if "indemnity" in lacking:
        lacking.remove("indemnity")
        yield Finding(
            "MISSING_INDEMNITY",
            "warning" if contract.provisions.clauses else "info",
            f"{version.agreement} holds no indemnity: {version.customer} bears what third parties "
            f"claim because of {version.provider}",
            (version.agreement,),
            f"agreements[{version.agreement}].clauses",
        )
    if lacking:
        names = ", ".join(CLAUSE_KINDS[kind].name for kind in lacking)
        yield Finding(
            "MISSING_CLAUSES",
            "info",
            f"{version.agreement} holds nothing on {names}",
            (version.agreement,),
            f"agreements[{version.agreement}].clauses",
        )


@dataclass(frozen=True, slots=True)
class Governing:
    """The clause that holds for a kind, and those it prevails over."""

    clause: Clause
    overridden: tuple[Clause, ...] = ()


def governing(contract: Contract) -> tuple[Governing, ...]:
    """Of several clauses of a kind, the one that prevails: the agreement's own text first, then
    its documents in the order listed; within one text, the one written first."""
    order = {"": 0} | {
        document.id: place for place, document in enumerate(contract.provisions.documents, 1)
    }
    by_kind: dict[str, list[Clause]] = {}
    for clause in contract.provisions.clauses:
        by_kind.setdefault(clause.kind, []).append(clause)
    found = []
    for clauses in by_kind.values():
        first, *others = sorted(clauses, key=lambda one: order.get(one.document, len(order)))
        found.append(Governing(first, tuple(others)))
    return tuple(found)


def conflicts(contract: Contract) -> Iterator[Finding]:
    """Clauses of one kind that say different things, with the one that prevails; and clauses
    that stand in a document the agreement does not list."""
    version, provisions = contract.version, contract.provisions
    for held in governing(contract):
        said = (held.clause.text, held.clause.rule, held.clause.within, held.clause.amount)
        against = [
            clause
            for clause in held.overridden
            if (clause.text, clause.rule, clause.within, clause.amount) != said
        ]
        if against:
            yield Finding(
                "CLAUSES_CONFLICT",
                "warning",
                f"{version.agreement}: {held.clause.id} prevails over "
                f"{', '.join(clause.id for clause in against)}, which say otherwise",
                (version.agreement, held.clause.id, *(clause.id for clause in against)),
                f"agreements[{version.agreement}].clauses",
            )
    listed = {document.id for document in provisions.documents}
    for clause in provisions.clauses:
        if clause.document and clause.document not in listed:
            yield Finding(
                "UNLISTED_DOCUMENT",
                "warning",
                f"{version.agreement}: {clause.id} stands in {clause.document!r}, which is not "
                "among the agreement's documents, so it comes last",
                (version.agreement, clause.id),
                f"agreements[{version.agreement}].documents",
            )


def undefined(contract: Contract) -> Iterator[Finding]:
    """Terms that clauses, duties or the glossary refer to and that the glossary does not define."""
    version, provisions = contract.version, contract.provisions
    defined = {entry.term for entry in provisions.glossary}
    texts = [(clause.id, clause.text) for clause in provisions.clauses]
    texts += [(duty.id, duty.duty) for duty in provisions.obligations]
    texts += [(entry.term, entry.meaning) for entry in provisions.glossary]
    for where, text in texts:
        for term in defined_terms_in(text):
            if term not in defined:
                yield Finding(
                    "UNDEFINED_TERM",
                    "warning",
                    f"{version.agreement}: {where} speaks of {term!r}, which the glossary does "
                    "not define",
                    (version.agreement, where),
                    f"agreements[{version.agreement}].glossary",
                )


def changed(contract: Contract, document: Document, content: bytes) -> Iterator[Finding]:
    """Whether a document still is what was agreed: its bytes against its hash."""
    found = hashlib.sha256(content).hexdigest()
    if found != document.sha256:
        yield Finding(
            "DOCUMENT_CHANGED",
            "error",
            f"{contract.version.agreement}: {document.title or document.id} is not the document "
            f"that was agreed: its SHA-256 is {found}",
            (contract.version.agreement, document.id),
            f"agreements[{contract.version.agreement}].documents",
        )
