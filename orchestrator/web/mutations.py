"""Changes. Each takes one `input`, runs in one transaction with its audit line, and answers with
what changed, or with `userErrors` where what was sent cannot be accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import graphene

from orchestrator.actions.assess import AssessResult, assess_period
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.values import AskedPeriod
from orchestrator.store.read import latest_run
from orchestrator.web.asking import Asking, asked_of
from orchestrator.web.booking import Booked, Booking, Unbooked
from orchestrator.web.enums import ChangeWhat
from orchestrator.web.estates import Estate
from orchestrator.web.faults import is_ours
from orchestrator.web.fields import argument, given, many, maybe
from orchestrator.web.limits import MAX_KEY
from orchestrator.web.paging import Listing, connection, page, paged
from orchestrator.web.queries import estate_at
from orchestrator.web.results import AssessmentRun
from orchestrator.web.scalars import DateTime

_KEY: Final = "idempotencyKey"
_FIELDS: Final = {
    "IDEMPOTENCY_CONFLICT": _KEY,
    "BAD_KEY": _KEY,
    "FROM_REQUIRED": "from",
    "BAD_PERIOD": "period",
    "PERIOD_TOO_LONG": "period",
}
"""The field of the input that a problem is about, where it is not the main one."""


class UserError(graphene.ObjectType):
    """Why something that was sent was not accepted."""

    field = many(
        graphene.String,
        "The field of the input it is about.",
        lambda error: ["input", error[0]],
    )
    code = given(
        graphene.String,
        "What it is; the codes are published and stable.",
        lambda error: error[1].code,
    )
    message = given(graphene.String, "What it is, in words.", lambda error: error[1].message)
    line = maybe(graphene.Int, "The line of the document.", lambda error: error[1].line or None)
    path = maybe(
        graphene.String,
        "The place in the document, such as `services[3].requires`.",
        lambda error: error[1].path,
    )
    advice = maybe(graphene.String, "What to do about it.", lambda error: error[1].advice)


def _errors(problems: Iterable[Problem], main: str) -> list[tuple[str, Problem]]:
    return [(_FIELDS.get(problem.code, main), problem) for problem in problems]


def _input(name: str, about: str, **fields: Any) -> Any:
    """An input type: its own fields, and those of every mutation."""
    shared = {
        "dry_run": graphene.InputField(
            graphene.Boolean,
            default_value=False,
            description="Do everything but the writing, and answer with what would change.",
        ),
        "idempotency_key": graphene.InputField(
            graphene.String,
            description="Stands for this one request: sent again with the same key it is done "
            f"once, and answered alike. At most {MAX_KEY} characters.",
        ),
        "client_mutation_id": graphene.InputField(
            graphene.String, description="Comes back as it was sent."
        ),
    }
    return type(name, (graphene.InputObjectType,), {"__doc__": about} | fields | shared)


def _text(about: str) -> Any:
    return graphene.InputField(graphene.String, required=True, description=about)


def _payload(name: str, about: str, **fields: Any) -> Any:
    """A payload type: its own fields, and those of every mutation."""
    shared = {
        "user_errors": many(UserError, "Why what was sent, or a part of it, was not accepted."),
        "client_mutation_id": maybe(graphene.String, "As it was sent."),
    }
    return type(name, (graphene.ObjectType,), {"__doc__": about} | fields | shared)


def _answer(
    payload: Any, given: dict[str, Any], main: str, work: Callable[[], dict[str, Any]]
) -> Any:
    """A payload: what the work answers, or why it was refused. What is wrong with the database is
    not the user's error and goes on as it is."""
    try:
        _check_key(given.get("idempotency_key"))
        answer = {"user_errors": []} | work()
    except OrchestratorError as error:
        if is_ours(error):
            raise
        answer = {"user_errors": _errors(error.problems, main)}
    return payload(**answer, client_mutation_id=given.get("client_mutation_id"))


