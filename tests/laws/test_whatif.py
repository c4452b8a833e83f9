"""Laws of what-if: whatever changes, the answer is that of the changed estate derived afresh."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bench.portfolio import portfolio
from orchestrator.cli import main
from orchestrator.engine.derive import derive
from orchestrator.engine.whatif import Portfolio, with_targets
from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Version
from orchestrator.model.derivations import Derivation, Effect
from orchestrator.model.estate import Estate
from orchestrator.model.values import AskedPeriod, Period
from tests.laws.build import (
    APRIL,
    CALENDARS,
    Promise,
    agreement,
    all_of,
    any_of,
    contract,
    estate,
    law_of,
    leaves_of,
    levels,
    sla,
    structures,
)

Targets = dict[tuple[str, str], Fraction]


@st.composite
def sold(draw: st.DrawFn) -> tuple[Estate, list[str]]:
    """Promises on every composite, over contracts on one leaf or several, some of them jointly,
    some twice, some in other hours or over other periods, some no more than goals."""
    structure = draw(structures(5, 3))
    leaves = leaves_of(structure)
    made: list[Version] = []
    for number in range(draw(st.integers(1, 5))):
        services = sorted(draw(st.sets(st.sampled_from(leaves), min_size=1)))
        promise = Promise(
            draw(levels()),
            hours=draw(st.sampled_from(("24x7", "24x7", "24x7", "24x7", "office"))),
            period=draw(st.sampled_from((Period("month"), Period("month"), Period("quarter")))),
            strength=draw(st.sampled_from(("credit_backed", "credit_backed", "goal"))),
            version={"jointly": draw(st.integers(0, 5)) == 0},
        )
        made.append(agreement(f"uc-{number}", "UC", f"maker-{leaves[0]}", "us", services, promise))
    tops = [
        sla(
            Promise(draw(levels(500)), hours=draw(st.sampled_from(("24x7", "day")))),
            [name],
            f"sla-{number}",
        )
        for number, name in enumerate(structure)
    ]
    return estate(structure, [*made, *tops], calendars=CALENDARS), [
        one.agreement for one in (*made, *tops)
    ]


@st.composite
def asked(draw: st.DrawFn) -> tuple[Estate, Targets]:
    subject, names = draw(sold())
    chosen = draw(st.sets(st.sampled_from(names), min_size=1, max_size=3))
    return subject, {(name, "availability"): draw(levels(800)) for name in sorted(chosen)}


def check(
    found: tuple[Effect, ...], before: tuple[Derivation, ...], after: tuple[Derivation, ...]
) -> None:
    """Effects against all that was derived before and after."""
    told = {one.key: one for one in found}
    for old, new in zip(before, after, strict=True):
        assert old.key == new.key
        effect = told.get(new.key)
        if effect is None:
            assert (old.promised, old.floor, old.status) == (new.promised, new.floor, new.status)
            assert old.independent == pytest.approx(new.independent, abs=1e-12)
            continue
        assert (effect.before.floor, effect.before.status) == (old.floor, old.status)
        assert effect.after.promised == new.promised
        assert effect.after.floor == new.floor
        assert effect.after.status == new.status
        assert (effect.before.methods, effect.after.methods) == (old.methods, new.methods)
        for mine, theirs in (
            (effect.after.independent, new.independent),
            (effect.after.beta, new.beta),
        ):
            assert (mine is None) == (theirs is None)
            assert mine is None or float(mine) == pytest.approx(float(theirs), abs=1e-12)


@law_of(120)
@given(asked())
def test_what_if_is_what_the_changed_estate_derives_afresh(case: tuple[Estate, Targets]) -> None:
    subject, targets = case
    kept = Portfolio(subject, APRIL)
    assert kept.before == derive(subject, APRIL)
    check(kept.change(targets), kept.before, derive(with_targets(subject, targets), APRIL))


@law_of(15)
@given(asked())
def test_what_if_over_a_year_finds_the_worst_of_its_months_again(
    case: tuple[Estate, Targets],
) -> None:
    subject, targets = case
    year = AskedPeriod.parse("2026-Q1")
    kept = Portfolio(subject, year)
    check(kept.change(targets), kept.before, derive(with_targets(subject, targets), year))


SMALL = portfolio(services=560, slas=12, seed=3)


@pytest.fixture(scope="module")
def kept() -> Portfolio:
    return Portfolio(SMALL, APRIL)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("uc-hardware-0-0", "0.9"),
        ("uc-hardware-0-0", "0.999999"),
        ("uc-carrier-1-0", "0.97"),
        ("ola-storage-1", "0.99"),
        ("ola-storage-1", "1"),
        ("ola-network-0", "0.9"),
    ],
)
def test_a_portfolio_answers_from_what_it_keeps_as_if_derived_afresh(
    kept: Portfolio, name: str, target: str
) -> None:
    targets = {(name, "availability"): Fraction(target)}
    found = kept.change(targets)
    assert found
    assert not any(one.anew for one in found)
    check(found, kept.before, derive(with_targets(SMALL, targets), APRIL))


def test_only_what_stands_above_a_changed_term_is_told_of() -> None:
    structure = {"top": all_of("a"), "other": any_of("b", "c")}
    made = [contract(leaf, Promise(Fraction(99, 100))) for leaf in "abc"]
    tops = [sla(Promise(Fraction(9, 10)), [name], f"sla-{name}") for name in structure]
    found = Portfolio(estate(structure, [*made, *tops]), APRIL).change(
        {(made[0].agreement, "availability"): Fraction(98, 100)}
    )
    assert [(one.key.agreement, one.after.floor) for one in found] == [
        ("sla-top", Fraction(98, 100))
    ]


@pytest.mark.parametrize(
    ("name", "target", "code"),
    [
        (("uc-hardware-0-0", "speed"), "0.9", "UNKNOWN_REFERENCE"),
        (("nobody", "availability"), "0.9", "UNKNOWN_REFERENCE"),
        (("uc-hardware-0-0", "availability"), "99.9", "TARGET_OUT_OF_RANGE"),
    ],
)
def test_a_term_that_is_not_there_or_a_target_that_is_none_is_refused(
    kept: Portfolio, name: tuple[str, str], target: str, code: str
) -> None:
    with pytest.raises(OrchestratorError) as refused:
        kept.change({name: Fraction(target)})
    assert [one.code for one in refused.value.problems] == [code]


CLOUD = "examples/cloud/estate.yaml"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (["uc-line-a/=99.99%"], "USAGE"),
        (["uc-line-a/availability"], "USAGE"),
        (["uc-line-a/availability="], "USAGE"),
        (["/availability=99.99%"], "USAGE"),
        (["ola-desk=99%"], "USAGE"),
        (["uc-line-a/availability=99%", "uc-line-a/availability=98%"], "USAGE"),
        (["uc-line-a=99%", "uc-line-a/availability=98%"], "USAGE"),
        (["uc-line-a/availability=much"], "BAD_NUMBER"),
        (["uc-line-a/availability=99.9"], "TARGET_OUT_OF_RANGE"),
        (["ola-desk/p1-triage=4h"], "BAD_TARGET"),
        (["ola-desk/p1-triage={share: 90%, within: 4h"], "BAD_SYNTAX"),
        (["ola-desk/p1-triage={share: 90%, within: 4h, or: so}"], "UNKNOWN_KEY"),
        (["uc-nobody/availability=99%"], "UNKNOWN_REFERENCE"),
        (["uc-line-a/speed=99%"], "UNKNOWN_REFERENCE"),
    ],
)
def test_a_setting_that_says_nothing_is_refused_with_advice(
    capsys: pytest.CaptureFixture[str], settings: list[str], code: str
) -> None:
    arguments = ["whatif", CLOUD, "--period", "2026-04", "--json"]
    for one in settings:
        arguments += ["--set", one]
    assert main(arguments) == 2
    (problem,) = json.loads(capsys.readouterr().out)["errors"]
    assert (problem["code"], problem["path"]) == (code, "--set")
    assert problem["advice"]


def test_the_command_tells_of_every_promise_above_the_term(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["whatif", CLOUD, "--period", "2026-04", "--set", "uc-line-a/availability=99.99%"]
    assert not main([*arguments, "--json", "--exact"])
    (effect,) = json.loads(capsys.readouterr().out)["effects"]
    assert effect["agreement"] == "ola-wan"
    assert (effect["before"]["floor"], effect["after"]["floor"]) == ("9989/10000", "4999/5000")
    assert not main(arguments)
    assert "SHORTFALL -> UNDERPINNED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("written", "floor"),
    [
        ("{share: 98%, within: 2h}", {"share": 0.98, "withinSeconds": 7200}),
        ('{share: "98%", within: 2h}', {"share": 0.98, "withinSeconds": 7200}),
        ("98% within 2h", {"share": 0.98, "withinSeconds": 7200}),
    ],
)
def test_a_time_is_set_as_documents_have_it_and_as_it_is_shown(
    capsys: pytest.CaptureFixture[str], written: str, floor: object
) -> None:
    arguments = ["whatif", CLOUD, "--period", "2026-04", "--json"]
    assert main([*arguments, "--set", f"sla-shoreline/p1-resolution={written}"]) == 0
    effects = json.loads(capsys.readouterr().out)["effects"]
    (effect,) = (one for one in effects if one["agreement"] == "sla-shoreline")
    assert effect["after"]["promised"] == floor
    assert effect["after"]["status"] == "SHORTFALL"


def test_an_agreement_alone_stands_for_its_one_term_of_availability(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = []
    for name in ("uc-line-a", "uc-line-a/availability"):
        arguments = ["whatif", CLOUD, "--period", "2026-04", "--json", "--set", f"{name}=99.99%"]
        assert main(arguments) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
