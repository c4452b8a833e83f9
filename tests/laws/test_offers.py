"""Laws of choosing offers: never claimed underpinned where the floor says not, and the cheapest."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.bench.offers import measure
from orchestrator.bench.offers import menus as bench_menus
from orchestrator.engine import purchase
from orchestrator.engine.covers import Covers
from orchestrator.engine.demands import Member, Module
from orchestrator.engine.derive import derive, worst_figures
from orchestrator.engine.offers import Choosing, choose
from orchestrator.engine.subjects import subjects
from orchestrator.engine.underpinning import Underpinning
from orchestrator.errors import OrchestratorError
from orchestrator.model.credits import Fee
from orchestrator.model.derivations import UNDERPINNED
from orchestrator.model.estate import Estate
from orchestrator.model.offers import STAY, Choice, Menu, Offer, Offers
from orchestrator.model.values import DAY, MONTH, Money, Period
from tests.laws import oracles
from tests.laws.build import (
    APRIL,
    CALENDARS,
    TOP,
    Promise,
    Structure,
    all_of,
    any_of,
    at_least,
    contract,
    edited,
    estate,
    internal,
    law_of,
    leaves_of,
    levels,
    percent,
    sla,
    structures,
)


def fee(euros: int, per: str = "year") -> Fee:
    return Fee(Money(euros * 100, "EUR"), per)


def offer(id: str, target: str, euros: int) -> Offer:
    return Offer(id, percent(target), fee(euros))


@st.composite
def menus(draw: st.DrawFn, leaves: Sequence[str]) -> tuple[Menu, ...]:
    """For some leaves up to three offers, at prices that do not follow what they promise."""
    return tuple(
        Menu(
            f"uc-{leaf}",
            tuple(
                Offer(f"o{i}", draw(levels()), fee(draw(st.integers(0, 30))))
                for i in range(draw(st.integers(1, 3)))
            ),
            keep=draw(st.booleans()),
            keep_price=fee(draw(st.integers(0, 10))),
        )
        for leaf in leaves
        if draw(st.integers(0, 3))
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Structure, dict[str, Fraction], tuple[Menu, ...], Fraction]:
    structure = draw(structures(4))
    leaves = leaves_of(structure)
    targets = {leaf: draw(levels()) for leaf in leaves}
    return structure, targets, draw(menus(leaves)), draw(levels(900, 998))


def options(menu: Menu) -> list[Offer | None]:
    return [*([None] if menu.keep else []), *menu.offers]


def price(menu: Menu, one: Offer | None) -> int:
    if one is not None:
        return one.price.money.amount
    assert menu.keep_price is not None
    return menu.keep_price.money.amount


def enumerated(
    structure: Structure, targets: dict[str, Fraction], menus: Sequence[Menu], wanted: Fraction
) -> int | None:
    """The least cost over every combination, each held against every joint behaviour."""
    best: int | None = None
    for picks in itertools.product(*(options(menu) for menu in menus)):
        cost = sum(price(menu, one) for menu, one in zip(menus, picks, strict=True))
        if best is not None and cost >= best:
            continue
        taken = {
            menu.agreement.removeprefix("uc-"): one.target
            for menu, one in zip(menus, picks, strict=True)
            if one is not None
        }
        budgets: dict[object, float] = {
            leaf: float(1 - target) for leaf, target in (targets | taken).items()
        }
        cell = oracles.Cell(1.0, structure, {leaf: frozenset({leaf}) for leaf in targets})
        if oracles.worst_downtime(sorted(targets), [cell], budgets) <= float(1 - wanted) + 1e-9:
            best = cost
    return best


def with_picks(subject: Estate, found: Choice) -> Estate:
    """The estate with what was picked, made without the engine."""
    agreements = dict(subject.agreements)
    for pick in found.picks:
        if pick.option != STAY:
            chosen = next(one for one in pick.menu.offers if one.id == pick.option)
            (version,) = agreements[pick.menu.agreement]
            period = chosen.period or version.period
            changed = edited(version, target=chosen.target, period=period)
            agreements[pick.menu.agreement] = (changed,)
    return replace(subject, agreements=agreements)


@law_of(100)
@given(cases())
def test_the_choice_is_the_cheapest_of_all_that_will_do(
    case: tuple[Structure, dict[str, Fraction], tuple[Menu, ...], Fraction],
) -> None:
    structure, targets, listed, wanted = case
    contracts = [contract(leaf, Promise(target)) for leaf, target in targets.items()]
    subject = estate(structure, [*contracts, sla(Promise(wanted))])
    found = choose(subject, Offers(listed), APRIL)
    best = enumerated(structure, targets, listed, wanted)
    assert found.feasible == (best is not None)
    if best is not None:
        assert found.cost.amount == best
        assert found.proven
        assert found.gap == 0
        (again,) = derive(with_picks(subject, found), APRIL)
        assert again.status == UNDERPINNED
        assert again.floor == found.checked[0].floor
    else:
        assert {one.code for one in found.findings} == {"NO_SUITABLE_OFFER"}


PERIODS = (MONTH, Period("quarter"), Period("month", 16), Period("rolling", rolling=7 * DAY))


@st.composite
def mixed(draw: st.DrawFn) -> tuple[Estate, tuple[Menu, ...]]:
    """Hours, periods and offered periods that differ from those of the SLA."""
    structure = draw(structures(3, 2))
    leaves = leaves_of(structure)
    hours = st.sampled_from(("24x7", "office", "day"))
    made = [
        contract(leaf, Promise(draw(levels()), draw(hours), draw(st.sampled_from(PERIODS))))
        for leaf in leaves
    ]
    listed = tuple(
        replace(
            menu,
            offers=tuple(
                replace(one, period=draw(st.sampled_from((None, *PERIODS)))) for one in menu.offers
            ),
        )
        for menu in draw(menus(leaves))
    )
    agreement = sla(
        Promise(draw(levels(700, 990)), draw(hours), draw(st.sampled_from(PERIODS[:2])))
    )
    return estate(structure, [*made, agreement], calendars=CALENDARS), listed


@law_of(60)
@given(mixed())
def test_no_answer_is_claimed_where_the_floor_denies_it(
    case: tuple[Estate, tuple[Menu, ...]],
) -> None:
    subject, listed = case
    found = choose(subject, Offers(listed), APRIL)
    if found.feasible:
        (again,) = derive(with_picks(subject, found), APRIL)
        assert again.status == UNDERPINNED
        assert found.bound.amount <= found.cost.amount


def test_a_bound_that_is_not_the_floor_is_made_good_by_the_floor() -> None:
    """A month over a supplier's quarter: its whole quarter's downtime may fall into one month."""
    subject = estate(
        {"top": all_of("a")},
        [
            contract("a", Promise(percent("99.9"), period=Period("quarter"))),
            sla(Promise(percent("99.9"))),
        ],
    )
    monthly = Offer("monthly", percent("99.9"), fee(10), period=MONTH)
    listed = Offers((Menu("uc-a", (monthly, offer("best", "99.99", 50))),))
    found = choose(subject, listed, APRIL)
    assert [pick.option for pick in found.picks] == ["monthly"]


def test_a_new_contract_is_signed_where_nobody_has_committed() -> None:
    subject = estate(
        {"top": all_of("a", "b")},
        [contract("a", Promise(percent("99.9"))), sla(Promise(percent("99.8")))],
    )
    menu = Menu(
        "uc-b", (offer("x", "99.9", 7), offer("y", "99.99", 9)), service="b", party="maker-b"
    )
    found = choose(subject, Offers((menu,)), APRIL)
    assert [(pick.option, pick.before, pick.after) for pick in found.picks] == [
        ("x", None, percent("99.9"))
    ]
    assert found.checked[0].floor == percent("99.8")


def test_a_new_contract_is_left_alone_where_it_is_not_needed() -> None:
    subject = estate(
        {"top": any_of("a", "b")},
        [contract("a", Promise(percent("99.9"))), sla(Promise(percent("99.9")))],
    )
    menu = Menu("uc-b", (offer("x", "99.9", 7),), service="b", party="maker-b")
    found = choose(subject, Offers((menu,)), APRIL)
    assert [(pick.option, pick.after) for pick in found.picks] == [(STAY, None)]


def test_a_team_that_promises_more_needs_more_beneath() -> None:
    """A menu for an OLA on a whole composite: the choice above is a demand on what lies below."""
    structure = {"platform": all_of("a"), "top": all_of("platform")}
    subject = estate(
        structure,
        [
            contract("a", Promise(percent("99"))),
            internal("platform", Promise(percent("99"), scope="whole")),
            sla(Promise(percent("99.5"))),
        ],
    )
    team = Menu("ola-platform", (offer("more", "99.5", 1), offer("most", "99.9", 0)))
    maker = Menu("uc-a", (offer("more", "99.5", 10), offer("most", "99.9", 100)))
    found = choose(subject, Offers((team, maker)), APRIL)
    assert [pick.option for pick in found.picks] == ["more", "more"]
    assert found.cost == Money(1100, "EUR")


def test_what_stays_costs_its_fee_of_a_year() -> None:
    version = replace(contract("a", Promise(percent("99.9"))), fee=fee(100, "quarter"))
    subject = estate({"top": all_of("a")}, [version, sla(Promise(percent("99.9")))])
    found = choose(subject, Offers((Menu("uc-a", (offer("x", "99.9", 401),)),)), APRIL)
    assert (found.picks[0].option, found.cost) == (STAY, Money(40000, "EUR"))
    cheaper = choose(subject, Offers((Menu("uc-a", (offer("x", "99.9", 399),)),)), APRIL)
    assert cheaper.picks[0].option == "x"


def test_only_the_promises_named_are_held() -> None:
    subject = estate(
        {"one": all_of("a"), "two": all_of("b"), "top": all_of("a", "b")},
        [
            *(contract(leaf, Promise(percent("99"))) for leaf in "ab"),
            sla(Promise(percent("99.9")), ["one"], "first"),
            sla(Promise(percent("99.9")), ["two"], "second"),
        ],
    )
    menu = Menu("uc-a", (offer("x", "99.9", 1),))
    assert not choose(subject, Offers((menu,)), APRIL).feasible
    assert choose(subject, Offers((menu,)), APRIL, ["first"]).feasible


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        (Menu("uc-z", (offer("x", "99", 1),)), "UNKNOWN_REFERENCE"),
        (Menu("uc-a", (offer("x", "99", 1),), term="speed"), "UNKNOWN_REFERENCE"),
        (Menu("uc-b", (offer("x", "99", 1),)), "FIXED_TERM"),
        (Menu("uc-a", (Offer("x", percent("99"), Fee(Money(1, "USD"))),)), "MIXED_CURRENCIES"),
        (Menu("uc-a", (offer("x", "101", 1),)), "TARGET_OUT_OF_RANGE"),
        (Menu("uc-a", (offer("x", "99", 1),), service="a", party="maker-a"), "DUPLICATE_ID"),
        (Menu("new", (offer("x", "99", 1),), service="a", party="who"), "UNKNOWN_REFERENCE"),
        (
            Menu("new", (offer("x", "99", 1),), service=TOP, party="maker-a"),
            "OFFER_CHANGES_STRUCTURE",
        ),
    ],
)
def test_a_menu_that_does_not_fit_the_estate_is_refused(menu: Menu, code: str) -> None:
    fixed = replace(contract("b", Promise(percent("99"))), negotiability="fixed")
    subject = estate(
        {"top": all_of("a", "b")},
        [contract("a", Promise(percent("99"))), fixed, sla(Promise(percent("99")))],
    )
    with pytest.raises(OrchestratorError) as caught:
        choose(subject, Offers((menu,)), APRIL)
    assert [(one.code, one.path) for one in caught.value.problems] == [(code, "menus[0]")]


# ------------------------------------------------------------------------------------------ covers


def module_of(structure: Structure) -> tuple[Module, list[str]]:
    """The only module of a structure of parts that are all different, and its members' names."""
    leaves = leaves_of(structure)
    contracts = [
        contract(leaf, Promise(1 - Fraction(i + 1, 1000))) for i, leaf in enumerate(leaves)
    ]
    subject = estate(structure, [*contracts, sla(Promise(percent("90")))])
    (one,) = subjects(subject.agreements["sla"][0])
    data = worst_figures(Underpinning(subject), one, APRIL).data
    (module,) = data.parts[0].modules
    names = [data.leaf(group.first).id for group in data.groups]
    groups = sorted({data.parts[0].group_of[leaf] for leaf in module.leaves})
    member_of = {leaf: groups.index(data.parts[0].group_of[leaf]) for leaf in module.leaves}
    members = tuple(Member(1, Fraction(1), ()) for _ in groups)
    made = Module(module, members, member_of)  # type: ignore[arg-type,unused-ignore]
    return made, [names[group] for group in groups]