def _check_key(key: str | None) -> None:
    if key is not None and (not 0 < len(key) <= MAX_KEY or not key.isprintable()):
        raise refuse(
            "BAD_KEY", "this cannot be an idempotency key", f"use up to {MAX_KEY} plain characters"
        )


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

ImportEstateInput = _input(
    "ImportEstateInput",
    "An estate document, and from when it holds.",
    document=_text("The document, in YAML or JSON."),
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


ImportEstatePayload = _payload(
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

    return _answer(ImportEstatePayload, input, "document", work)


# --- recording facts -----------------------------------------------------------------------------

RecordFactsInput = _input(
    "RecordFactsInput",
    "A facts document.",
    document=_text("The document, in YAML or JSON."),
)

RecordFactsPayload = _payload(
    "RecordFactsPayload",
    "What became of the facts. Those of services that the estate does not have are left out, and "
    "listed in `userErrors`; the others are recorded.",
    accepted=given(graphene.Int, "Facts that were new.", lambda root: root.accepted or 0),
    repeated=given(graphene.Int, "Facts known already.", lambda root: root.repeated or 0),
    corrected=given(
        graphene.Int, "Facts that correct what was known.", lambda root: root.corrected or 0
    ),
)


def _record_facts(_root: Any, info: Any, input: dict[str, Any]) -> Any:
    asking: Asking = info.context

    def work() -> dict[str, Any]:
        result = record_facts(
            asking.writing(),
            read_facts(input["document"]),
            dry_run=bool(input.get("dry_run")),
            idempotency_key=input.get("idempotency_key"),
        )
        asking.renew()
        return {
            "accepted": result.accepted,
            "repeated": result.repeated,
            "corrected": result.corrected,
            "user_errors": _errors(result.problems, "document"),
        }

    return _answer(RecordFactsPayload, input, "document", work)


# --- assessing a period --------------------------------------------------------------------------

AssessPeriodInput = _input(
    "AssessPeriodInput",
    "A period to assess.",
    period=_text("`2026-04`, `2026-Q2`, `2026` or `FROM/TO`."),
)

AssessPeriodPayload = _payload(
    "AssessPeriodPayload",
    "What was concluded for a period. Only what differs from the last assessment of the same "
    "period is booked.",
    run=maybe(AssessmentRun, "The assessment; null if refused."),
    changed=given(
        graphene.Boolean,
        "Whether it differs from what was booked before.",
        lambda root: bool(root.changed),
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
        }

    return _answer(AssessPeriodPayload, input, "period", work)


def _booking(asking: Asking, asked: AskedPeriod, result: AssessResult, dry_run: bool) -> Booking:
    """The run that was booked; the verdict itself where none was, or where another has been
    since."""
    if not dry_run:
        with asking.read() as session:
            run = latest_run(session, asking.site.tenant, asked)
        if run and run.revision == result.revision:
            return Booked(run)
    return Unbooked(asked, result.revision, asking.revision(), asking.now, result.verdict)


def _mutation(payload: Any, input_type: Any, about: str, resolver: Callable[..., Any]) -> Any:
    return graphene.Field(
        payload,
        description=about,
        resolver=resolver,
        input=argument(input_type, "What is sent.", required=True),
    )


class Mutation(graphene.ObjectType):
    """Changes. Each is one transaction; several in one request are done one after another, and one
    that fails is null and leaves the others as they are."""

    import_estate = _mutation(
        ImportEstatePayload,
        ImportEstateInput,
        "Import an estate document: the first whole, a later one as a change as of `from`. What "
        "is absent from it ends there; an agreed version cannot be changed in the past.",
        _import_estate,
    )
    record_facts = _mutation(
        RecordFactsPayload,
        RecordFactsInput,
        "Record facts. A fact with a known id and other content is a correction.",
        _record_facts,
    )
    assess_period = _mutation(
        AssessPeriodPayload,
        AssessPeriodInput,
        "Assess, trace and settle every agreement period that ends inside a span, from all facts "
        "known now.",
        _assess_period,
    )
