"""What a service level manager should know about an estate before anything is measured.

Each check is a function from an estate to findings and stands in `CHECKS`; what holds between
agreements is told by `paperwork`, at one instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from orchestrator.engine.content import content_hash, missing_acceptances
from orchestrator.engine.incentives import conduct_findings, scheme_findings
from orchestrator.engine.paperwork import between, paperwork
from orchestrator.engine.templates import compliance
from orchestrator.model.agreements import KINDS, Term, Version, scheme_of
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate, Snapshot
from orchestrator.model.metrics import METRICS
from orchestrator.model.records import Finding
from orchestrator.model.schemes import of_the_fee
from orchestrator.model.values import DAWN, Instant


def lint(estate: Estate, at: Instant | None = None) -> tuple[Finding, ...]:
    """All findings about an estate's agreements: each by itself in the order of the document, then
    those between agreements.

    `at` is when agreements are held against one another, and when a review is overdue; without it
    that is the last time one begins, and no review is overdue.
    """
    found: list[Finding] = []
    begun = [DAWN]
    for versions in estate.agreements.values():
        for version in versions:
            if version.binds:
                begun.append(max(version.effective.start, DAWN))
                snapshot = estate.at(begun[-1])
                for check in CHECKS:
                    found += check(snapshot, version)
                due = at if at is not None and at in version.effective else None
                found += paperwork(snapshot, Contract.of(version), due)
    found += between(estate.at(max(begun) if at is None else at))
    return tuple(found)


def _place(version: Version, term: Term | None = None) -> str:
    path = f"agreements[{version.agreement}]"
    return f"{path}.terms[{term.id}]" if term else path


def _mislabelled(snapshot: Snapshot, version: Version) -> Iterator[Finding]:
    kind = snapshot.kind_of(version)
    if kind != version.kind:
        yield Finding(
            "MISLABELLED_SLA" if version.kind == "SLA" else "MISLABELLED",
            "warning",
            f"{version.agreement} is called an {version.kind}, but between {version.provider} and "
            f"{version.customer} it is {_article(kind)} {KINDS[kind].name}",
            (version.agreement,),
            f"{_place(version)}.kind",
        )


def _article(kind: str) -> str:
    return "a" if kind == "SLA" else "an"


def _not_accepted(_: Snapshot, version: Version) -> Iterator[Finding]:
    contract = Contract.of(version)
    missing = missing_acceptances(contract)
    said = {one.party for one in version.acceptances if not one.content}
    for code, parties, says in (
        ("NOT_ACCEPTED", [one for one in missing if one not in said], "it is taken as agreed"),
        (
            "ACCEPTED_WITHOUT_HASH",
            [one for one in missing if one in said],
            f"what is on record does not say of what text; this one is {content_hash(contract)}",
        ),
    ):
        if parties:
            yield Finding(
                code,
                "info",
                f"no acceptance of version {version.number} of {version.agreement}, as it reads, "
                f"by {' and '.join(parties)} is recorded; {says}",
                (version.agreement, *parties),
                _place(version),
            )


def _filed_only(_: Snapshot, version: Version) -> Iterator[Finding]:
    keys = [key for key, _ in version.kept if not key.startswith("x-")]
    keys += [key for term in version.terms for key, _ in term.kept if not key.startswith("x-")]
    if keys:
        yield Finding(
            "FILED_ONLY",
            "info",
            f"{version.agreement} states {', '.join(sorted(set(keys)))}: kept as written, not yet "
            "computed from",
            (version.agreement,),
            _place(version),
        )


def _made_from(snapshot: Snapshot, version: Version) -> Iterator[Finding]:
    use = version.provisions.template
    if use is None:
        return
    template = next((one for one in snapshot.metadata.templates if one.id == use.template), None)
    if template is None:
        yield Finding(
            "TEMPLATE_DEVIATION",
            "info",
            f"{version.agreement} was made from {use.template!r}, which is not among the templates",
            (version.agreement, use.template),
            _place(version),
        )
    elif template.number == use.number:
        yield from compliance(Contract.of(version), template)
    elif template.number > use.number:
        yield Finding(
            "TEMPLATE_OUTDATED",
            "info",
            f"{version.agreement} was made from version {use.number} of {template.id}; there is "
            f"version {template.number}",
            (version.agreement, template.id),
            _place(version),
        )


def _ownerless(snapshot: Snapshot, version: Version) -> Iterator[Finding]:
    for cover in version.covers:
        service = snapshot.services.get(cover.service)
        if cover.scope == "own" and service is not None and not service.has_own_part:
            yield Finding(
                "OWN_PART_WITHOUT_OWNER",
                "warning",
                f"{version.agreement} commits to the own part of {service.id}, which has none: "
                "it has no owner, or says `own: none`",
                (version.agreement, service.id),
                _place(version),
            )


def _fees(_: Snapshot, version: Version) -> Iterator[Finding]:
    for term in version.terms:
        if not term.credits or METRICS[term.metric].carrier != "ratio":
            continue
        fee = term.fee or version.fee
        scheme = scheme_of(term)
        no_fee = fee is None and not all(cover.fee for cover in version.covers)
        if no_fee and scheme is not None and of_the_fee(scheme):
            yield Finding(
                "CREDITS_WITHOUT_FEE",
                "warning",
                f"{version.agreement}/{term.id} pays a percentage of a fee that is not stated, so "
                "its credits come to nothing",
                (version.agreement, term.id),
                f"{_place(version, term)}.credits",
            )


def _rules_over_periods(_: Snapshot, version: Version) -> Iterator[Finding]:
    """Rules over periods that can come to nothing."""
    for term in map(version.resolved, version.terms):
        rules, ids = term.consequences, (version.agreement, term.id)
        about = f"{version.agreement}/{term.id}"
        if rules.looks_back and term.period is not None and term.period.rolling:
            yield Finding(
                "RULE_WITHOUT_PERIODS",
                "warning",
                f"{about} has rules over periods in a row, but its period is a rolling one, of "
                "which none follows on another: they come to nothing",
                ids,
                _place(version, term),
            )
        if any(rule.factor == 1 and rule.extra is None for rule in rules.repeats):
            yield Finding(
                "RULE_WITHOUT_EFFECT",
                "warning",
                f"{about} has a rule on repetition with neither a factor above 1 nor an extra: it "
                "adds nothing",
                ids,
                f"{_place(version, term)}.repeats",
            )
        earn_back, target = rules.earn_back, term.target
        if earn_back is None or earn_back.level is None or not isinstance(target, Fraction):
            continue
        higher = METRICS[term.metric].higher_is_better
        if earn_back.level < target if higher else earn_back.level > target:
            yield Finding(
                "EARN_BACK_BELOW_TARGET",
                "warning",
                f"{about} would return credits for what misses its target, so none is returned",
                ids,
                f"{_place(version, term)}.earnBack",
            )


def _claims(_: Snapshot, version: Version) -> Iterator[Finding]:
    """Business days that are no business days."""
    claims = version.claims
    if claims is not None and claims.business_days and claims.hours == ROUND_THE_CLOCK:
        yield Finding(
            "BUSINESS_DAYS_WITHOUT_CALENDAR",
            "warning",
            f"{version.agreement} gives {claims.business_days} business days to claim and names no "
            "calendar for them, so that every day of the week is one",
            (version.agreement,),
            f"{_place(version)}.claims",
        )


CHECKS: Final[tuple[Callable[[Snapshot, Version], Iterator[Finding]], ...]] = (
    _mislabelled,
    _not_accepted,
    _filed_only,
    _ownerless,
    _fees,
    _rules_over_periods,
    _claims,
    scheme_findings,
    conduct_findings,
    _made_from,
)
"""Every check; a new one is a row here."""