BRIDGE: Structure = {
    "top": any_of(all_of("a", "b"), all_of("c", "d"), all_of("a", "e", "d"), all_of("c", "e", "b"))
}


@pytest.mark.parametrize(
    "structure",
    [
        {"top": any_of("a", "b", "c")},
        {"top": at_least(2, "a", "b", "c", "d")},
        {"top": any_of(all_of("a", "b"), all_of("c", "d"))},
        BRIDGE,
    ],
    ids=["any of three", "two of four", "two chains", "a bridge"],
)
@law_of(40)
@given(data=st.data())
def test_the_best_cover_is_the_worst_that_a_module_can_do(
    structure: Structure, data: st.DataObject
) -> None:
    module, names = module_of(structure)
    shares = [Fraction(data.draw(st.integers(0, 200)), 1000) for _ in names]
    covers = Covers(module)
    worst = oracles.worst_downtime(
        names,
        [oracles.Cell(1.0, structure, {name: frozenset({name}) for name in names})],
        {name: float(share) for name, share in zip(names, shares, strict=True)},
    )
    assert float(covers.least(shares)) >= worst - 1e-9
    assert float(covers.sharpen(shares)) == pytest.approx(min(worst, 1), abs=1e-8)


@law_of(30)
@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_any_weights_become_a_cover(weights: list[float]) -> None:
    module, names = module_of(BRIDGE)
    covers = Covers(module)
    covers.add(weights)
    for cover in covers.covers:
        for state in oracles.states(names):
            if oracles.is_down(BRIDGE, state):
                assert sum(y for y, name in zip(cover, names, strict=True) if name in state) >= 1


