"""The life of agreements in the database: what is refused changes nothing, what is done leaves a
line, and what was not accepted does not bind."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import orjson
import pytest

from orchestrator.actions.context import Context
from orchestrator.actions.drafting import (
    Instance,
    correct_kind,
    draft_from_minutes,
    instantiate_template,
    propose_version,
    record_minutes,
)
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.actions.lifecycle import (
    Asked,
    Changed,
    Step,
    accept_version,
    move_agreement,
    record_override,
    tag_of,
)
from orchestrator.engine.content import accept, content_hash
from orchestrator.engine.settle import settle
from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import STATES, Cover, Term, Version
from orchestrator.model.contracts import Contract
from orchestrator.model.credits import CreditTier, Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.lifecycle import MOVES
from orchestrator.model.meetings import Attendee, Meeting, PublishGate, Resolution, TermDraft
from orchestrator.model.parties import Party
from orchestrator.model.provisions import Provisions
from orchestrator.model.records import Facts, Outage
from orchestrator.model.services import Service
from orchestrator.model.templates import Parameter, Slot, Template
from orchestrator.model.values import DAY, AskedPeriod, Instant, Money, Span, parse_instant
from orchestrator.store.audit import Line
from orchestrator.store.read import audit_lines, load_estate
from tests.contracts import at as day
from tests.contracts import refused_with, span
from tests.store.conftest import NOW
from tests.unit.test_lifecycle import LEGAL

YEAR = span("2026-01-01", "2027-01-01")
NEXT = span("2026-10-01", "2027-10-01")


def version(id: str = "c1", state: str = "draft", **more: Any) -> Version:
    """What a supplier promises: nothing lies beneath it."""
    term = Term(
        "availability",
        "availability",
        Fraction("0.999"),
        "credit_backed",
        credits=(CreditTier(Fraction("0.999"), Fraction(1, 10), nested=True),),
    )
    return Version(
        **{
            "agreement": id,
            "number": 1,
            "kind": "UC",
            "provider": "vendor",
            "customer": "us",
            "covers": (Cover("web", "whole"),),
            "terms": (term,),
            "effective": YEAR,
            "fee": Fee(Money(100_000, "EUR")),
            "state": state,
        }
        | more
    )


def accepted(one: Version) -> Version:
    contract = Contract.of(one)
    for party in contract.bound:
        contract = accept(contract, party, day("2025-12-01"))
    return contract.held


def estate(*versions: Version, **metadata: Any) -> Estate:
    agreements: dict[str, tuple[Version, ...]] = {}
    for one in versions:
        agreements[one.agreement] = (*agreements.get(one.agreement, ()), one)
    parties = always(*(Party(id) for id in ("us", "vendor", "shop")))
    services = always(Service("web", owner="vendor"), Service("shopfront", owner="us"))
    return Estate(Metadata("test", ("us",), **metadata), {}, parties, services, agreements)


def held(ctx: Context, id: str = "c1") -> tuple[Version, ...]:
    with ctx.database.read() as session:
        return load_estate(session, ctx.tenant).agreements[id]


def lines(ctx: Context) -> tuple[Line, ...]:
    with ctx.database.read() as session:
        return audit_lines(session, ctx.tenant, 0, 1000)


def at(ctx: Context, now: Instant) -> Context:
    return replace(ctx, now=now)


def pair(state: str, event: str) -> tuple[Version, ...]:
    """An agreement in a state, with all there is to be for an event, and its successor."""
    id = f"{state}-{event}".replace("_", "-")
    effective = NEXT if event == "reopen" else YEAR
    one = accepted(version(id, state, effective=effective))
    if event != "amend":
        return (one,)
    return one, accepted(version(id, "agreed", number=2, effective=NEXT))


WHEN = {"expire": day("2027-01-01"), "amend": day("2026-10-01")}


def test_every_legal_move_leaves_a_line_and_every_other_changes_nothing(ctx: Context) -> None:
    pairs = {(state, event): pair(state, event) for state, event in product(STATES, MOVES)}
    import_estate(ctx, estate(*(one for versions in pairs.values() for one in versions)))
    trail = len(lines(ctx))
    for (state, event), (first, *_) in pairs.items():
        asked, before = Asked(first.agreement), held(ctx, first.agreement)
        step = Step(event, "vendor", WHEN.get(event), "unpaid")
        if (state, event) not in LEGAL:
            with refused_with("ILLEGAL_MOVE"):
                move_agreement(ctx, asked, 1, step)
            assert held(ctx, first.agreement) == before
            assert len(lines(ctx)) == trail
            continue
        done = move_agreement(ctx, asked, 1, step)
        trail += 1
        line = lines(ctx)[-1]
        told = orjson.loads(line.summary)
        assert (line.seq, line.action) == (trail, "move_agreement")
        assert (told["source"], told["target"]) == (state, LEGAL[state, event])
        assert told["content"] == content_hash(Contract.of(first))
        now = held(ctx, first.agreement)
        assert now == done.versions
        (about,) = (one for one in now if one.number == done.number)
        assert about.state == LEGAL[state, event]
        assert content_hash(Contract.of(about)) == content_hash(Contract.of(first))


def signed(ctx: Context, number: int = 1, id: str = "c1") -> Changed:
    """A draft proposed, accepted by both and agreed."""
    (one,) = (one for one in held(ctx, id) if one.number == number)
    move_agreement(ctx, Asked(id), number, Step("propose", one.provider))
    text = content_hash(Contract.of(one))
    for party in Contract.of(one).bound:
        accept_version(ctx, Asked(id), number, party, text)
    return move_agreement(ctx, Asked(id), number, Step("agree", one.provider))


def breached(ctx: Context) -> list[str]:
    """What an outage of a day in August would cost by the agreements in force."""
    facts = Facts(outages=(Outage("o-1", "web", span("2026-08-03", "2026-08-04")),))
    with ctx.database.read() as session:
        found = load_estate(session, ctx.tenant)
    verdict = settle(found, facts, AskedPeriod.parse("2026-08"))
    return [one.key.agreement for one in verdict.credits]


def test_what_was_not_accepted_does_not_bind(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    assert breached(ctx) == []
    move_agreement(ctx, Asked("c1"), 1, Step("propose", "vendor"))
    with refused_with("ACCEPTANCE_MISSING"):
        move_agreement(ctx, Asked("c1"), 1, Step("agree", "vendor"))
    text = content_hash(Contract.of(held(ctx)[0]))
    accept_version(ctx, Asked("c1"), 1, "vendor", text)
    with refused_with("ACCEPTANCE_MISSING"):
        move_agreement(ctx, Asked("c1"), 1, Step("agree", "vendor"))
    accept_version(ctx, Asked("c1"), 1, "us", text)
    move_agreement(ctx, Asked("c1"), 1, Step("agree", "vendor"))
    assert breached(ctx) == []
    move_agreement(ctx, Asked("c1"), 1, Step("begin", "vendor"))
    assert breached(ctx) == ["c1"]


def test_acceptance_of_one_version_is_worth_nothing_for_the_next(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    signed(ctx)
    text = content_hash(Contract.of(held(ctx)[0]))
    done = propose_version(ctx, Asked("c1"), replace(held(ctx)[0], effective=NEXT))
    assert (done.number, held(ctx)[-1].state, held(ctx)[-1].acceptances) == (2, "draft", ())
    with refused_with("CONTENT_DIFFERS"):
        accept_version(ctx, Asked("c1"), 2, "us", text)
    move_agreement(ctx, Asked("c1"), 2, Step("propose", "us"))
    with refused_with("ACCEPTANCE_MISSING"):
        move_agreement(ctx, Asked("c1"), 2, Step("agree", "us"))


def test_an_import_does_not_put_in_force_what_was_not_accepted(ctx: Context) -> None:
    import_estate(ctx, estate(version(state="negotiating", effective=NEXT)))
    begun = version(state="in_force", effective=NEXT)
    with refused_with("ACCEPTANCE_MISSING"):
        import_estate(ctx, estate(begun), since=NOW)
    assert held(ctx)[0].state == "negotiating"
    import_estate(ctx, estate(accepted(begun)), since=NOW)
    assert held(ctx)[0].binds


def test_a_suspended_version_goes_on_as_the_version_that_was_accepted(ctx: Context) -> None:
    import_estate(ctx, estate(accepted(version(state="in_force"))))
    first, second = day("2026-08-01"), day("2026-09-01")
    number = move_agreement(ctx, Asked("c1"), 1, Step("suspend", "us", first)).number
    assert breached(ctx) == []
    number = move_agreement(ctx, Asked("c1"), number, Step("resume", "us", second)).number
    states = [(one.number, one.state, one.effective) for one in held(ctx)]
    assert states == [
        (1, "in_force", Span(YEAR.start, first)),
        (2, "suspended", Span(first, second)),
        (3, "in_force", Span(second, YEAR.end)),
    ]
    assert len({content_hash(Contract.of(one)) for one in held(ctx)}) == 1
    assert {one.provisions.continues for one in held(ctx)[1:]} == {1}
    move_agreement(ctx, Asked("c1"), number, Step("rescind", "us", reason="unpaid", at=second))


def test_who_saw_another_state_is_refused_and_a_key_does_it_once(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    tag = tag_of(held(ctx))
    asked = Asked("c1", tag, key="k-1")
    done = move_agreement(ctx, asked, 1, Step("propose", "us"))
    assert move_agreement(ctx, asked, 1, Step("propose", "us")) == done
    with refused_with("IDEMPOTENCY_CONFLICT"):
        move_agreement(ctx, asked, 1, Step("withdraw", "us"))
    trail = lines(ctx)
    with refused_with("STALE_VERSION"):
        move_agreement(ctx, Asked("c1", tag), 1, Step("withdraw", "us"))
    assert lines(ctx) == trail
    tried = move_agreement(ctx, Asked("c1", dry_run=True), 1, Step("withdraw", "us"))
    assert tried.versions[0].state == "draft"
    assert (held(ctx)[0].state, lines(ctx)) == ("negotiating", trail)


@pytest.mark.parametrize(
    ("code", "number", "step"),
    [
        ("UNKNOWN_MOVE", 1, Step("sign", "us")),
        ("UNKNOWN_REFERENCE", 7, Step("propose", "us")),
        ("NOT_ENTITLED", 1, Step("propose", "shop")),
        ("CHANGED_HISTORY", 1, Step("propose", "us", NOW - DAY)),
    ],
)
def test_other_moves_are_refused_by_name(ctx: Context, code: str, number: int, step: Step) -> None:
    import_estate(ctx, estate(version()))
    trail = lines(ctx)
    with refused_with(code):
        move_agreement(ctx, Asked("c1"), number, step)
    assert lines(ctx) == trail


def test_only_a_party_of_the_agreement_accepts_it(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    with refused_with("NOT_ENTITLED"):
        accept_version(ctx, Asked("c1"), 1, "shop", content_hash(Contract.of(version())))


SLA = version(
    "sla", kind="SLA", provider="us", customer="shop", covers=(Cover("shopfront", "whole"),)
)
OLA = Term("own", "availability", Fraction("0.995"), "commitment")


def test_signing_above_the_floor_takes_a_recorded_override(ctx: Context) -> None:
    """Beneath 99.9 there are 99.5: it is refused, and what is done about it is on record."""
    beneath = version(
        "uc",
        "in_force",
        covers=(Cover("shopfront", "own"),),
        terms=(OLA,),
        provider="vendor",
        customer="us",
    )
    import_estate(ctx, estate(SLA, beneath))
    with refused_with("ABOVE_FLOOR"):
        signed(ctx, id="sla")
    with refused_with("NO_REASON"):
        record_override(ctx, Asked("sla"), 1, "availability", "cfo", " ")
    record_override(ctx, Asked("sla"), 1, "availability", "cfo", "a strategic customer")
    assert lines(ctx)[-1].action == "record_override"
    done = move_agreement(ctx, Asked("sla"), 1, Step("agree", "us"))
    assert done.versions[0].state == "agreed"


def test_what_is_underpinned_is_signed_without_more_ado(ctx: Context) -> None:
    modest = replace(SLA, terms=(replace(SLA.terms[0], target=Fraction("0.99"), credits=()),))
    beneath = version("uc", "in_force", covers=(Cover("shopfront", "own"),), terms=(OLA,))
    import_estate(ctx, estate(modest, beneath))
    assert signed(ctx, id="sla").versions[0].state == "agreed"


def test_the_gate_asks_for_clean_periods_of_recorded_facts(ctx: Context) -> None:
    gated = version(provisions=Provisions(gate=PublishGate(3)))
    import_estate(ctx, estate(gated))
    outage = Outage("o-1", "web", span("2026-05-03", "2026-05-04"))
    record_facts(ctx, Facts(outages=(outage,)))
    with refused_with("GATE_NOT_PASSED"):
        signed(ctx)
    later = at(ctx, parse_instant("2026-09-01T00:00:00Z"))
    done = move_agreement(later, Asked("c1"), 1, Step("agree", "vendor"))
    assert done.versions[0].state == "agreed"


MINUTE = Resolution(
    "r-1", "faster", TermDraft("fix", "availability", Fraction("0.9995"), hours="24x7")
)
MEETING = Meeting(
    "m-1", NOW, ("lab-manager", "account-manager"), (Attendee("lab-manager", "us"),), (), (MINUTE,)
)


def test_minutes_become_terms_that_name_them_only_with_a_quorum(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    record_minutes(ctx, Asked("c1"), 1, MEETING)
    with refused_with("NO_QUORUM"):
        draft_from_minutes(ctx, Asked("c1"), 1)
    assert [term.id for term in held(ctx)[0].terms] == ["availability"]
    full = replace(MEETING, attendees=(*MEETING.attendees, Attendee("account-manager", "vendor")))
    record_minutes(ctx, Asked("c1"), 1, full)
    draft_from_minutes(ctx, Asked("c1"), 1)
    (_, fix) = held(ctx)[0].terms
    assert (fix.id, fix.provenance, fix.target) == ("fix", "m-1/r-1", Fraction("0.9995"))
    assert [line.action for line in lines(ctx)[1:]] == [
        "record_minutes",
        "record_minutes",
        "draft_from_minutes",
    ]


def test_terms_from_minutes_undo_what_was_accepted_before(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    move_agreement(ctx, Asked("c1"), 1, Step("propose", "us"))
    for party in ("us", "vendor"):
        accept_version(ctx, Asked("c1"), 1, party, content_hash(Contract.of(held(ctx)[0])))
    record_minutes(ctx, Asked("c1"), 1, replace(MEETING, quorum=()))
    draft_from_minutes(ctx, Asked("c1"), 1)
    with refused_with("ACCEPTANCE_MISSING"):
        move_agreement(ctx, Asked("c1"), 1, Step("agree", "us"))


def test_what_is_signed_is_no_draft_any_more(ctx: Context) -> None:
    import_estate(ctx, estate(version()))
    signed(ctx)
    for attempt in (
        lambda: record_minutes(ctx, Asked("c1"), 1, MEETING),
        lambda: draft_from_minutes(ctx, Asked("c1"), 1),
        lambda: record_override(ctx, Asked("c1"), 1, "availability", "cfo", "late"),
    ):
        with refused_with("ILLEGAL_MOVE"):
            attempt()


GOLD = Template(
    "gold",
    3,
    "UC",
    (Term("availability", "availability", Fraction("0.999"), "credit_backed"),),
    (Parameter("level", "ratio", "99.5%", "99.95%"),),
    (Slot("availability", "target", "level"),),
)


def made(level: str, template: str = "gold") -> Instance:
    return Instance(template, "vendor", "us", ("web",), YEAR, {"level": level})


def test_a_template_makes_drafts_within_its_ranges(ctx: Context) -> None:
    import_estate(ctx, estate(templates=(GOLD,)))
    done = instantiate_template(ctx, Asked("c9"), made("99.9%"))
    (draft,) = held(ctx, "c9")
    assert (done.number, draft.state, draft.kind) == (1, "draft", "UC")
    assert draft.terms[0].target == Fraction("0.999")
    assert draft.provisions.template is not None
    assert draft.provisions.template.number == 3
    for refused, code in (
        (made("99.99%"), "PARAMETER_OUT_OF_RANGE"),
        (made("99.9%", "tin"), "UNKNOWN_REFERENCE"),
    ):
        with refused_with(code):
            instantiate_template(ctx, Asked("c9"), refused)
    with pytest.raises(OrchestratorError) as caught:
        instantiate_template(ctx, Asked("c9"), replace(made("99.9%"), covers=("nothing",)))
    assert caught.value.problems[0].code == "UNKNOWN_REFERENCE"
    assert held(ctx, "c9") == (draft,)


def test_a_suppliers_contract_called_an_sla_is_drafted_as_what_it_is(ctx: Context) -> None:
    import_estate(ctx, estate(accepted(version(state="in_force", kind="SLA"))))
    done = correct_kind(ctx, Asked("c1"), 1)
    first, draft = held(ctx)
    assert (first.kind, first.state, draft.kind, draft.state) == ("SLA", "in_force", "UC", "draft")
    assert (done.number, draft.acceptances) == (2, ())
    assert draft.effective.start >= NOW
    with refused_with("NOT_MISLABELLED"):
        correct_kind(ctx, Asked("c1"), 2)
