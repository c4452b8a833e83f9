"""The effects of a change as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.formats.results import (
    Plain,
    interval_json,
    key_json,
    methods_json,
    ratio_json,
    target_json,
)
from orchestrator.model.derivations import Effect, Outcome


def effects_json(found: Iterable[Effect], exact: bool = False) -> Plain:
    """Every effect with its figures before and after; `derivedAnew` where they were not answered
    from what was kept."""
    return {
        "effects": [
            key_json(one.key)
            | {
                "metric": one.metric,
                "before": _outcome_json(one.before, exact),
                "after": _outcome_json(one.after, exact),
                "derivedAnew": one.anew,
            }
            for one in found
        ]
    }


def _outcome_json(one: Outcome, exact: bool) -> Plain:
    return {
        "promised": target_json(one.promised, exact),
        "floor": target_json(one.floor, exact),
        "independent": target_json(one.independent, exact),
        "beta": ratio_json(one.beta, exact),
        "method": one.methods.weakest,
        "methods": methods_json(one.methods),
        "independentInterval": interval_json(one.independent_interval, exact),
        "status": one.status,
    }
