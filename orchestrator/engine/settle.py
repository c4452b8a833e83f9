"""Assess, trace and credit in one: an estate and facts in, a verdict out.

`settle(estate, facts, span)` is the whole of what happens after a fact arrives; it is a pure
function, so late, corrected or repeated facts need nothing but to be settled again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from orchestrator.engine.case_causes import attributable, case_causes
from orchestrator.engine.credit import Ended, charge, ended
from orchestrator.engine.crediting import Events, credits_due
from orchestrator.engine.exchange import Exchange
from orchestrator.engine.exposure import NOTHING_LOST, Traced, exposures
from orchestrator.engine.findings import place
from orchestrator.engine.goals import unhappy_users
from orchestrator.engine.histories import breach_class, chronic_failures, with_repetition
from orchestrator.engine.measure import Measured, Measurements, measurable
from orchestrator.engine.observations import Observations
from orchestrator.engine.past import beginning, earlier, reach_back
from orchestrator.engine.promises import Hours
from orchestrator.engine.refusals import refusal_findings, refused, relief, relief_finding
from orchestrator.engine.rewards import rewards
from orchestrator.engine.sources import told
from orchestrator.engine.subjects import Subject, periods_ending, subjects
from orchestrator.engine.ticketed import longest_wait, times_tickets
from orchestrator.engine.trace import breach, causes
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.upstream import Upstream
from orchestrator.engine.verdicts import DISPUTED, Moment, as_designed
from orchestrator.engine.waits import relief_for_lateness, waits_without_effect
from orchestrator.model.estate import Estate
from orchestrator.model.measuring import Measuring
from orchestrator.model.records import Breach, Credit, Facts, Finding, Verdict
from orchestrator.model.values import DAWN, DAY, AskedPeriod, Instant, Money, Span, zone

Lost = Callable[[Mapping[Ended, Credit]], Mapping[Ended, Money]]
"""How much of some credits was not claimed in time, or not granted."""


def nothing_lost(_: Mapping[Ended, Credit]) -> Mapping[Ended, Money]:
    """Every claim is made in time, and granted."""
    return NOTHING_LOST


def settle(  # noqa: PLR0913, PLR0917 - a verdict depends on as many things
    estate: Estate,
    facts: Facts,
    asked: AskedPeriod,
    progress: Callable[[int, int], None] | None = None,
    underpinning: Underpinning | None = None,
    as_of: Instant | None = None,
    measuring: Callable[[Subject], Measuring] = as_designed,
    lost: Lost = nothing_lost,
) -> Verdict:
    """The verdict on every period of every agreement that ends inside the span asked for.

    Lists are sorted by agreement, term, service and period. `progress` hears (done, of all).

    With `as_of` the verdict is what could be said at that instant: tickets are read at it, and a
    period that goes on at it may be AT_RISK. Facts reported later are the caller's to leave out.
    Without it all that ever happens is taken to be reported: a ticket whose end is not is never
    ended. `measuring` says how each term is measured from tickets and samples, and `lost` how much
    of the credits that are due was not claimed in time, or not granted (`engine.claimed.lost`).
    """
    measurements = measurements_of(estate, facts, asked, underpinning, as_of, measuring)
    return settled(measurements, asked, progress, lost)


def settled(
    measurements: Measurements,
    asked: AskedPeriod,
    progress: Callable[[int, int], None] | None = None,
    lost: Lost = nothing_lost,
) -> Verdict:
    """The verdict by measurements that may hold what is known already (`engine.late`)."""
    estate = measurements.seen.estate
    work = _work(estate, asked)
    measured = []
    for number, (subject, period) in enumerate(work):
        measured.append(measurements.of(subject, period))
        if progress is not None:
            progress(number + 1, len(work))
    upstream, exchange = Upstream(measurements, asked), Exchange(estate.metadata.rates)
    past = _past(estate, asked, work, measurements)
    every = [*past, *measured]
    ours = frozenset(range(len(past), len(every)))
    charges = [charge(estate, one, measurements) for one in every]
    charges = with_repetition(every, charges, exchange)
    of_all = credits_due(estate, charges, _events(upstream), exchange)
    credits = {key: of_all[key] for one in measured if (key := ended(one)) in of_all}
    # A credit may be due although the target is met: it is owed all the same.
    traced = [_traced(one, upstream) for one in measured if one.breached or ended(one) in credits]
    exposed, notes = exposures(estate, traced, credits, exchange, lost(credits))
    return Verdict(
        tuple(one.assessment for one in measured),
        tuple(_breach(one) for one in traced if one.measured.breached),
        tuple(credits.values()),
        exposed,
        (
            *_findings(measured),
            *_unexcused(measurements, measured),
            *_waits(measurements, measured),
            *_unattributable(traced, upstream),
            *unhappy_users(measurements, measured),
            *notes,
            *chronic_failures(estate, every, charges, ours),
            *exchange.findings(),
        ),
        tuple(tally for one in measured if (tally := one.heard) is not None),
        rewards(estate, every, of_all, measurements.moment, ours),
    )


def measurements_of(
    estate: Estate,
    facts: Facts,
    asked: AskedPeriod,
    underpinning: Underpinning | None = None,
    as_of: Instant | None = None,
    measuring: Callable[[Subject], Measuring] = as_designed,
) -> Measurements:
    """What a verdict on a span is measured with: nothing as yet, and all once it is settled."""
    moment = Moment(reach_of(estate, asked).end, as_of, measuring)
    return Measurements(Observations(underpinning or Underpinning(estate), facts), moment)


def _work(estate: Estate, asked: AskedPeriod) -> list[tuple[Subject, Span]]:
    """Every subject with its own periods that end inside the span, in the order of a verdict."""
    found = [
        (subject, period)
        for versions in estate.agreements.values()
        for version in versions
        if version.binds
        for subject in subjects(version)
        if measurable(subject.term.metric)
        for period in periods_ending(subject, asked)
    ]
    return sorted(
        found,
        key=lambda pair: (
            pair[0].key.agreement,
            pair[0].key.term,
            pair[0].key.service,
            pair[1].start,
        ),
    )


def _past(
    estate: Estate,
    asked: AskedPeriod,
    work: Sequence[tuple[Subject, Span]],
    measurements: Measurements,
) -> list[Measured]:
    """The earlier periods that credits of those asked about depend on, measured."""

    def counts(subject: Subject, period: Span) -> bool:
        one = measurements.of(subject, period)
        found = charge(estate, one, measurements)
        return one.breached or bool(found and found.reckoned.points)

    before = earlier(estate, asked, work, beginning(measurements.seen.facts), counts)
    now = set(work)
    return [
        measurements.of(*pair)
        for pair in before
        if pair not in now and measurable(pair[0].term.metric)
    ]


def _events(upstream: Upstream) -> Events:
    """The facts that an assessment's causes rest on."""

    def events(measured: Measured) -> frozenset[str]:
        return frozenset(
            fact for cause in _traced(measured, upstream).causes for fact in cause.evidence
        )

    return events


