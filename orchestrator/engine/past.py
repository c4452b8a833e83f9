"""The earlier periods that a verdict on a span depends on.

A credit earned back was due some periods ago, a cap for a year looks at the year so far, and what
repetition counts depends on what was counted before: a breach that has led to one application
counts towards no other. So the periods of an agreement are gone through from where nothing that
came before makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestrator.engine.crediting import contract_year
from orchestrator.engine.histories import continues, looks_back
from orchestrator.engine.subjects import Subject, periods_ending, subjects
from orchestrator.model.agreements import Version
from orchestrator.model.estate import Estate
from orchestrator.model.records import FACT_KINDS, Facts, Sample, Ticket
from orchestrator.model.values import DAWN, FOREVER, MONTH, AskedPeriod, Instant, Span, zone

Work = tuple[Subject, Span]
"""A term with one of its periods."""

Counts = Callable[[Subject, Span], bool]
"""Whether a period counts towards repetition."""


def earlier(
    estate: Estate, asked: AskedPeriod, work: Sequence[Work], first: Instant, counts: Counts
) -> list[Work]:
    """The periods before those of `work` that bear upon them, in the order of a verdict. Nothing
    happened before `first`."""
    found: list[Work] = []
    together: dict[str, list[Work]] = {}
    for pair in work:
        together.setdefault(pair[0].version.agreement, []).append(pair)
    for agreement, ours in sorted(together.items()):
        versions = [one for one in estate.agreements[agreement] if one.binds]
        if not any(one.annual_caps or _has_rules(one) for one in versions):
            continue
        start = asked.span(zone(ours[0][0].version.timezone)).start
        since = _since(versions, min(period.start for _, period in ours))
        if since < start:
            found += _periods(versions, AskedPeriod(since, start))
        for subject, period in ours:
            found += _until_reset(versions, subject, min(period.start, since), first, counts)
    return list(dict.fromkeys(found))


def reach_back(versions: Sequence[Version], start: Instant) -> Instant:
    """The earliest instant that credits of an agreement's periods from `start` on may depend on,
    whatever the facts; DAWN where that is all there ever was."""
    bound = [version for version in versions if version.binds]
    if not bound:
        return start
    since = _since(bound, start)
    if any(one.term.consequences.repetitions for one in _looking_back(bound)):
        since = min(since, *(version.effective.start for version in bound))
    return since


def reaches(estate: Estate, later: AskedPeriod, asked: AskedPeriod) -> bool:
    """Whether rules over periods make what is due for a later span depend on one asked about."""
    for versions in estate.agreements.values():
        if not any(one.binds and (one.annual_caps or _has_rules(one)) for one in versions):
            continue
        where = zone(versions[0].timezone)
        end = asked.span(where).end
        if reach_back(versions, max(later.span(where).start, end)) < end:
            return True
    return False


def beginning(facts: Facts) -> Instant:
    """The first instant that any fact says something of; FOREVER where there are none."""
    starts = [
        fact.at
        if isinstance(fact, Sample)
        else fact.opened
        if isinstance(fact, Ticket)
        else fact.span.start
        for kind in FACT_KINDS
        for fact in getattr(facts, kind)
    ]
    return min(starts, default=FOREVER)


def _looking_back(versions: Sequence[Version]) -> Iterator[Subject]:
    return (one for version in versions for one in subjects(version) if looks_back(one))


def _has_rules(version: Version) -> bool:
    return any(term.consequences.looks_back for term in version.terms)


def _since(versions: Sequence[Version], start: Instant) -> Instant:
    """From when on credits have to be known, for those from `start` on to be: as many periods as a
    credit may be earned back after, and then the contract year of the first of them."""
    since = start
    for subject in _looking_back(versions):
        rule, period = subject.term.consequences.earn_back, subject.term.period
        if rule is None or period is None or start <= DAWN:
            continue
        where, first = zone(subject.version.timezone), start
        for _ in range(rule.expires):
            first = period.containing(first - 1, where).start
        since = min(since, first)
    if since > DAWN and any(version.annual_caps for version in versions):
        since = contract_year(versions, since).start
        if any(_rolls(version) for version in versions):
            # Of a rolling period it is whole months that come to something.
            since = MONTH.containing(since, zone(versions[0].timezone)).start
    return since


def _rolls(version: Version) -> bool:
    periods = (term.period or version.period for term in version.terms)
    return any(period.rolling for period in periods)


def _periods(versions: Sequence[Version], asked: AskedPeriod) -> Iterator[Work]:
    for version in versions:
        for subject in subjects(version):
            yield from ((subject, period) for period in periods_ending(subject, asked))


def _until_reset(
    versions: Sequence[Version], subject: Subject, start: Instant, first: Instant, counts: Counts
) -> Iterator[Work]:
    """Earlier periods of a term, back to where repetition begins anew: after as many periods that
    count for nothing as a rule looks at, less one."""
    repetitions = subject.term.consequences.repetitions
    if not repetitions or not looks_back(subject):
        return
    enough = max(when.periods for when in repetitions) - 1
    quiet = 0
    for one in _backwards(versions, subject, start):
        if quiet >= enough or one[1].end <= first:
            return
        yield one
        quiet = 0 if counts(*one) else quiet + 1


def _backwards(versions: Sequence[Version], subject: Subject, start: Instant) -> Iterator[Work]:
    """A term's periods before an instant, latest first, for as long as it goes on as it was."""
    while True:
        version = next((one for one in versions if start - 1 in one.effective), None)
        if version is None or start <= DAWN:
            return
        before = next(
            (
                one
                for one in subjects(version)
                if (one.term.id, one.services) == (subject.term.id, subject.services)
            ),
            None,
        )
        if before is None or not continues(before, subject):
            return
        assert before.term.period is not None
        whole = before.term.period.containing(start - 1, zone(version.timezone))
        period = whole & version.effective
        assert period is not None
        yield before, period
        start = period.start
