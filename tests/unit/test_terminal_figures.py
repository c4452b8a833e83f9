"""What people see of derivations of every kind."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest
from rich.console import Console

from orchestrator import derivation_tables, terminal
from orchestrator.cli import main
from orchestrator.engine import diagram
from orchestrator.engine.derive import Depth, derive
from orchestrator.engine.whatif import Portfolio
from orchestrator.formats.estate import read_estate
from orchestrator.formats.figures import LEGEND, marked
from orchestrator.formats.results import derivations_json
from orchestrator.formats.whatif import effects_json
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import Lasting
from orchestrator.model.values import HOUR, AskedPeriod
from tests.laws.build import APRIL, TOP, Promise, all_of, any_of, contract, estate, sla

SHOP = Path(__file__).parents[2] / "examples" / "beta-shop" / "estate.yaml"


def shown() -> str:
    """The example's derivations, explained, as they are printed."""
    estate = read_estate(SHOP.read_bytes(), "estate.yaml").estate
    out = Console(file=io.StringIO(), width=terminal.WIDTH)
    derivation_tables.show_derivations(
        out, derive(estate, AskedPeriod.parse("2026-04"), depth=Depth(True))
    )
    return out.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize(
    ("term", "figures"),
    [
        ("c1 recovery", ["4h", "3h30m", "3h30m", "-", "30m", "UNDERPINNED"]),
        ("c1 load", ["100", "120", "120", "-", "20", "UNDERPINNED"]),
        ("c1 errors", ["0.5%", "0.40%", "0.20048%", "-", "0.10%", "UNDERPINNED"]),
        ("c1 p1-resolution", ["90%", "93%", "93.1095%", "-", "-", "UNDERPINNED"]),
    ],
)
def test_a_figure_is_shown_as_its_kind_is_written(term: str, figures: list[str]) -> None:
    (row,) = (line for line in shown().splitlines() if line.startswith(f"  {term}  "))
    assert row.removeprefix(f"  {term}").split() == ["notifications", *figures]


def test_a_time_stands_under_its_share() -> None:
    lines = shown().splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.strip().startswith("c1 p1-resolution  "))
    assert lines[at + 1].split() == ["in", "12h", "in", "7h", "in", "7h"]
    assert lines[at].index("90%") + 3 == lines[at + 1].index("in 12h") + len("in 12h")


def test_an_explanation_tells_what_is_promised_of_each_part_and_the_longest_wait() -> None:
    """One hour at the desk and six at Operations, on the customer's clock; round the clock Easter
    comes between."""
    text = shown()
    assert "o2/p1-triage      o2/p1-triage v1      99% within 1h" in text
    assert "longest wait: 7h in hours office" in text
    assert "longest wait: 4d21h in hours 24x7" in text


@pytest.mark.parametrize(
    ("metric", "value", "method", "interval", "text"),
    [
        ("availability", Fraction(999, 1000), "exact", None, "99.90%"),
        ("availability", 0.99855, "sampled", (0.9985, 0.9986), "~99.855%"),
        ("availability", 1.0, "sampled", (0.99999, 1.0), "~99.999%"),
        ("availability", Fraction(999, 1000), "bounded", None, ">=99.90%"),
        ("recovery_time", Lasting(4 * HOUR), "bounded", None, "<=4h"),
        ("availability", None, "none", None, "-"),
    ],
)
def test_a_figure_says_how_it_was_found_and_never_claims_what_no_trial_showed(
    metric: str, value: object, method: str, interval: tuple[float, float] | None, text: str
) -> None:
    assert marked(metric, value, method, interval) == text  # type: ignore[arg-type]


def too_hard(monkeypatch: pytest.MonkeyPatch, target: str) -> Estate:
    """Five rows and columns, up while all of some row or column is: no order of the variables is
    good, and there is no room for a diagram here."""
    attempt = diagram.attempt
    monkeypatch.setattr(diagram, "attempt", lambda formula: attempt(formula, ((16, 8),)))
    names = [f"p{number}" for number in range(25)]
    lines = [names[5 * i : 5 * i + 5] for i in range(5)] + [names[i::5] for i in range(5)]
    structure = {TOP: any_of(*(all_of(*line) for line in lines))}
    made = [contract(name, Promise(Fraction(target))) for name in names]
    return estate(structure, [*made, sla(Promise(Fraction(1, 2)))])


