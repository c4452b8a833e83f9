"""Changes. Each takes one `input`, runs in one transaction with its audit line, and answers with
what changed, or with `userErrors` where what was sent cannot be accepted."""

from __future__ import annotations

from typing import Any

import graphene

from orchestrator.actions.assess import AssessResult, assess_period
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.values import AskedPeriod
from orchestrator.store.read import latest_run
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.booking import Booked, Booking, Unbooked
from orchestrator.web.changing import (
    answered,
    errors_of,
    input_type,
    mutation_field,
    payload_type,
    text_field,
)
from orchestrator.web.claims import ClaimMutation
from orchestrator.web.enums import ChangeWhat
from orchestrator.web.estates import Estate
from orchestrator.web.fields import given, many, maybe
from orchestrator.web.ledger import LedgerMutation
from orchestrator.web.lifecycle import AgreementMutation
from orchestrator.web.paging import Listing, connection, page, paged
from orchestrator.web.queries import estate_at
from orchestrator.web.results import AssessmentRun
from orchestrator.web.scalars import DateTime
from orchestrator.web.withdrawals import WithdrawalMutation

# --- importing an estate -------------------------------------------------------------------------


class EstateChange(graphene.ObjectType):
    """One object that an import adds, changes or ends."""

    table = given(
        graphene.String,
        "`metadata`, `calendars`, `parties`, `services` or `agreements`.",
        name="list",
    )
    slug = given(
        graphene.String, "Its id in the document; empty for metadata.", lambda change: change.id
    )
    what = given(ChangeWhat, "What happens to it.")


EstateChangeConnection = connection("EstateChange", EstateChange)

ImportEstateInput = input_type(
    "ImportEstateInput",
    "An estate document, and from when it holds.",
    document=text_field("The document, in YAML or JSON."),
    since=graphene.InputField(
        DateTime,
        name="from",
        description="From when what differs holds. Not needed for the first import.",
    ),
)


def _changes(root: Any, info: Any, first: Any = None, after: Any = None) -> Listing:
    changes = root.changes or ()
    keys = [(place,) for place in range(len(changes))]
    return page(
        info.context, "changes", keys, lambda key: changes[int(key[0])], first, after, (int,)
    )


ImportEstatePayload = payload_type(
    "ImportEstatePayload",
    "What an import changed.",
    revision=maybe(graphene.Int, "The revision the estate then has; null if refused."),
    changed=given(
        graphene.Boolean,
        "Whether the document differs from what was there.",
        lambda root: bool(root.changes),
    ),
    changes=paged(
        EstateChangeConnection, "What it changed, in the order of the document.", _changes
    ),
    estate=maybe(Estate, "The estate as it is now; null in a dry run, or if refused."),
)


