"""Drafts: versions proposed, made from templates, or from the minutes of meetings. A draft binds
nobody; what it takes to bind is in `actions.lifecycle`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.actions.context import Context
from orchestrator.actions.lifecycle import (
    Asked,
    Changed,
    Decision,
    Standing,
    change,
    put,
    refuse_signed,
)
from orchestrator.engine.consistency import rekinded
from orchestrator.engine.publishing import drafted
from orchestrator.engine.templates import instance, use_of
from orchestrator.errors import refuse
from orchestrator.model.agreements import KINDS, Cover, Version
from orchestrator.model.meetings import Meeting
from orchestrator.model.provisions import Provisions
from orchestrator.model.templates import Template
from orchestrator.model.values import Span
from orchestrator.store.codec import dumps


def propose_version(ctx: Context, asked: Asked, version: Version) -> Changed:
    """Put a further version beside the others, as a draft that nobody has accepted."""

    def decide(standing: Standing) -> Decision:
        return _drafted(standing, version, {})

    return change(ctx, "propose_version", asked, (dumps(version, Version),), decide)


def correct_kind(ctx: Context, asked: Asked, number: int) -> Changed:
    """Draft a further version as the kind that the parties make it: a supplier's contract that is
    called an SLA as an underpinning contract. Raises NOT_MISLABELLED where it is what it is
    called."""

    def decide(standing: Standing) -> Decision:
        contract = standing.contract(number)
        start = max(contract.version.effective.start, standing.now)
        right = rekinded(standing.estate.at(start), contract)
        if right == contract:
            raise refuse(
                "NOT_MISLABELLED",
                f"{asked.agreement!r} is the {contract.version.kind} it is called",
                "leave it as it is",
            )
        span = Span(start, contract.version.effective.end)
        version = replace(right.held, effective=span)
        return _drafted(standing, version, {"kind": version.kind})

    return change(ctx, "correct_kind", asked, (str(number),), decide)


def _drafted(standing: Standing, version: Version, told: Mapping[str, object]) -> Decision:
    """A version as a draft under the next number, whatever it says of itself."""
    number = 1 + max((one.number for one in standing.versions), default=0)
    provisions = replace(version.provisions, agreed=None, continues=0, overrides=())
    draft = replace(version, number=number, state="draft", acceptances=(), provisions=provisions)
    return Decision((*standing.versions, draft), number, dict(told))


@dataclass(frozen=True, slots=True)
class Instance:
    """What is made of a template: for whom, over what, when, and with what values."""

    template: str
    provider: str
    customer: str
    covers: tuple[str, ...]
    effective: Span
    arguments: Mapping[str, str]

    @property
    def given(self) -> tuple[str, ...]:
        """All of it, for a digest."""
        span = self.effective
        pairs = (f"{name}={value}" for name, value in sorted(self.arguments.items()))
        ends = (str(span.start), str(span.end))
        return self.template, self.provider, self.customer, ",".join(self.covers), *ends, *pairs


def instantiate_template(ctx: Context, asked: Asked, made: Instance) -> Changed:
    """Draft a version from a template of the estate. Raises UNKNOWN_REFERENCE and what
    `engine.templates.instance` raises."""

    def decide(standing: Standing) -> Decision:
        metadata = standing.estate.metadata
        template = _template(metadata.templates, made.template)
        scope = KINDS[template.kind].scope
        version = Version(
            asked.agreement,
            1,
            template.kind,
            made.provider,
            made.customer,
            tuple(Cover(service, scope) for service in made.covers),
            instance(template, made.arguments),
            made.effective,
            timezone=metadata.timezone,
            provisions=Provisions(template=use_of(template, made.arguments)),
        )
        return _drafted(standing, version, {"template": template.id})

    return change(ctx, "instantiate_template", asked, made.given, decide)


def _template(templates: Sequence[Template], id: str) -> Template:
    for template in templates:
        if template.id == id:
            return template
    known = ", ".join(one.id for one in templates)
    raise refuse(
        "UNKNOWN_REFERENCE",
        f"there is no template {id!r}",
        f"the estate has {known}" if known else "declare it under `templates`",
    )


def record_minutes(ctx: Context, asked: Asked, number: int, meeting: Meeting) -> Changed:
    """File the minutes of a meeting with a version; a meeting of the same id is replaced, as
    minutes are corrected until they are approved. No term changes by it."""

    def decide(standing: Standing) -> Decision:
        contract = standing.contract(number)
        refuse_signed(contract)
        others = (one for one in contract.provisions.meetings if one.id != meeting.id)
        provisions = replace(contract.provisions, meetings=(*others, meeting))
        done = replace(contract, provisions=provisions)
        return Decision(put(standing.versions, done), number, {"meeting": meeting.id})

    return change(ctx, "record_minutes", asked, (str(number), dumps(meeting, Meeting)), decide)


def draft_from_minutes(ctx: Context, asked: Asked, number: int) -> Changed:
    """Take the terms that the minutes of a draft resolved upon into it, each with the minute it
    comes from. Raises NO_QUORUM, and ILLEGAL_MOVE where it is no draft any more.

    A term that is there already keeps what the minutes do not speak of. Whoever had accepted the
    draft accepted another text.
    """

    def decide(standing: Standing) -> Decision:
        contract = standing.contract(number)
        refuse_signed(contract)
        terms = {term.id: term for term in contract.version.terms}
        taken = {}
        for term, provenance in drafted(contract.provisions.meetings, contract.version.kind):
            known = terms.get(term.id, term)
            terms[term.id] = replace(
                known,
                metric=term.metric,
                target=term.target,
                strength=term.strength,
                priority=term.priority,
                hours=term.hours,
                provenance=provenance,
            )
            taken[term.id] = provenance
        version = replace(contract.version, terms=tuple(terms.values()))
        done = replace(contract, version=version)
        return Decision(put(standing.versions, done), number, {"terms": taken})

    return change(ctx, "draft_from_minutes", asked, (str(number),), decide)
