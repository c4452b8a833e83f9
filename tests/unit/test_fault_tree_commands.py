"""Fault trees on the command line: a file evaluated, an agreement written as one."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main
from orchestrator.engine import diagram
from orchestrator.engine.faulttree import evaluate
from orchestrator.formats.openpsa import evaluation_json
from orchestrator.formats.openpsa_write import write_fault_tree
from orchestrator.model.faulttrees import FaultGate, FaultTree

ROOT = Path(__file__).parent.parent.parent
SHOP = str(ROOT / "examples/beta-shop/estate.yaml")
APRIL = ("--period", "2026-04")

ESTATE = """\
apiVersion: orchestrator/v1
kind: Estate
metadata: {name: x, home: [us]}
parties: [{id: us}, {id: customer}, {id: maker}]
services:
  - {id: a, owner: maker}
  - {id: b, owner: maker}
  - {id: web, requires: {all: [a, b]}}
  - {id: shop, requires: a}
agreements:
  - id: sla
    kind: SLA
    provider: us
    customer: customer
    covers: [web, shop]
    effective: {from: 2026-01-01, to: 2027-01-01}
    terms:
      - {id: availability, metric: availability, target: "99%"}
      - {id: fixed, metric: resolution_time, target: {share: "90%", within: 4h}}
  - id: uc
    kind: UC
    provider: maker
    customer: us
    covers: [a]
    effective: {from: 2026-01-01}
    terms: [{id: availability, metric: availability, target: "99.5%"}]