def _breach(traced: Traced) -> Breach:
    found = breach(traced.measured, traced.causes)
    classes = traced.measured.subject.term.consequences.classes
    return replace(found, breach_class=breach_class(traced.measured)) if classes else found


def _traced(measured: Measured, upstream: Upstream) -> Traced:
    by_cases = measured.tally is not None
    return Traced(measured, (case_causes if by_cases else causes)(measured, upstream))


def reach_of(estate: Estate, asked: AskedPeriod) -> Span:
    """The span of facts that a verdict on an asked span can depend on: every period that ends
    inside it, those of the agreements beneath that share an instant with it, the periods of their
    allowances, the longest that a ticket closed before it may be due in it, the earlier periods
    that rules over periods look at, and a day about it for outages across a border."""
    span = asked.span(zone(estate.metadata.timezone))
    start = _widened(estate, asked, span).start
    since = min((reach_back(one, start) for one in estate.agreements.values()), default=start)
    if since <= DAWN:
        return Span(DAWN, _reached(estate, asked, span).end)
    return _reached(estate, asked, Span(min(since, span.start), span.end))


def _reached(estate: Estate, asked: AskedPeriod, span: Span) -> Span:
    """A span with all that what happens in it may depend on, but for rules over periods."""
    # First the periods themselves, then what lies beneath them, then what had been used up.
    for _ in range(3):
        span = _widened(estate, asked, span)
    return Span(_due_from(estate, span) - DAY, span.end + DAY)