def test_what_is_sampled_is_marked_in_the_table_and_the_marks_are_explained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No trial finds a part of 99.99 % down in every row and column: 100 % would be luck."""
    found = derive(too_hard(monkeypatch, "0.9999"), APRIL)
    assert (found[0].independent, found[0].methods.independent) == (1, "sampled")
    out = Console(file=io.StringIO(), width=terminal.WIDTH)
    derivation_tables.show_derivations(out, found)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    (row,) = (line for line in text.splitlines() if line.startswith("  sla "))
    floor, independent = row.split()[3:5]
    assert floor.startswith(">=")
    assert independent.startswith("~99.9")
    said = " ".join(text.split())
    assert LEGEND["~"] in said
    assert LEGEND[">="] in said
    assert f"<= {LEGEND['<=']}" not in said


def test_marks_are_explained_only_where_they_stand() -> None:
    assert not any(line.startswith(("~", ">=", "<=")) for line in shown().splitlines())


def test_what_if_says_of_every_figure_how_it_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = too_hard(monkeypatch, "0.9")
    kept = Portfolio(subject, APRIL)
    name = next(one for one in subject.agreements if one != "sla")
    changed = kept.change({(name, "availability"): Fraction(99, 100)})
    (effect,) = effects_json(changed)["effects"]
    for side in (effect["before"], effect["after"]):
        assert side["methods"] == {"floor": "bounded", "independent": "sampled", "beta": "none"}
        assert side["method"] == "sampled"
        interval = side["independentInterval"]
        assert interval["low"] < side["independent"] < interval["high"]
    out = Console(file=io.StringIO(), width=terminal.WIDTH)
    derivation_tables.show_outcomes(out, changed)
    assert LEGEND["~"] in " ".join(out.file.getvalue().split())  # type: ignore[attr-defined]


def test_exact_figures_are_fractions_throughout() -> None:
    """Half a second at the desk, as well: no figure of an explanation with cuts is a float."""
    text = SHOP.read_text("utf-8").replace("within: 1h}", "within: 500ms}")
    estate = read_estate(text, "estate.yaml").estate
    found = derive(estate, AskedPeriod.parse("2026-04"), depth=Depth(True, 3, exact=True))
    stack: list[object] = [derivations_json(found, exact=True)]
    seen = 0
    while stack:
        one = stack.pop()
        assert not isinstance(one, float)
        stack += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        seen += isinstance(one, str)
    assert seen > 100


def checked(capsys: pytest.CaptureFixture[str], tmp_path: Path, *terms: str) -> tuple[int, str]:
    """What `check` says of one agreement with these terms, on a service of two parts of which
    nothing is said."""
    file = tmp_path / "estate.yaml"
    file.write_text(
        "apiVersion: orchestrator/v1\nkind: Estate\nmetadata: {name: x, home: [us]}\n"
        "parties: [{id: us}, {id: buyer}]\nservices:\n  - {id: shop, requires: {all: [web, pay]}}\n"
        "  - {id: web}\n  - {id: pay}\nagreements:\n  - id: sla\n    kind: SLA\n    provider: us\n"
        "    customer: buyer\n    covers: [shop]\n    effective: {from: 2026-01-01}\n"
        f"    terms: [{', '.join(terms)}]\n",
        encoding="utf-8",
    )
    status = main(["check", str(file)])
    return status, " ".join(capsys.readouterr().out.split())


FIX = "{id: fix, metric: resolution_time, target: {share: 90%, within: 4h}}"
LIKED = "{id: liked, metric: satisfaction, target: 4}"


def test_a_check_says_how_many_promises_could_not_be_compared_and_why(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, text = checked(capsys, tmp_path, FIX, LIKED)
    assert status == 0
    assert "0 of 0" not in text
    assert "2 promises could not be compared with what lies beneath" in text
    assert "1 NO_FLOW (no flow of work is declared for it)" in text
    assert "1 UNATTRIBUTABLE" in text


def test_a_check_counts_apart_what_was_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    up = "{id: up, metric: availability, target: 99%}"
    status, text = checked(capsys, tmp_path, up, FIX)
    assert status == 1
    assert "0 of 1 promises are underpinned. 1 promise could not be compared" in text
