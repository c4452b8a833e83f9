"""The cheapest offers at size: HiGHS with its exact re-checks beside CBC on the same programme.

CBC comes with PuLP, where that is installed; both get the same rows, cuts included, the same gap
and the same limit of time. What either picks is re-checked by the exact engine, without mending.
"""

from __future__ import annotations

import random
import time
import warnings
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from orchestrator.engine.offers import Choosing
from orchestrator.engine.purchase import Effort, Programme
from orchestrator.engine.rueger import most_of
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.credits import Fee
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.offers import Menu, Offer, Offers
from orchestrator.model.parties import Party
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.values import AskedPeriod, Money

APRIL: Final = AskedPeriod.parse("2026-04")
EFFORT: Final = Effort(0.001, 50.0)
_FACTORS: Final = (2, 4, 10, 25, 50)
_BASES: Final = tuple(Fraction(part, 100_000) for part in (500, 250, 100, 50))
_LEVELS: Final = (
    Fraction("0.9995"),
    Fraction("0.999"),
    Fraction("0.998"),
    Fraction("0.995"),
    *(Fraction(200 - part, 200) for part in range(2, 21)),
)


def menus(
    agreements: int = 2000, slas: int = 300, offers: int = 5, seed: int = 1
) -> tuple[Estate, Offers]:
    """An estate whose promises fall short, with menus by which all of them can be kept.

    A thirtieth of the agreements is a platform that all lines of business share; a line has some
    seventy agreements and ten SLAs. Each SLA stands on some forty agreements, of which one in
    seven has alternatives (any of two or three, or two of three), and promises the best of
    the usual levels that one hidden pick from all menus would keep.
    """
    chance = random.Random(seed)
    lines = max(slas // 10, 1)
    bases = [chance.choice(_BASES) for _ in range(agreements)]
    hidden = [chance.randrange(1, offers) for _ in range(agreements)]
    services = [Service(f"part-{i}", owner=f"supplier-{i % 97}") for i in range(agreements)]
    parties = [Party("home"), *(Party(f"supplier-{i}") for i in range(97))]
    parties += [Party(f"customer-{i}") for i in range(slas)]
    versions = [
        _version(f"uc-{i}", "UC", f"supplier-{i % 97}", "home", f"part-{i}", 1 - bases[i])
        for i in range(agreements)
    ]
    for i in range(slas):
        groups = _groups(chance, i * lines // slas, agreements // lines, agreements)
        parts: list[Expression] = [
            Needs(f"part-{group[0]}")
            if len(group) == 1
            else AtLeast(k, tuple(Needs(f"part-{j}") for j in group))
            for k, group in groups
        ]
        services.append(Service(f"product-{i}", requires=AllOf(tuple(parts))))
        lost = sum(
            (
                most_of(len(group) - k + 1, [bases[j] / _FACTORS[hidden[j]] for j in group])
                or Fraction(0)
                for k, group in groups
            ),
            Fraction(0),
        )
        versions.append(
            _version(f"sla-{i}", "SLA", "home", f"customer-{i}", f"product-{i}", _usual(1 - lost))
        )
    estate = Estate(
        Metadata("bench", ("home",)),
        {},
        always(*parties),
        always(*services),
        {version.agreement: (version,) for version in versions},
    ).normalised()
    return estate, Offers(
        tuple(_menu(chance, f"uc-{i}", bases[i], offers) for i in range(agreements))
    )


def _groups(
    chance: random.Random, line: int, size: int, agreements: int
) -> list[tuple[int, list[int]]]:
    """What an SLA rests on: at least k of some parts, group by group, no part twice."""
    shared = agreements // 30
    own = [i for i in range(line * size, line * size + size) if i >= shared]
    parts = chance.sample(range(shared), min(shared, chance.randrange(8, 15)))
    parts += chance.sample(own, min(len(own), chance.randrange(24, 40)))
    found = []
    while parts:
        many, k = 1, 1
        if chance.random() < 0.15:
            many = chance.choice((2, 2, 3))
            k = chance.choice((1, many - 1))
        group, parts = parts[:many], parts[many:]
        found.append((min(k, len(group)), group))
    return found


def _usual(level: Fraction) -> Fraction:
    """The best of the levels that are usually promised, no better than one given."""
    return next((one for one in _LEVELS if one <= level), Fraction(1, 2))


def _menu(chance: random.Random, agreement: str, base: Fraction, offers: int) -> Menu:
    """Offers from a half to a fiftieth of the budget, each dearer than the one before."""
    price, made = 0, []
    for number in range(offers):
        price += chance.randrange(200, 4000) * 100 * (number + 1)
        fee = Fee(Money(price, "EUR"), "year")
        made.append(Offer(f"o{number + 1}", 1 - base / _FACTORS[number], fee))
    return Menu(agreement, tuple(made))


def _version(
    id: str, kind: str, provider: str, customer: str, service: str, target: Fraction
) -> Version:
    term = Term("availability", "availability", target, "credit_backed")
    return Version(id, 1, kind, provider, customer, (Cover(service, "whole"),), (term,))


# --- measuring -----------------------------------------------------------------------------------


def run(services: int) -> dict[str, Any]:
    """The size of the design's row (agreements: a fifth of the services asked for)."""
    agreements = max(services // 5, 40)
    return measure(agreements, max(agreements * 3 // 20, 3))


def measure(agreements: int, slas: int, seed: int = 1) -> dict[str, Any]:
    """Both solvers on one programme."""
    estate, offers = menus(agreements, slas, seed=seed)
    started = time.perf_counter()
    choosing = Choosing(estate, offers, APRIL, ())
    prepared = time.perf_counter() - started
    found = choosing.choice(replace(EFFORT, spent=lambda: time.perf_counter() - started))
    whole = time.perf_counter() - started
    assert found.feasible
    missed = sum(not one.kept for one in found.checked)
    rows = [
        [
            "orchestrator",
            f"{prepared:.1f} s",
            f"{whole - prepared:.1f} s",
            f"{found.cost.amount / 100:,.2f}",
            f"{float(found.gap):.3%}",
            f"{missed} of {len(found.checked)}",
        ],
        _cbc(choosing, float(found.bound.amount)),
    ]
    return {
        "title": f"Cheapest offers: {agreements:,} agreements x 5 offers x {slas} SLAs, "
        f"{choosing.counted()}; the gap is to one bound for both",
        "columns": ["solver", "prepared", "chosen and re-checked", "cost", "gap", "not kept"],
        "rows": rows,
    }


def _cbc(choosing: Choosing, bound: float) -> list[str]:
    """CBC on the rows that HiGHS ended with."""
    try:
        import pulp  # noqa: PLC0415
    except ImportError:
        return ["CBC: PuLP is not installed", *["-"] * 5]
    programme = Programme(choosing.prices, choosing.demands, choosing.blocks)
    problem = pulp.LpProblem("offers", pulp.LpMinimize)
    columns = [
        problem.add_variable(f"v{i}", 0, 1, "Binary" if i < programme.binaries else "Continuous")
        for i in range(programme.columns)
    ]
    costs, rows = programme.costs(), programme.rows()
    problem += pulp.LpAffineExpression(
        [(column, cost) for column, cost in zip(columns, costs, strict=True) if cost]
    )
    entries: list[list[Any]] = [[] for _ in rows.low]
    for row, column, value in zip(rows.row, rows.column, rows.value, strict=True):
        entries[row].append((columns[column], value))
    for inside, low, high in zip(entries, rows.low, rows.high, strict=True):
        left = pulp.LpAffineExpression(inside)
        if low == high:
            problem += left == low
        elif low > -float("inf") and high == float("inf"):
            problem += left >= low
        else:  # a lower end beside an upper one only repeats the bounds of the columns
            problem += left <= high
    started = time.perf_counter()
    with warnings.catch_warnings():
        # PuLP 4 will no longer bring CBC along; this bench asks for 3.
        warnings.simplefilter("ignore", DeprecationWarning)
        problem.solve(pulp.PULP_CBC_CMD(msg=False, gapRel=EFFORT.gap, timeLimit=60))
    took = time.perf_counter() - started
    values = [variable.value() or 0.0 for variable in columns]
    picks = programme.picks(values)
    cost = sum(menu[pick] for menu, pick in zip(choosing.prices, picks, strict=True))
    checked, missed = choosing.check(picks)
    return [
        f"CBC through PuLP {pulp.__version__} ({pulp.LpSolution[problem.sol_status]})",
        "-",
        f"{took:.1f} s",
        f"{cost / 100:,.2f}",
        f"{(cost - bound) / cost:.3%}" if cost else "-",
        f"{len(missed)} of {len(checked)}",
    ]