# ----------------------------------------------------------------------------------------- at size


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_large_programme_is_searched_to_within_its_gap(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, listed = bench_menus(40, 6, seed=seed)
    effort = purchase.Effort(0.0001, 20)
    exact = Choosing(subject, listed, APRIL, ()).choice(effort)
    monkeypatch.setattr(purchase, "LARGE", 0)
    found = Choosing(subject, listed, APRIL, ()).choice(effort)
    assert found.feasible
    assert all(one.kept for one in found.checked)
    assert found.bound.amount <= exact.cost.amount <= found.cost.amount * 1.0001
    assert found.cost.amount <= exact.cost.amount * Fraction(103, 100)
    assert {one.status for one in derive(with_picks(subject, found), APRIL)} == {UNDERPINNED}


def test_the_bench_re_checks_whatever_it_compares() -> None:
    table = measure(40, 6)
    assert all(len(row) == len(table["columns"]) for row in table["rows"])
    kept = table["columns"].index("not kept")
    assert table["rows"][0][kept] == "0 of 6"


def test_a_row_that_is_met_within_the_solvers_tolerance_alone_is_tightened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part of 1 - 10**-12 more than is allowed: floats take it for enough, fractions do not."""
    just_less = percent("99.9") - Fraction(1, 10**12)
    subject = estate(
        {"top": all_of("a")},
        [contract("a", Promise(percent("99"))), sla(Promise(percent("99.9")))],
    )
    cheap, right = Offer("cheap", just_less, fee(1)), offer("right", "99.9", 2)
    found = choose(subject, Offers((Menu("uc-a", (cheap, right)),)), APRIL)
    assert [pick.option for pick in found.picks] == ["right"]
