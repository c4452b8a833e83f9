"""The evidence pack of a breach or claim: made, written, and verified by making it again.

A pack is one document that holds an estate and facts, as far as one assessment follows from them,
and everything that was concluded. The same estate, facts and period give the same bytes; whoever
has a pack can make it again from what it holds, and so find what was changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from orchestrator.engine.content import content_hash
from orchestrator.engine.credit import ended
from orchestrator.engine.dossier import (
    Key,
    Piece,
    at_the_time,
    conclusions,
    dependencies,
    parts,
    pieces,
)
from orchestrator.engine.measure import Measured, Measurements
from orchestrator.engine.observations import Observations
from orchestrator.engine.settle import reach_of, settle
from orchestrator.engine.subjects import periods_ending, subjects
from orchestrator.engine.trace import causes
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.upstream import Upstream
from orchestrator.engine.verdicts import Moment
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.estate import read_estate, write_estate
from orchestrator.formats.facts import read_facts, write_facts
from orchestrator.formats.pack_page import pack_page
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
from orchestrator.model.contracts import Contract
from orchestrator.model.estate import Estate
from orchestrator.model.records import Assessment, Facts, TermKey, Verdict
from orchestrator.model.values import (
    DAWN,
    FOREVER,
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


def make_pack(estate: Estate, facts: Facts, question: Question, wanted: Wanted) -> Plain:
    """The pack of one assessment, as plain data.

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
    whole = _settled(estate, facts, question)
    one = _chosen(whole, wanted)
    key = one.key, one.period
    about = next(v for v in estate.agreements[one.key.agreement] if v.number == one.key.version)
    span = reach_of(estate, AskedPeriod.parse(question.asked))
    for part in parts(estate, facts, span, about):
        written = _as_written(*part)
        if written is None:
            continue
        verdict = _settled(*written, question)
        if _same(whole, verdict, key):
            return _sealed(_pack(*written, question, verdict, key))
    raise AssertionError("a whole estate gives its own verdict")


def _settled(estate: Estate, facts: Facts, question: Question) -> Verdict:
    return settle(estate, facts, AskedPeriod.parse(question.asked), as_of=question.as_of)


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


def _same(whole: Verdict, part: Verdict, key: Key) -> bool:
    def of(verdict: Verdict) -> object:
        about = [one for one in verdict.assessments if (one.key, one.period) == key]
        return about, conclusions(verdict, key), _findings(verdict, key[0])

    return of(whole) == of(part)


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


def _pack(estate: Estate, facts: Facts, question: Question, verdict: Verdict, key: Key) -> Plain:
    asked = AskedPeriod.parse(question.asked)
    seen = Observations(Underpinning(estate), facts)
    moment = Moment(reach_of(estate, asked).end, question.as_of)
    measurements = Measurements(seen, moment)
    measured = _measured(estate, measurements, asked, key)
    found = conclusions(verdict, key)
    tallies = {(one.key, one.period): one for one in verdict.tallies}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "about": key_json(key[0])
        | {
            "period": span_json(key[1]),
            "asked": question.asked,
            "asOf": None if question.as_of is None else format_instant(question.as_of),
        },
        "assessment": assessment_json(measured.assessment, True, tallies.get(key)),
        "breach": found.breach and breach_json(found.breach, exact=True),
        "credit": found.credit and credit_json(found.credit),
        "exposure": found.exposure and exposure_json(found.exposure),
        "findings": [finding_json(one) for one in _findings(verdict, key[0])],
        "slices": [_slice_json(one) for one in pieces(seen, measured, moment)],
        "cases": [
            {"id": case.id, "value": number_json(case.value, True)} for case in measured.missed
        ],
        "upstream": list(_upstream(measured, Upstream(measurements, asked), verdict)),
        "graph": _graph(estate, measured),
        "commitments": list(_commitments(estate, key[1])),
        "facts": write_facts(facts),
        "estate": write_estate(estate),
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


def _findings(verdict: Verdict, key: TermKey) -> list[Any]:
    """The findings on one term."""
    return [one for one in verdict.findings if _concerns(one.subjects, key)]


def _concerns(named: Sequence[str], key: TermKey) -> bool:
    if key.term in named:
        return named[:3] == (key.agreement, key.term, key.service)
    return key.agreement in named[:2]


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