"""


def printed(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    status = main(command)
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return json.loads(captured.out)


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    assert main([*command, "--json"] if command[0] == "derive" else list(command)) == 2
    captured = capsys.readouterr()
    if command[0] == "derive":
        (problem,) = json.loads(captured.out)["errors"]
        return problem
    return captured.err


@pytest.fixture
def estate(tmp_path: Path) -> str:
    (tmp_path / "estate.yaml").write_text(ESTATE, encoding="utf-8")
    return str(tmp_path / "estate.yaml")


@pytest.mark.parametrize(("flag", "figure"), [([], "beta"), (["--independent"], "independent")])
def test_what_an_agreement_rests_on_reads_back_as_its_estimate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: list[str], figure: str
) -> None:
    file = str(tmp_path / "tree.xml")
    assert main(["fault-tree", "c1", SHOP, *APRIL, *flag, "--out", file]) == 0
    assert capsys.readouterr().err == ""
    derived = next(
        one
        for one in printed(capsys, "derive", SHOP, *APRIL, "--json")["derivations"]
        if (one["agreement"], one["term"]) == ("c1", "availability")
    )
    found = printed(capsys, "derive", "--openpsa", file, "--json")
    assert found["availability"] == pytest.approx(derived[figure], rel=1e-15)
    assert found["top"] == "notifications"


def test_the_tree_is_printed_where_no_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tree.xml"
    assert main(["fault-tree", "c1", SHOP, *APRIL]) == 0
    shown = capsys.readouterr().out
    assert (
        main(["fault-tree", "c1/availability/notifications", SHOP, *APRIL, "--out", str(file)]) == 0
    )
    assert file.read_text("utf-8") == shown


def test_what_nobody_has_committed_to_is_told_beside_the_tree(
    estate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fault-tree", "sla/availability/web", estate, *APRIL]) == 0
    captured = capsys.readouterr()
    assert "UNCOMMITTED nobody has committed to b" in captured.err
    assert '<define-basic-event name="b">' in captured.out


@pytest.mark.parametrize(
    ("promise", "period", "said"),
    [
        ("nothing", "2026-04", "there is no agreement 'nothing'"),
        ("sla", "2026-04", "sla/availability/shop"),
        ("sla/throughput", "2026-04", "is 0 promises"),
        ("sla/availability/shop", "2027-04", "not in force"),
        ("sla/fixed/shop", "2026-04", "NOT_SUPPORTED"),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(
    estate: str, capsys: pytest.CaptureFixture[str], promise: str, period: str, said: str
) -> None:
    assert said in refused(capsys, "fault-tree", promise, estate, "--period", period)


def test_a_fault_tree_is_shown_with_its_importances_and_cuts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "tree.xml")
    assert main(["fault-tree", "c1", SHOP, *APRIL, "--independent", "--out", file]) == 0
    assert main(["derive", "--openpsa", file, "--explain", "--cuts", "2"]) == 0
    shown = capsys.readouterr().out
    assert "down with probability 0.001049700012, availability 99.89502% (exact)" in " ".join(
        shown.split()
    )
    assert "cut: hosting" in shown
    assert "Fussell-Vesely" in shown
    assert "cut: sms-y, sms-z" in shown


def test_a_fault_tree_with_a_not_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "not.xml"
    file.write_text(
        '<opsa-mef>\n<define-fault-tree name="t">\n<define-gate name="g">\n<not>'
        '<basic-event name="e"/></not></define-gate></define-fault-tree></opsa-mef>',
        encoding="utf-8",
    )
    problem = refused(capsys, "derive", "--openpsa", str(file))
    assert (problem["code"], problem["line"]) == ("NOT_COHERENT", 4)
    assert problem["file"] == str(file)


@pytest.mark.parametrize(
    "command",
    [
        ["derive", SHOP],
        ["derive", "--openpsa", "tree.xml", *APRIL],
        ["derive", SHOP, "--openpsa", "tree.xml"],
        ["derive", SHOP, *APRIL, "--top", "g"],
    ],
)
def test_an_estate_needs_its_period_and_a_fault_tree_stands_alone(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *command)["code"] == "USAGE"


def bridge() -> FaultTree:
    """Five switches between two ends, each down one time in ten: no series or parallel alone."""
    cuts = ((0, 1), (3, 4), (0, 2, 4), (1, 2, 3))
    gates = [FaultGate(f"cut-{i}", len(cut), cut) for i, cut in enumerate(cuts)]
    return FaultTree(
        "bridge",
        9,
        tuple("abcde"),
        (Fraction(1, 10),) * 5,
        (*gates, FaultGate("top", 1, (5, 6, 7, 8))),
    )


def test_what_is_too_complex_is_bounded_or_sampled_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = evaluate(bridge(), exact=True)
    assert exact.probability == Fraction(2152, 100_000)
    attempt = diagram.attempt
    monkeypatch.setattr(diagram, "attempt", lambda formula: attempt(formula, ((1, 1),)))
    found = evaluate(bridge(), importance=True, cuts=3)
    assert found.method in {"bounded", "sampled"}
    assert found.low <= exact.probability * (1 + Fraction(1, 10**12))
    assert found.high >= exact.probability * (1 - Fraction(1, 10**12))
    shown = evaluation_json(found)
    assert shown["low"] <= shown["probability"] <= shown["high"]
    assert "importance" not in shown
    assert "minimalCuts" not in shown
    with pytest.raises(Exception, match="TOO_COMPLEX"):
        evaluate(bridge(), exact=True)


def test_where_no_trial_fails_no_certainty_is_claimed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Five rows and columns, down while some part of each is, one time in ten thousand each."""
    lines = [range(5 * i, 5 * i + 5) for i in range(5)] + [range(i, 25, 5) for i in range(5)]
    gates = [FaultGate(f"line-{i}", 1, tuple(line)) for i, line in enumerate(lines)]
    top = FaultGate("top", 10, tuple(range(25, 35)))
    events = tuple(f"p{i}" for i in range(25))
    tree = FaultTree("grid", 35, events, (Fraction(1, 10_000),) * 25, (*gates, top))
    (tmp_path / "grid.xml").write_text(write_fault_tree(tree), encoding="utf-8")
    attempt = diagram.attempt
    monkeypatch.setattr(diagram, "attempt", lambda formula: attempt(formula, ((16, 8),)))
    assert main(["derive", "--openpsa", str(tmp_path / "grid.xml")]) == 0
    shown = capsys.readouterr().out
    assert "availability ~99.9" in shown
    assert "(sampled)" in shown
