"""Allocations, choices and translations as plain JSON, in the published shapes."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.formats.results import (
    Locate,
    Plain,
    finding_json,
    key_json,
    number_json,
    ratio_json,
)
from orchestrator.model.allocations import Allocation, Allotment, Reached
from orchestrator.model.offers import Checked, Choice, Pick
from orchestrator.model.translations import Held, Required, Translated


def allocation_json(
    found: Allocation, locate: Locate | None = None, file: str = "", exact: bool = False
) -> Plain:
    return {
        "feasible": found.feasible,
        "terms": [_allotment(one, exact) for one in found.allotments],
        "promises": [_reached(one, exact) for one in found.goals],
        "findings": [finding_json(one, locate, file) for one in found.findings],
    }


def _allotment(one: Allotment, exact: bool) -> Plain:
    return {
        "agreement": one.agreement,
        "term": one.term,
        "before": ratio_json(one.before, exact),
        "after": ratio_json(one.after, exact),
        "exactAfter": ratio_json(one.exact, exact),
        "factor": ratio_json(one.factor, exact),
        "because": key_json(one.because),
    }


def _reached(one: Reached, exact: bool) -> Plain:
    return key_json(one.key) | {
        "target": ratio_json(one.target, exact),
        "floorBefore": ratio_json(one.before, exact),
        "floorAfter": ratio_json(one.after, exact),
        "kept": one.kept,
        "factor": ratio_json(one.factor, exact),
        "blocking": [
            {"down": list(outage.down), "share": ratio_json(outage.share, exact)}
            for outage in one.blocking
        ],
    }


def choice_json(
    found: Choice, locate: Locate | None = None, file: str = "", exact: bool = False
) -> Plain:
    return {
        "feasible": found.feasible,
        "costPerYear": str(found.cost) if found.feasible else None,
        "bound": str(found.bound) if found.feasible else None,
        "currency": found.cost.currency,
        "gap": ratio_json(found.gap, exact) if found.feasible else None,
        "proven": found.proven,
        "picks": [_pick(one, exact) for one in found.picks],
        "promises": [_checked(one, exact) for one in found.checked],
        "findings": [finding_json(one, locate, file) for one in found.findings],
    }


def _pick(one: Pick, exact: bool) -> Plain:
    return {
        "agreement": one.menu.agreement,
        "term": one.menu.term,
        "pick": one.option,
        "pricePerYear": str(one.price),
        "before": ratio_json(one.before, exact),
        "after": ratio_json(one.after, exact),
    }


def _checked(one: Checked, exact: bool) -> Plain:
    return key_json(one.key) | {
        "target": ratio_json(one.target, exact),
        "floor": ratio_json(one.floor, exact),
        "kept": one.kept,
    }


def translations_json(
    found: Iterable[Translated],
    locate: Locate | None = None,
    file: str = "",
    exact: bool = False,
) -> Plain:
    return {
        "rules": [
            {
                "rule": one.rule,
                "holds": one.holds,
                "required": [_required(required, exact) for required in one.required],
                "carries": [_held(held, exact) for held in one.held],
                "findings": [finding_json(finding, locate, file) for finding in one.findings],
            }
            for one in found
        ]
    }


def _required(one: Required, exact: bool) -> Plain:
    return {
        "resource": one.id,
        "unit": one.unit,
        "need": "at_most" if one.at_most else "at_least",
        "needed": number_json(one.needed, exact),
        "committed": number_json(one.committed, exact),
        "missing": number_json(one.missing, exact),
    }


def _held(one: Held, exact: bool) -> Plain:
    return {
        "parameter": one.parameter,
        "unit": one.unit,
        "more": "asks_more" if one.asks_more else "asks_less",
        "value": number_json(one.value, exact),
        "carried": number_json(one.reached, exact),
    }