def _upstream(measured: Measured, upstream: Upstream, verdict: Verdict) -> Iterator[Plain]:
    """What the agreements that answer for a breach came to, in their own periods."""
    if measured.tally is not None:
        return
    credits = {(one.key, one.period): one for one in verdict.credits}
    answering: dict[Key, Measured] = {}
    for cause in causes(measured, upstream):
        if cause.answers is not None:
            answering.setdefault(ended(cause.answers), cause.answers)
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


def _sealed(pack: Plain) -> Plain:
    return pack | {"hash": seal(pack)}


def seal(pack: Plain) -> str:
    """The SHA-256 of a pack's canonical JSON, without the hash itself."""
    bare = {key: value for key, value in pack.items() if key != "hash"}
    return hashlib.sha256(canonical_json(bare)).hexdigest()


# --- verifying -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Something in a pack that does not follow from what it holds. `path` says where."""

    path: str
    message: str


def read_pack(text: bytes | str, file: str = "") -> Plain:
    """A pack from its JSON text; BAD_KIND for anything else."""
    try:
        pack = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise refuse("BAD_SYNTAX", "this is not JSON", "name an evidence pack").at(
            file=file
        ) from error
    if not isinstance(pack, dict) or pack.get("kind") != KIND:
        raise refuse("BAD_KIND", f"a document of kind {KIND} is needed here").at(file=file)
    return pack


def verify_pack(pack: Plain) -> list[Disagreement]:
    """Everything in a pack that does not agree with what follows from the estate and the facts
    that it holds, or with its own hash."""
    found: list[Disagreement] = []
    if pack.get("hash") != seal(pack):
        found.append(Disagreement("hash", f"is {pack.get('hash')}, the content has {seal(pack)}"))
    try:
        again = _again(pack)
    except OrchestratorError as error:
        found += [
            Disagreement(one.path or "estate", f"cannot be computed from: {one}")
            for one in error.problems
        ]
        return found
    except (KeyError, TypeError, AttributeError, StopIteration):
        found.append(Disagreement("about", "does not name an assessment of what it holds"))
        return found
    bare = {key: value for key, value in pack.items() if key != "hash"}
    found += _differences(json.loads(canonical_json(again), parse_float=Decimal), bare, "")
    return found


def verify_page(page: str, pack: Plain) -> list[Disagreement]:
    """Whether a page shows what the pack inside it holds, to the last character."""
    try:
        expected = pack_page(pack)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return [Disagreement("page", "cannot be made of the pack inside it")]
    if page == expected:
        return []
    lines = zip(page.splitlines(), expected.splitlines(), strict=False)
    number = next((i for i, (one, two) in enumerate(lines, 1) if one != two), 0)
    return [Disagreement("page", f"does not show what it holds (line {number})")]


def _again(pack: Plain) -> Plain:
    """The pack made again from the estate and the facts that it holds."""
    about = pack["about"]
    estate = read_estate(canonical_json(pack["estate"]), "the estate it holds").estate
    facts = read_facts(canonical_json(pack["facts"]), "the facts it holds")
    as_of = about["asOf"]
    question = Question(about["asked"], None if as_of is None else parse_instant(as_of))
    key = (
        TermKey(about["agreement"], about["version"], about["term"], about["service"]),
        Span(parse_instant(about["period"]["from"]), parse_instant(about["period"]["to"])),
    )
    verdict = _settled(estate, facts, question)
    if not any((one.key, one.period) == key for one in verdict.assessments):
        raise refuse("NOTHING_ASSESSED", "what it is about is not assessed", path="about")
    return _pack(estate, facts, question, verdict, key)


def _differences(expected: Any, found: Any, path: str) -> Iterator[Disagreement]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            inner = f"{path}.{key}" if path else key
            if key not in found:
                yield Disagreement(inner, "is missing")
            elif key not in expected:
                yield Disagreement(inner, "does not belong there")
            else:
                yield from _differences(expected[key], found[key], inner)
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield Disagreement(path, f"has {len(found)} entries, {len(expected)} follow")
        for number, (one, two) in enumerate(zip(expected, found, strict=False)):
            yield from _differences(one, two, f"{path}[{number}]")
    elif expected != found or isinstance(expected, bool) != isinstance(found, bool):
        yield Disagreement(path, f"is {_shown(found)}, {_shown(expected)} follows")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else canonical_json(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
