"""The priority matrix and the mapping of severities."""

from __future__ import annotations

from itertools import product

import pytest

from orchestrator.engine.consistency import dangling_priorities, unmapped
from orchestrator.model.priorities import PriorityMatrix, SeverityMapping, SeverityPair
from tests.contracts import contract, refused_with, term, within

SCALE = ("high", "medium", "low")
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
ROWS = (("P1", "P2", "P3"), ("P2", "P3", "P4"), ("P3", "P4", "P5"))
MATRIX = PriorityMatrix(SCALE, SCALE, PRIORITIES, ROWS)


def test_every_case_has_a_priority_and_a_lesser_case_none_higher() -> None:
    for (i, impact), (j, urgency) in product(enumerate(SCALE), enumerate(SCALE)):
        assert MATRIX.priority(impact, urgency) == f"P{1 + i + j}"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (ROWS[:2], "MATRIX_INCOMPLETE"),
        ((("P1", "P2"), *ROWS[1:]), "MATRIX_INCOMPLETE"),
        ((*ROWS[:2], ("P3", "P4", "P5", "P5")), "MATRIX_INCOMPLETE"),
        ((("P1", "P3", "P2"), *ROWS[1:]), "MATRIX_NOT_MONOTONE"),
        ((*ROWS[:2], ("P1", "P4", "P5")), "MATRIX_NOT_MONOTONE"),
        ((*ROWS[:2], ("P3", "P4", "P6")), "UNKNOWN_DEGREE"),
    ],
)
def test_a_matrix_with_holes_or_leaps_is_refused(
    rows: tuple[tuple[str, ...], ...], code: str
) -> None:
    with refused_with(code):
        PriorityMatrix(SCALE, SCALE, PRIORITIES, rows)


def test_of_all_small_matrices_just_the_monotone_ones_are_taken() -> None:
    names, taken = ("P1", "P2"), 0
    for a, b, c, d in product(names, repeat=4):
        monotone = a <= b and c <= d and a <= c and b <= d
        try:
            PriorityMatrix(("hi", "lo"), ("hi", "lo"), names, ((a, b), (c, d)))
        except Exception:
            assert not monotone
        else:
            assert monotone
            taken += 1
    assert taken == 6


def test_scales_name_each_degree_once_and_cases_are_on_them() -> None:
    with refused_with("BAD_SCALE"):
        PriorityMatrix(("high", "high"), ("high",), ("P1",), (("P1",), ("P1",)))
    with refused_with("BAD_SCALE"):
        PriorityMatrix((), (), (), ())
    with refused_with("UNKNOWN_DEGREE"):
        MATRIX.priority("huge", "low")
    with refused_with("UNKNOWN_DEGREE"):
        MATRIX.priority("low", "none")


VENDOR = SeverityMapping("vendor", (SeverityPair("sev1", "P1"), SeverityPair("sev2", "P3")))


def test_an_unmapped_severity_is_an_error_and_has_no_default() -> None:
    assert VENDOR.priority("sev2") == "P3"
    with refused_with("UNMAPPED_SEVERITY"):
        VENDOR.priority("sev3")
    with refused_with("DUPLICATE_ID"):
        SeverityMapping("vendor", (SeverityPair("sev1", "P1"), SeverityPair("sev1", "P2")))


def test_what_a_supplier_contract_knows_and_the_agreement_does_not_map_is_found() -> None:
    ours = contract(severities=(VENDOR,), priorities=MATRIX)
    theirs = contract(
        "u1",
        *(
            term(within("0.9", 4), f"fix-{name}", "resolution_time", priority=name)
            for name in ("sev1", "sev3")
        ),
        kind="UC",
        provider="vendor",
    )
    (found,) = unmapped(ours, [theirs])
    assert found.code == "UNMAPPED_SEVERITY"
    assert "'sev3'" in found.message
    # whoever is not mapped at all shares the scheme
    assert not list(unmapped(contract(), [theirs]))


def test_a_priority_that_the_matrix_never_gives_is_found() -> None:
    fix = term(within("0.9", 4), "fix", "resolution_time", priority="P9")
    assert [one.code for one in dangling_priorities(contract("c1", fix, priorities=MATRIX))] == [
        "PRIORITY_NOT_IN_MATRIX"
    ]
    assert not list(dangling_priorities(contract("c1", fix)))