def _import_estate(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context
    dry_run = bool(input.get("dry_run"))

    def work() -> dict[str, Any]:
        estate = read_estate(input["document"]).estate
        result = import_estate(
            asking.writing(),
            estate,
            since=input.get("since"),
            dry_run=dry_run,
            idempotency_key=input.get("idempotency_key"),
        )
        asking.renew()
        return {
            "revision": result.revision,
            "changes": result.changes,
            "estate": None if dry_run else estate_at(asking),
        }

    return answered(ImportEstatePayload, input, "document", work)


# --- recording facts -----------------------------------------------------------------------------

RecordFactsInput = input_type(
    "RecordFactsInput",
    "A facts document.",
    document=text_field("The document, in YAML or JSON."),
    revive=graphene.InputField(
        graphene.Boolean,
        default_value=False,
        description="Let what was withdrawn stand again, where it is sent as it was then. "
        "What differs from what was withdrawn stands in any case.",
    ),
)

RecordFactsPayload = payload_type(
    "RecordFactsPayload",
    "What became of the facts. Those of services that the estate does not have are left out, and "
    "listed in `userErrors`; the others are recorded.",
    accepted=given(graphene.Int, "Facts that were new.", lambda root: root.accepted or 0),
    repeated=given(graphene.Int, "Facts known already.", lambda root: root.repeated or 0),
    corrected=given(
        graphene.Int, "Facts that correct what was known.", lambda root: root.corrected or 0
    ),
    revived=given(
        graphene.Int,
        "Those of the corrected that had been withdrawn.",
        lambda root: root.revived or 0,
    ),
)


def _record_facts(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        result = record_facts(
            asking.writing(),
            read_facts(input["document"]),
            revive=bool(input.get("revive")),
            dry_run=bool(input.get("dry_run")),
            idempotency_key=input.get("idempotency_key"),
        )
        asking.renew()
        return {
            "accepted": result.accepted,
            "repeated": result.repeated,
            "corrected": result.corrected,
            "revived": result.revived,
            "user_errors": errors_of(result.problems, "document"),
        }

    return answered(RecordFactsPayload, input, "document", work)


# --- assessing a period --------------------------------------------------------------------------

AssessPeriodInput = input_type(
    "AssessPeriodInput",
    "A period to assess.",
    period=text_field("`2026-04`, `2026-Q2`, `2026` or `FROM/TO`."),
)


class LaterPeriod(graphene.ObjectType):
    """A span assessed before that differs by what is known of another one."""

    period = given(
        graphene.String,
        "The period as asked, `FROM/TO`; dates mean those in each agreement's own zone.",
    )
    revision = given(graphene.Int, "The revision it now has, or would have.")
    posted = given(graphene.Int, "How many entries that appends to the ledger.")
    waiting = given(graphene.Int, "How many restatements of closed books wait for leave.")


AssessPeriodPayload = payload_type(
    "AssessPeriodPayload",
    "What was concluded for a period. Only what differs from the last assessment of the same "
    "period is booked.",
    run=maybe(AssessmentRun, "The assessment; null if refused."),
    changed=given(
        graphene.Boolean,
        "Whether it differs from what was booked before.",
        lambda root: bool(root.changed),
    ),
    posted=given(
        graphene.Int, "How many entries it appends to the ledger.", lambda root: root.posted or 0
    ),
    waiting=given(
        graphene.Int,
        "How many restatements of closed books wait for leave.",
        lambda root: root.waiting or 0,
    ),
    later=many(
        LaterPeriod,
        "Spans assessed before that differ with it: such as share time with it, as the months of a "
        "quarter do, and later ones by rules over periods, say, which look back at it.",
        lambda root: root.later or (),
    ),
)


def _assess_period(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        asked = asked_of(input["period"])
        result = assess_period(
            asking.writing(),
            asked,
            dry_run=bool(input.get("dry_run")),
            idempotency_key=input.get("idempotency_key"),
        )
        asking.renew()
        return {
            "run": _booking(asking, asked, result, bool(input.get("dry_run"))),
            "changed": result.changed,
            "posted": result.posted,
            "waiting": result.waiting,
            "later": result.later,
        }

    return answered(AssessPeriodPayload, input, "period", work)


def _booking(asking: Asking, asked: AskedPeriod, result: AssessResult, dry_run: bool) -> Booking:
    """The run that was booked; the verdict itself where none was, or where another has been
    since."""
    if not dry_run:
        with asking.read() as session:
            run = latest_run(session, asking.site.tenant, asked)
        if run and run.revision == result.revision:
            return Booked(run)
    return Unbooked(asked, result.revision, asking.revision(), asking.now, result.verdict)


class Mutation(
    AgreementMutation, ClaimMutation, LedgerMutation, WithdrawalMutation, graphene.ObjectType
):
    """Changes. Each is one transaction; several in one request are done one after another, and one
    that fails is null and leaves the others as they are."""

    import_estate = mutation_field(
        ImportEstatePayload,
        ImportEstateInput,
        "Import an estate document: the first whole, a later one as a change as of `from`. What "
        "is absent from it ends there; an agreed version cannot be changed in the past.",
        _import_estate,
    )
    record_facts = mutation_field(
        RecordFactsPayload,
        RecordFactsInput,
        "Record facts. A fact with a known id and other content is a correction.",
        _record_facts,
    )
    assess_period = mutation_field(
        AssessPeriodPayload,
        AssessPeriodInput,
        "Assess, trace and settle every agreement period that ends inside a span, from all facts "
        "known now.",
        _assess_period,
    )