def _due_from(estate: Estate, span: Span) -> Instant:
    """The earliest end of a ticket that may still be due in a span: one that is closed early is due
    when the rest of its time would have been used up."""
    hours, start = Hours(estate), span.start
    for versions in estate.agreements.values():
        for version in versions:
            for term in version.terms:
                if times_tickets(term.metric):
                    start = min(start, span.start - longest_wait(hours, term, span.start))
    return start


def _widened(estate: Estate, asked: AskedPeriod, span: Span) -> Span:
    start, end = span.start, span.end
    for versions in estate.agreements.values():
        for version in versions:
            where = zone(version.timezone)
            civil = asked.span(where)
            start, end = min(start, civil.start), max(end, civil.end)
            for term in map(version.resolved, version.terms):
                for period in (term.period, *(one.per for one in term.allowances or ())):
                    if period is None:
                        continue
                    if period.rolling:
                        start = min(start, span.start - period.rolling)
                        end = max(end, span.end + period.rolling)
                    else:
                        start = min(start, period.containing(span.start, where).start)
                        end = max(end, period.containing(span.end - 1, where).end)
    return Span(start, end)


# --- findings ------------------------------------------------------------------------------------


def _unattributable(traced: Sequence[Traced], upstream: Upstream) -> Iterator[Finding]:
    """Misses of which nothing says whose doing they were."""
    for one in traced:
        measured = one.measured
        if measured.tally is None or not measured.breached or attributable(measured, upstream):
            continue
        key, period = measured.assessment.key, measured.assessment.period
        yield Finding(
            "UNATTRIBUTABLE",
            "warning",
            f"{key.agreement}/{key.term} on {key.service} in {period}: missed, and no declared "
            "contribution says by whose doing; the provider bears it",
            (key.agreement, key.term, key.service),
            place(key),
        )


def _unexcused(measurements: Measurements, measured: Sequence[Measured]) -> Iterator[Finding]:
    """What was claimed as excused and counts, and what relief that may earn."""
    for one in measured:
        if not one.refusals:
            continue
        yield from refusal_findings(one.assessment, refused(one.refusals, one.counted))
        snapshot = measurements.seen.estate.at(one.assessment.period.start)
        earned = relief(one.refusals, one.counted, one.subject, snapshot)
        if earned is not None:
            without = measurements.with_excuses(one, earned.categories)
            yield relief_finding(one.subject, one.assessment, earned, without)


def _waits(measurements: Measurements, measured: Sequence[Measured]) -> Iterator[Finding]:
    """Waits of missed tickets that stopped no clock, and what relief the customer's may earn."""
    for one in measured:
        yield from waits_without_effect(one)
        yield from relief_for_lateness(one, measurements.seen)


def _findings(measured: Sequence[Measured]) -> Iterator[Finding]:
    """What a reader of the assessments should notice."""
    for one in measured:
        key, assessment = one.assessment.key, one.assessment
        about = f"{key.agreement}/{key.term} on {key.service} in {assessment.period}"
        unknown = float(assessment.unknown_seconds)
        for code, severity, found, text in (
            (
                "UNEXPLAINED",
                "warning",
                one.unexplained,
                "reported down while nothing beneath it was; charged to its own part",
            ),
            (
                "REDUNDANCY_LOST",
                "info",
                one.redundancy_lost,
                "failed while a redundant part was excused; the excused part carries nothing",
            ),
            (
                "DATA_GAPS",
                "warning",
                unknown,
                f"nobody measured {unknown:g} s; the agreement decides how they count",
            ),
            ("DISPUTED", "warning", assessment.status == DISPUTED, told(one.heard)),
        ):
            if found:
                ids = (key.agreement, key.term, key.service)
                yield Finding(code, severity, f"{about}: {text}", ids, place(key))
