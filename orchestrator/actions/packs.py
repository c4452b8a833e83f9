"""The evidence pack of a breach or claim.

A pack is one document that holds an estate and facts, as far as one assessment follows from them,
and everything that was concluded. The same estate, facts and period give the same bytes; whoever
has a pack can make it again from what it holds, and so find what was changed (`verification`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from orchestrator.actions.pack_claims import (
    OnRecord,
    claims_again,
    losing,
    none_on_record,
    of_keys,
    pack_claim,
    standing,
    these,
)
from orchestrator.engine.case_causes import case_causes
from orchestrator.engine.cases import Case
from orchestrator.engine.content import content_hash
from orchestrator.engine.credit import ended
from orchestrator.engine.dossier import (
    Key,
    Piece,
    at_the_time,
    clock_history,
    conclusions,
    deciding,
    dependencies,
    parts,
    pieces,
)
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.observations import Observations
from orchestrator.engine.settle import reach_of, settle
from orchestrator.engine.subjects import Subject, periods_ending, subjects
from orchestrator.engine.trace import causes
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.upstream import Upstream
from orchestrator.engine.verdicts import Moment
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.estate import read_estate, write_estate
from orchestrator.formats.facts import read_facts, write_facts
from orchestrator.formats.results import (
    assessment_json,
    breach_json,
    credit_json,
    exposure_json,
    finding_json,
    key_json,
    number_json,
    span_json,
)
from orchestrator.formats.text import canonical_json
from orchestrator.model.claims import Claim
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.records import Assessment, Facts, Finding, TermKey, Verdict
from orchestrator.model.values import (
    DAWN,
    FOREVER,
    SECOND,
    AskedPeriod,
    Instant,
    Span,
    format_instant,
    parse_instant,
)

Plain = dict[str, Any]

KIND: Final = "EvidencePack"
API_VERSION: Final = "orchestrator/v1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which assessment a pack is about; what is empty may be any."""

    agreement: str
    term: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: the period, and as of when (None: all that is known)."""

    asked: str
    as_of: Instant | None = None


def make_pack(
    estate: Estate,
    facts: Facts,
    question: Question,
    wanted: Wanted,
    on_record: OnRecord = none_on_record,
) -> Plain:
    """The pack of one assessment, as plain data. `on_record` are the claims for credits beneath.

    Of several that match, the one that is missed or pays. UNKNOWN_REFERENCE for an agreement that
    there is not, NOTHING_ASSESSED where no assessment matches, SEVERAL_ASSESSMENTS where it is not
    clear which is meant.
    """
    if wanted.agreement not in estate.agreements:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no agreement {wanted.agreement!r}",
            "use an id of the estate",
        )
    whole = _settled(estate, facts, question, on_record)
    one = _chosen(whole, wanted)
    key = one.key, one.period
    about = next(v for v in estate.agreements[one.key.agreement] if v.number == one.key.version)
    span = reach_of(estate, AskedPeriod.parse(question.asked))
    said = _concluded(estate, facts, question, whole, key)
    claims = standing(estate, whole.credits, on_record)
    concerned = of_keys(claims, said.answering | {key})
    tries = [(part, concerned) for part in parts(estate, facts, span, about, key[1])]
    for part, kept in [*tries, ((estate, facts), claims)]:
        written = _as_written(*part)
        if written is None:
            continue
        verdict = _settled(*written, question, these(kept))
        assessed = any((one.key, one.period) == key for one in verdict.assessments)
        if assessed and conclusions(verdict, key) == conclusions(whole, key):
            found = _concluded(*written, question, verdict, key)
            if found.sections == said.sections:
                return _sealed(_pack(*written, question, key, found, kept))
    raise AssertionError("a whole estate gives its own verdict")


def _settled(
    estate: Estate, facts: Facts, question: Question, on_record: OnRecord = none_on_record
) -> Verdict:
    asked = AskedPeriod.parse(question.asked)
    return settle(estate, facts, asked, as_of=question.as_of, lost=losing(on_record))


def _as_written(estate: Estate, facts: Facts) -> tuple[Estate, Facts] | None:
    """A part of an estate with its facts as whoever reads the pack has them; None where the part is
    no whole document."""
    try:
        return (
            read_estate(canonical_json(write_estate(estate))).estate,
            read_facts(canonical_json(write_facts(facts))),
        )
    except OrchestratorError:
        return None


def _chosen(verdict: Verdict, wanted: Wanted) -> Assessment:
    found = [
        one
        for one in verdict.assessments
        if one.key.agreement == wanted.agreement
        and wanted.term in {"", one.key.term}
        and wanted.service in {"", one.key.service}
    ]
    if not found:
        raise refuse(
            "NOTHING_ASSESSED",
            f"no term of {wanted.agreement} was assessed that matches",
            "name a term and a service that it covers, and a period in which one of its own ends",
        )
    concerned = {(one.key, one.period) for one in verdict.breaches}
    concerned |= {(one.key, one.period) for one in verdict.credits}
    chosen = [one for one in found if (one.key, one.period) in concerned] or found
    if len(chosen) > 1:
        several = "; ".join(
            f"{one.key.term} on {one.key.service}, {one.period}" for one in chosen[:10]
        )
        raise refuse(
            "SEVERAL_ASSESSMENTS",
            f"{len(chosen)} assessments match: {several}",
            "name the term, the service, or a shorter period",
        )
    return chosen[0]


# --- what it holds -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Concluded:
    """What an estate and facts say of one assessment: as sections of a pack, as measured, and which
    credits answer for it."""

    sections: Plain
    measured: Measured
    answering: frozenset[Key]


def _concluded(
    estate: Estate, facts: Facts, question: Question, verdict: Verdict, key: Key
) -> _Concluded:
    asked = AskedPeriod.parse(question.asked)
    seen = Observations(Underpinning(estate), facts)
    moment = Moment(reach_of(estate, asked).end, question.as_of)
    measurements = Measurements(seen, moment)
    measured = _measured(estate, measurements, asked, key)
    found = conclusions(verdict, key)
    tallies = {(one.key, one.period): one for one in verdict.tallies}
    answering = _answering(measured, Upstream(measurements, asked))
    sections = {
        "assessment": assessment_json(measured.assessment, True, tallies.get(key)),
        "breach": found.breach and breach_json(found.breach, exact=True),
        "credit": found.credit and credit_json(found.credit),
        "exposure": found.exposure and exposure_json(found.exposure),
        "findings": [finding_json(one) for one in _findings(verdict, measured.subject)],
        "slices": [_slice_json(one) for one in pieces(seen, measured, moment)],
        "cases": [_case_json(one, measured.subject) for one in deciding(measured)],
        "upstream": list(_upstream(answering, verdict)),
    }
    return _Concluded(sections, measured, frozenset(answering))


def _pack(
    estate: Estate,
    facts: Facts,
    question: Question,
    key: Key,
    concluded: _Concluded,
    claims: Sequence[Claim],
) -> Plain:
    held, written = write_facts(facts), write_estate(estate)
    claimed = [pack_claim(one) for one in claims]
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "about": key_json(key[0])
        | {
            "period": span_json(key[1]),
            "asked": question.asked,
            "asOf": None if question.as_of is None else format_instant(question.as_of),
        },
        **concluded.sections,
        "graph": _graph(estate, concluded.measured),
        "commitments": list(_commitments(estate, key[1])),
        "sources": {
            "facts": _digest(held),
            "estate": _digest(written),
            "claims": _digest(claimed),
        },
        "claims": claimed,
        "facts": held,
        "estate": written,
    }


def _measured(estate: Estate, measurements: Measurements, asked: AskedPeriod, key: Key) -> Measured:
    for version in estate.agreements[key[0].agreement]:
        for subject in subjects(version):
            if subject.key == key[0]:
                for period in periods_ending(subject, asked):
                    found = measurements.of(subject, period)
                    if found.assessment.period == key[1]:
                        return found
    raise AssertionError("what was assessed can be measured again")


def _findings(verdict: Verdict, subject: Subject) -> list[Finding]:
    """The findings on one term, and those on its agreement as a whole."""
    terms = {term.id for term in subject.version.terms}
    return [one for one in verdict.findings if _concerns(one.subjects, subject.key, terms)]


def _concerns(named: Sequence[str], key: TermKey, terms: Container[str]) -> bool:
    if named[:1] == (key.agreement,) and len(named) > 1 and named[1] in terms:
        return tuple(named[1:3]) == (key.term, key.service)[: len(named) - 1]
    return key.agreement in named[:2]


def _case_json(case: Case, subject: Subject) -> Plain:
    """A case that decided; of a ticket with how its clock ran and in whose hands."""
    plain = {"id": case.id, "value": number_json(case.value, True)}
    if case.clock is None:
        return plain
    history = clock_history(case.clock, subject.version.provider)
    reading = case.clock.reading
    return plain | {
        "clock": {
            "from": format_instant(reading.begun),
            "due": _instant(reading.due),
            "stopped": _instant(reading.stopped),
            "targetSeconds": _seconds(reading.target),
            "countedSeconds": _seconds(reading.consumed),
            "segments": [
                span_json(Span(one.start, one.end))
                | {"state": one.state, "reasons": list(one.reasons)}
                for one in history.segments
            ],
            "holders": [
                span_json(Span(one.start, one.end))
                | {"party": one.party, "countedSeconds": _seconds(one.counted)}
                for one in history.holders
            ],
        }
    }


def _seconds(duration: int) -> Any:
    return None if duration >= FOREVER else number_json(Fraction(duration, SECOND), True)


def _slice_json(one: Piece) -> Plain:
    return span_json(one.span) | {
        "counted": number_json(one.counted, True),
        "parts": [
            {
                "party": part.party,
                "service": part.component,
                "share": number_json(part.share, True),
                "evidence": list(part.evidence),
            }
            for part in one.parts
        ],
        "cuts": [list(some) for some in one.cuts],
        "cutsComplete": one.complete,
    }


def _answering(measured: Measured, upstream: Upstream) -> dict[Key, Measured]:
    """The agreements that answer for a breach, as measured in their own periods."""
    of_cases = measured.tally is not None
    if of_cases and not deciding(measured):
        return {}
    found: dict[Key, Measured] = {}
    for cause in (case_causes if of_cases else causes)(measured, upstream):
        if cause.answers is not None:
            found.setdefault(ended(cause.answers), cause.answers)
    return found


def _upstream(answering: Mapping[Key, Measured], verdict: Verdict) -> Iterator[Plain]:
    """What the agreements that answer for a breach came to, in their own periods."""
    credits = {(one.key, one.period): one for one in verdict.credits}
    for key, one in sorted(
        answering.items(), key=lambda item: (item[0][0].agreement, item[0][0].term, item[0][1])
    ):
        credit = credits.get(key)
        yield {
            "assessment": assessment_json(one.assessment, True),
            "credit": None if credit is None else credit_json(credit),
        }


def _graph(estate: Estate, measured: Measured) -> Plain:
    at = at_the_time(measured)
    snapshot = estate.at(at)
    found = dependencies(snapshot, measured.subject.services)
    return {
        "at": format_instant(at),
        "services": [
            {
                "id": id,
                "owner": snapshot.services[id].owner or None,
                "requires": list(needed),
                "agreements": [one.agreement for one in snapshot.covering.get(id, ())],
            }
            for id, needed in found
        ],
    }


def _commitments(estate: Estate, period: Span) -> Iterator[Plain]:
    """The versions that hold in a period, each with the hash of its content."""
    for versions in estate.agreements.values():
        for version in versions:
            if version.binds and version.effective & period:
                yield {
                    "agreement": version.agreement,
                    "version": version.number,
                    "kind": version.kind,
                    "provider": version.provider,
                    "customer": version.customer,
                    "from": _instant(version.effective.start),
                    "to": _instant(version.effective.end),
                    "hash": content_hash(Contract.of(version)),
                }


def _instant(instant: Instant) -> str | None:
    return format_instant(instant) if DAWN < instant < FOREVER else None


def made_again(pack: Plain) -> Plain:
    """A pack made again from the estate, the facts and the claims that it holds; without the hash.
    Raises what reading them raises, and NOTHING_ASSESSED."""
    about = pack["about"]
    estate = read_estate(canonical_json(pack["estate"]), "the estate it holds").estate
    facts = read_facts(canonical_json(pack["facts"]), "the facts it holds")
    as_of = None if about["asOf"] is None else parse_instant(about["asOf"])
    if as_of is not None:
        facts = facts.known_at(as_of)
    question = Question(about["asked"], as_of)
    key = (
        TermKey(about["agreement"], about["version"], about["term"], about["service"]),
        Span(parse_instant(about["period"]["from"]), parse_instant(about["period"]["to"])),
    )
    claims = claims_again(estate, pack["claims"], _settled(estate, facts, question).credits)
    verdict = _settled(estate, facts, question, these(claims))
    assessed = [(one.key, one.period) for one in verdict.assessments]
    if key not in assessed:
        raise refuse("NOTHING_ASSESSED", "what it is about is not assessed", path="about")
    # As assessed, and not as named: there, a version may be anything that equals its number.
    key = assessed[assessed.index(key)]
    concluded = _concluded(estate, facts, question, verdict, key)
    return _pack(estate, facts, question, key, concluded, claims)


def _sealed(pack: Plain) -> Plain:
    return pack | {"hash": seal(pack)}


def seal(pack: Plain) -> str:
    """The SHA-256 of a pack's canonical JSON, without the hash itself."""
    bare = {key: value for key, value in pack.items() if key != "hash"}
    return _digest(bare)


def _digest(plain: Any) -> str:
    return hashlib.sha256(canonical_json(plain)).hexdigest()
