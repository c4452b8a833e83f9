"""What an agreement holds besides its terms, read from a document and written back."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import Context, Refused
from orchestrator.formats.contracts import TERM
from orchestrator.formats.nodes import plain
from orchestrator.formats.provisions import PROVISIONS, WINDOWS, template_of
from orchestrator.formats.source import read_source
from orchestrator.formats.text import dump_yaml
from orchestrator.model.boundaries import Assumption, Demarcation, Handoff
from orchestrator.model.breaches import Remedies
from orchestrator.model.clauses import Clause, Definition, Document
from orchestrator.model.duties import Obligation
from orchestrator.model.lapses import Lapse
from orchestrator.model.meetings import (
    Argument,
    Attendee,
    Goal,
    Meeting,
    Override,
    PublishGate,
    Resolution,
    TemplateUse,
    TermDraft,
)
from orchestrator.model.priorities import PriorityMatrix, SeverityMapping, SeverityPair
from orchestrator.model.provisions import NO_PROVISIONS, Provisions
from orchestrator.model.schedule import EscalationLevel, Notice, Renewal, Review
from orchestrator.model.scopes import TargetWindow
from orchestrator.model.values import DAY, FOREVER, HOUR, Money, Span
from tests.contracts import at, span, within

HASH = "0123456789abcdef" * 4
DOCUMENT = f"""
scope: service_based
tightenOnly: true
obligations:
  - {{id: logs, by: shop, to: [us, desk], duty: "send the [[Log]]", category: logs,
     within: 2h, hours: office, effect: lateness_only, evidence: false}}
  - {{id: build, by: [maker, host], to: shop, within: 3 business days, jointAndSeveral: true}}
priorities:
  impacts: [high, low]
  urgencies: [high, low]
  priorities: [P1, P2, 3]
  rows: [[P1, P2], [P2, 3]]
severities: [{{party: vendor, pairs: [{{theirs: 1, ours: P1}}]}}]
demarcation: [{{service: web, requires: link, point: the socket,
  near: us, far: carrier, owner: carrier}}]
assumptions: [{{id: load, statement: at most 500 users, party: shop,
  valid: {{to: 2026-07-01}}, effect: none}}]
handoffs: [{{id: triage, from: desk, to: ops, within: 30m, data: [log], channel: queue}}]
clauses:
  - {{id: cap, kind: liability_cap, text: once a year, amount: {{amount: "500.00"}}}}
  - {{id: coc, kind: change_of_control, rule: consent, within: 2 months,
     document: general, negotiability: fixed, reference: "14.2"}}
documents: [{{id: general, sha256: {HASH}, title: General terms, location: vault/7}}]
glossary: [{{term: Log, meaning: what it wrote}}]
notice: {{period: 3 months, hours: office, form: in writing}}
renewal: {{initial: 2 years, period: 18 months, automatic: false, times: 4}}
reviews: [{{id: slm, rule: FREQ=MONTHLY;BYDAY=1TU, from: 2026-01-06, subject: all,
  within: 5d, lead: 1 business day, parties: [us, shop], held: [2026-01-07]}}]
escalation: [{{party: desk}},
  {{party: boss, after: 4h, hours: office, contact: b@example.org, role: manager}}]
meetings:
  - id: m-1
    at: 2026-02-03T10:00:00Z
    quorum: [chair]
    attendees: [{{role: chair, party: us, person: N. N.}}]
    agenda: [targets]
    resolutions: [{{id: r1, text: faster, draft: {{id: fix, metric: resolution_time,
      target: {{share: "90%", within: 4h}}, priority: P1, hours: office, strength: goal}}}}]
