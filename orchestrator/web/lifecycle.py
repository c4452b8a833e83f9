"""Changes of agreements: drafts, acceptances, moves. Each names the state it was decided on, if it
cares (`expectedVersion`), and is refused where the agreement has changed since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import graphene

from orchestrator.actions.context import Context
from orchestrator.actions.drafting import (
    Instance,
    correct_kind,
    draft_from_minutes,
    instantiate_template,
    propose_version,
    record_minutes,
)
from orchestrator.actions.lifecycle import (
    Asked,
    Changed,
    Step,
    accept_version,
    move_agreement,
    record_override,
)
from orchestrator.errors import refuse
from orchestrator.formats.estate import read_agreement, read_meeting
from orchestrator.model.values import DAWN, FOREVER, Span
from orchestrator.web.agreements import Agreement, AgreementVersion
from orchestrator.web.asking import Asking
from orchestrator.web.changing import (
    answered,
    input_type,
    mutation_field,
    payload_type,
    text_field,
)
from orchestrator.web.enums import AgreementMove
from orchestrator.web.fields import maybe
from orchestrator.web.nodes import Agreed
from orchestrator.web.queries import estate_at
from orchestrator.web.scalars import DateTime
from orchestrator.web.view import Seen

Given = dict[str, Any]


def _optional(type_: Any, about: str, **more: Any) -> Any:
    return graphene.InputField(type_, description=about, **more)


def _needed(type_: Any, about: str) -> Any:
    return graphene.InputField(type_, required=True, description=about)


_ONE: Final = {
    "agreement": text_field("The agreement, by its id in the document."),
    "expected_version": graphene.InputField(
        graphene.String,
        description="The `tag` of the agreement as it was when this was decided; where it is "
        "another by now, nothing is done (STALE_VERSION). Left out, it does not matter.",
    ),
}
_NUMBERED: Final = {**_ONE, "version": _needed(graphene.Int, "The number of the version.")}


class TemplateArgument(graphene.InputObjectType):
    """The value of a parameter of a template, as written."""

    parameter = text_field("The name of the parameter.")
    value = text_field("Its value, as `99.9%`, `4h` or a word.")


def _payload(name: str, about: str) -> Any:
    return payload_type(
        name,
        about,
        revision=maybe(graphene.Int, "The revision the estate then has; null if refused."),
        agreement=maybe(Agreement, "The agreement as it is now; null in a dry run, or if refused."),
        version=maybe(AgreementVersion, "The version it is about; null if refused."),
    )


def _change(
    payload: Any, main: str, do: Callable[[Context, Asking, Asked, Given], Changed]
) -> Callable[..., Any]:
    """The resolver of a change: what it does, as what became of the agreement."""

    def resolve(_root: Any, info: Any, input: Given) -> Any:
        asking: Asking = info.context
        dry_run = bool(input.get("dry_run"))
        asked = Asked(
            input["agreement"],
            input.get("expected_version"),
            dry_run,
            input.get("idempotency_key"),
        )

        def work() -> Given:
            changed = do(asking.writing(), asking, asked, input)
            asking.renew()
            view = estate_at(asking).view
            version = next(one for one in changed.versions if one.number == changed.number)
            return {
                "revision": changed.revision,
                "agreement": None if dry_run else Agreed(view, changed.agreement),
                "version": Seen(view, version),
            }

        return answered(payload, input, main, work)

    return resolve


def _metadata(asking: Asking) -> Any:
    return estate_at(asking).view.estate.metadata


def _field(
    name: str,
    about: str,
    fields: dict[str, Any],
    main: str,
    do: Callable[[Context, Asking, Asked, Given], Changed],
) -> Any:
    """A change as a field: its input and its payload are named after it."""
    sent = input_type(f"{name}Input", f"What {name[0].lower()}{name[1:]} needs.", **fields)
    payload = _payload(f"{name}Payload", f"What {name[0].lower()}{name[1:]} changed.")
    return mutation_field(payload, sent, about, _change(payload, main, do))


# --- drafts --------------------------------------------------------------------------------------


def _propose(ctx: Context, asking: Asking, asked: Asked, given: Given) -> Changed:
    version = read_agreement(given["document"], _metadata(asking))
    if version.agreement != asked.agreement:
        raise refuse(
            "BAD_ID",
            f"the document is of {version.agreement!r}, not of {asked.agreement!r}",
            "give it the id of the agreement",
        )
    return propose_version(ctx, asked, version)


def _instantiate(ctx: Context, _: Asking, asked: Asked, given: Given) -> Changed:
    arguments = given.get("arguments") or []
    made = Instance(
        given["template"],
        given["provider"],
        given["customer"],
        tuple(given["covers"]),
        Span(given.get("since") or DAWN, given.get("until") or FOREVER),
        {one["parameter"]: one["value"] for one in arguments},
    )
    return instantiate_template(ctx, asked, made)


def _kind(ctx: Context, _: Asking, asked: Asked, given: Given) -> Changed:
    return correct_kind(ctx, asked, given["version"])


def _minutes(ctx: Context, asking: Asking, asked: Asked, given: Given) -> Changed:
    meeting = read_meeting(given["document"], _metadata(asking))
    return record_minutes(ctx, asked, given["version"], meeting)


def _draft(ctx: Context, _: Asking, asked: Asked, given: Given) -> Changed:
    return draft_from_minutes(ctx, asked, given["version"])


# --- what binds ----------------------------------------------------------------------------------


def _accept(ctx: Context, _: Asking, asked: Asked, given: Given) -> Changed:
    return accept_version(ctx, asked, given["version"], given["party"], given["content"])


def _override(ctx: Context, _: Asking, asked: Asked, given: Given) -> Changed:
    return record_override(
        ctx, asked, given["version"], given["term"], given["by"], given["reason"]
    )


def _move(ctx: Context, _: Asking, asked: Asked, given: Given) -> Changed:
    step = Step(
        given["event"].value,
        given["by"],
        given.get("at"),
        given.get("reason") or "",
        given.get("noticed"),
    )
    return move_agreement(ctx, asked, given["version"], step)


class AgreementMutation:
    """The changes of agreements; a part of the root of all changes."""

    propose_version = _field(
        "ProposeVersion",
        "Put a further version beside an agreement's others, or a first one: as a draft that "
        "nobody has accepted, whatever the document says of its state.",
        {
            **_ONE,
            "document": text_field("The version, as an item of a document's `agreements`."),
        },
        "document",
        _propose,
    )
    instantiate_template = _field(
        "InstantiateTemplate",
        "Draft a version from a template of the estate, within the ranges of its parameters.",
        {
            **_ONE,
            "template": text_field("The template, by its id."),
            "provider": text_field("Who commits itself."),
            "customer": text_field("To whom."),
            "covers": _needed(
                graphene.List(graphene.NonNull(graphene.String)), "The services it covers."
            ),
            "since": _optional(DateTime, "From when; for ever before, if left out.", name="from"),
            "until": _optional(DateTime, "Until when; for ever, if left out.", name="to"),
            "arguments": _optional(
                graphene.List(graphene.NonNull(TemplateArgument)), "The values of its parameters."
            ),
        },
        "template",
        _instantiate,
    )
    correct_kind = _field(
        "CorrectKind",
        "Draft a further version as what its parties make it: accept the finding MISLABELLED_SLA.",
        _NUMBERED,
        "version",
        _kind,
    )
    record_minutes = _field(
        "RecordMinutes",
        "File the minutes of a service level meeting with a draft. No term changes by it.",
        {**_NUMBERED, "document": text_field("The meeting, as an item of `meetings`.")},
        "document",
        _minutes,
    )
    draft_from_minutes = _field(
        "DraftFromMinutes",
        "Take the terms that the minutes of a draft resolved upon into it; each names its minute. "
        "Refused where a meeting that proposes terms had no quorum.",
        _NUMBERED,
        "version",
        _draft,
    )
    accept_version = _field(
        "AcceptVersion",
        "Record that a party accepts a version: the one with this content hash, and no other.",
        {
            **_NUMBERED,
            "party": text_field("Who accepts."),
            "content": text_field("The `contentHash` of what was read and is accepted."),
        },
        "party",
        _accept,
    )
    record_override = _field(
        "RecordOverride",
        "Record the decision to sign a term above what lies beneath it.",
        {
            **_NUMBERED,
            "term": text_field("The term, by its id."),
            "by": text_field("Who decided."),
            "reason": text_field("Why."),
        },
        "term",
        _override,
    )
    move_agreement = _field(
        "MoveAgreement",
        "Move a version on in its life, by the table of legal moves. Only by them, with every "
        "acceptance, does it come into force.",
        {
            **_NUMBERED,
            "event": _needed(AgreementMove, "The move."),
            "by": text_field("The party that makes it."),
            "at": _optional(DateTime, "When, not in the past; now, if left out."),
            "reason": _optional(graphene.String, "Why; needed to rescind."),
            "noticed": _optional(DateTime, "When notice was given; needed to terminate."),
        },
        "event",
        _move,
    )
