"""Claims in documents: the record of what was done about each, and claims as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import Context, attempt
from orchestrator.formats.document import API_VERSION, begin, header, placed, refuse_all
from orchestrator.formats.nodes import Json
from orchestrator.formats.quantities import CURRENCY, INSTANT, LABEL, MONEY, SLUG_ID, TEXT
from orchestrator.formats.record import Key, Record, missing
from orchestrator.formats.results import Plain, key_json, span_json
from orchestrator.formats.shapes import ListOf, Scalar, choice
from orchestrator.formats.source import Source, read_source
from orchestrator.model.claims import CLAIM_MOVES, Claim, ClaimEvent, RecordedClaim, overdue
from orchestrator.model.values import FOREVER, AskedPeriod, Instant, format_instant


def _end(end: date | Instant) -> str:
    return end.isoformat() if isinstance(end, date) else format_instant(end)


_PERIOD: Final = Scalar(
    "a period",
    lambda text, _: AskedPeriod.parse(text),
    lambda asked, _: "/".join(map(_end, (asked.start, asked.end))),
    r"[0-9].*",
)

MOVE: Final = Record(
    ClaimEvent,
    Key("do", choice(CLAIM_MOVES, code="UNKNOWN_MOVE", says="move of a claim"), "event"),
    Key("at", INSTANT),
    Key("by", SLUG_ID, about="The party that makes it; none where time does."),
    Key("reason", TEXT),
    Key("accepted", MONEY, about="How much is granted; all of it unless said."),
)

RECORDED: Final = Record(
    RecordedClaim,
    Key("agreement", SLUG_ID),
    Key("term", SLUG_ID),
    Key("service", LABEL),
    Key("period", _PERIOD, about="2026-04, 2026-Q2, 2026 or FROM/TO: holds the period's end."),
    Key("moves", ListOf(MOVE)),
)
HEADER: Final = header("Claims")
DOCUMENT: Final = Record(
    lambda claims: claims,
    *HEADER,
    Key("currency", CURRENCY, default="EUR", about="Of every amount that names none."),
    Key("claims", ListOf(RECORDED)),
)


@dataclass(frozen=True, eq=False)
class ClaimsDocument:
    """What is on record about claims, and the text it was read from."""

    record: tuple[RecordedClaim, ...]
    source: Source

    def placed(self, error: OrchestratorError) -> OrchestratorError:
        """The same error with the places of its paths in this document."""
        return placed(error, self.source)


def read_claims(text: str | bytes, file: str = "") -> ClaimsDocument:
    """Read the record of claims; all that is wrong with it is raised at once."""
    source, ctx = read_source(text, file), Context(currency="EUR")
    given = begin(source, HEADER, ctx)
    DOCUMENT.reports_unknown(given, ctx)
    if "currency" in given:
        named = attempt(CURRENCY.read, given["currency"], ctx)
        ctx = replace(ctx, currency=named or ctx.currency)
    found: tuple[RecordedClaim, ...] | None = None
    if "claims" in given:
        found = attempt(ListOf(RECORDED).read, given["claims"], ctx)
    else:
        missing("claims", source.root, ctx)
    refuse_all(source, ctx)
    return ClaimsDocument(found or (), source)


def write_claims(record: tuple[RecordedClaim, ...], currency: str = "EUR") -> dict[str, Json]:
    """The document of a record of claims; reading it back gives an equal one."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Claims",
        "currency": currency,
        "claims": ListOf(RECORDED).write(record, Context(currency=currency)),
    }


def claim_json(claim: Claim, at: Instant | None = None) -> Plain:
    """A claim as it stands. With an instant, whether its deadline has then passed unused."""
    found = key_json(claim.key) | {
        "period": span_json(claim.period),
        "claimant": claim.claimant,
        "respondent": claim.respondent,
        "amount": str(claim.money),
        "currency": claim.money.currency,
        "accepted": None if claim.accepted is None else str(claim.accepted),
        "state": claim.state,
        "drafted": format_instant(claim.drafted),
        "deadline": None if claim.deadline >= FOREVER else format_instant(claim.deadline),
        "evidence": list(claim.evidence),
        "history": [_event_json(one) for one in claim.history],
    }
    return found if at is None else found | {"overdue": overdue(claim, at)}


def _event_json(event: ClaimEvent) -> Plain:
    return {
        "do": event.event,
        "at": format_instant(event.at),
        "by": event.by or None,
        "reason": event.reason,
        "accepted": None if event.accepted is None else str(event.accepted),
    }