goals: [{{metric: satisfaction, target: "4.2"}}]
gate: {{periods: 3, breaches: 1}}
overrides: [{{term: availability, by: cfo, at: 2026-03-01, reason: strategic}}]
template: {{id: gold, version: 2, arguments: [{{parameter: level, value: "99.9%"}}]}}
agreed: {{from: 2026-01-01}}
continues: 2
remedies: {{exclusivity: sole, carveOuts: [data_loss], critical: severe, setOff: false}}
"""
HELD = Provisions(
    scope="service_based",
    tighten_only=True,
    obligations=(
        Obligation(
            "logs",
            ("shop",),
            ("us", "desk"),
            "send the [[Log]]",
            "logs",
            Lapse(2 * HOUR),
            "office",
            "lateness_only",
            evidence=False,
        ),
        Obligation(
            "build",
            ("maker", "host"),
            ("shop",),
            within=Lapse(business_days=3),
            joint_and_several=True,
        ),
    ),
    priorities=PriorityMatrix(
        ("high", "low"), ("high", "low"), ("P1", "P2", "3"), (("P1", "P2"), ("P2", "3"))
    ),
    severities=(SeverityMapping("vendor", (SeverityPair("1", "P1"),)),),
    demarcation=(Demarcation("web", "link", "the socket", "us", "carrier", "carrier"),),
    assumptions=(
        Assumption("load", "at most 500 users", "shop", Span(end=at("2026-07-01")), "none"),
    ),
    handoffs=(Handoff("triage", "desk", "ops", Lapse(HOUR // 2), data=("log",), channel="queue"),),
    clauses=(
        Clause("cap", "liability_cap", "once a year", amount=Money(50_000, "EUR")),
        Clause(
            "coc",
            "change_of_control",
            reference="14.2",
            document="general",
            negotiability="fixed",
            rule="consent",
            within=Lapse(months=2),
        ),
    ),
    documents=(Document("general", HASH, "General terms", "vault/7"),),
    glossary=(Definition("Log", "what it wrote"),),
    notice=Notice(Lapse(months=3), "office", "in writing"),
    renewal=Renewal(Lapse(months=24), Lapse(months=18), automatic=False, times=4),
    reviews=(
        Review(
            "slm",
            "FREQ=MONTHLY;BYDAY=1TU",
            at("2026-01-06"),
            "all",
            Lapse(5 * DAY),
            Lapse(business_days=1),
            ("us", "shop"),
            (at("2026-01-07"),),
        ),
    ),
    escalation=(
        EscalationLevel("desk"),
        EscalationLevel("boss", Lapse(4 * HOUR), "office", "b@example.org", "manager"),
    ),
    meetings=(
        Meeting(
            "m-1",
            at("2026-02-03T10:00"),
            ("chair",),
            (Attendee("chair", "us", "N. N."),),
            ("targets",),
            (
                Resolution(
                    "r1",
                    "faster",
                    TermDraft("fix", "resolution_time", within("0.9", 4), "P1", "office", "goal"),
                ),
            ),
        ),
    ),
    goals=(Goal("satisfaction", Fraction(42, 10)),),
    gate=PublishGate(3, 1),
    overrides=(Override("availability", "cfo", at("2026-03-01"), "strategic"),),
    template=TemplateUse("gold", 2, (Argument("level", "99.9%"),)),
    agreed=Span(at("2026-01-01"), FOREVER),
    continues=2,
    remedies=Remedies("sole", ("data_loss",), "severe", False),
)


def context(**more: Any) -> Context:
    return Context(zone="UTC", currency="EUR", kind="SLA", **more)


def read(shape: Any, text: str, **more: Any) -> Any:
    """What a shape reads, or the error with all its problems."""
    source, ctx = read_source(text), context(**more)
    try:
        value = shape.read(source.root, ctx)
    except Refused:
        raise OrchestratorError(ctx.problems(source.root, "")) from None
    assert not ctx.found
    return value


def test_everything_is_read_as_written() -> None:
    assert read(PROVISIONS, DOCUMENT) == HELD


def test_the_example_says_something_of_every_field() -> None:
    for field in fields(Provisions):
        assert getattr(HELD, field.name) != getattr(NO_PROVISIONS, field.name), field.name


def test_what_is_written_reads_the_same_and_keeps_to_the_schema() -> None:
    written = PROVISIONS.write(HELD, context())
    text = dump_yaml(written)
    assert read(PROVISIONS, text) == HELD
    schema = PROVISIONS.schema()
    Draft202012Validator.check_schema(schema)
    for one in (DOCUMENT, text):
        Draft202012Validator(schema).validate(plain(read_source(one).root))
    assert PROVISIONS.write(NO_PROVISIONS, context()) == {}


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("obligations: [{id: a, by: us, to: us}]", "SAME_PARTY", "obligations[0].to"),
        ("obligations: [{id: a, by: [], to: us}]", "EMPTY_LIST", "obligations[0].by"),
        (
            "priorities: {impacts: [a], urgencies: [b], priorities: [P1], rows: [[]]}",
            "MATRIX_INCOMPLETE",
            "priorities.rows",
        ),
        ("clauses: [{id: a, kind: surprise}]", "UNKNOWN_CLAUSE", "clauses[0].kind"),
        ("documents: [{id: a, sha256: abc}]", "BAD_HASH", "documents[0].sha256"),
        (
            "reviews: [{id: a, rule: often, from: 2026-01-01}]",
            "BAD_RULE",
            "reviews[0].rule",
        ),
        ("renewal: {initial: 12 months, period: 8h}", "BAD_RENEWAL", "renewal.period"),
        ("notice: {period: 2000 months}", "BAD_DURATION", "notice.period"),
        ("notice: {period: 101 years}", "BAD_DURATION", "notice.period"),
        ("goals: [{metric: joy, target: 4}]", "UNKNOWN_METRIC", "goals[0].metric"),
        ("goals: [{metric: availability, target: 4}]", "TARGET_OUT_OF_RANGE", "goals[0].target"),
        ("scope: whole", "BAD_CHOICE", "scope"),
        ("gate: {periods: 0}", "OUT_OF_RANGE", "gate.periods"),
        ("surprise: 1", "UNKNOWN_KEY", "surprise"),
        (
            "demarcation: [{service: a, requires: b, point: p, near: c, far: d, owner: e}]",
            "BAD_DEMARCATION",
            "demarcation[0].owner",
        ),
        (
            "severities: [{party: a, pairs: []}, {party: a, pairs: []}]",
            "DUPLICATE_ID",
            "severities[1].party",
        ),
    ],
)
def test_what_is_wrong_is_refused_in_its_place(text: str, code: str, path: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        read(PROVISIONS, text)
    assert [(one.code, one.path) for one in caught.value.problems] == [(code, path)]


@pytest.mark.parametrize(
    ("lapse", "written"),
    [
        (Lapse(months=1), "1 month"),
        (Lapse(months=12), "1 year"),
        (Lapse(months=18), "18 months"),
        (Lapse(months=36), "3 years"),
        (Lapse(business_days=1), "1 business day"),
        (Lapse(36 * HOUR), "1d12h"),
    ],
)
def test_a_lapse_is_written_in_its_own_unit(lapse: Lapse, written: str) -> None:
    notice = Provisions(notice=Notice(lapse))
    assert PROVISIONS.write(notice, context()) == {"notice": {"period": written}}
    assert read(PROVISIONS, f"notice: {{period: {written}}}") == notice


def test_the_targets_of_windows_are_those_of_the_terms_metric() -> None:
    text = '- {hours: office, target: "99.9%"}'
    assert read(WINDOWS, text, metric="availability") == (
        TargetWindow("office", Fraction("0.999")),
    )
    timed = '- {hours: office, target: {share: "90%", within: 4h}}'
    (window,) = read(WINDOWS, timed, metric="resolution_time")
    assert window.target == within("0.9", 4)


def test_a_template_is_read_with_its_terms_and_written_back() -> None:
    shape = template_of(TERM)
    text = """
id: gold
version: 1
kind: SLA
sections: [levels, glossary]
parameters:
  - {name: level, kind: ratio, low: "99.5%", high: "99.95%", default: "99.9%"}
  - {name: desk, kind: word, words: [office, 24x7]}
terms: [{id: availability, metric: availability, target: "99.9%"}]
slots: [{term: availability, fills: target, parameter: level}]
"""
    template = read(shape, text)
    assert template.terms[0].strength == "credit_backed"
    assert read(shape, dump_yaml(shape.write(template, context()))) == template
    with pytest.raises(OrchestratorError) as caught:
        read(shape, text.replace("parameter: level", "parameter: lever"))
    assert [(one.code, one.path) for one in caught.value.problems] == [
        ("UNKNOWN_REFERENCE", "slots")
    ]


def test_an_agreed_span_is_kept() -> None:
    assert read(PROVISIONS, "agreed: {from: 2026-01-01, to: 2027-01-01}").agreed == span(
        "2026-01-01", "2027-01-01"
    )
