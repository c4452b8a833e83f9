"""Prime time: a term with windows taken as several, of which one holds at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orchestrator.model.agreements import Term
from orchestrator.model.metrics import METRICS, Metric, Target
from orchestrator.model.scopes import PartOfHours
from orchestrator.model.strictness import kept_by_both, stricter_of


def split(term: Term) -> tuple[Term, ...]:
    """A term as one for each of its windows, in the order written, and one for the rest of its
    hours, with the hours and the target that each has. Together they have all of the term's hours,
    once each; the term itself where it has no windows."""
    if not term.windows:
        return (term,)
    named = [window.hours for window in term.windows]
    parts = [
        replace(
            term,
            hours=str(PartOfHours(term.hours, window.hours, tuple(named[:place]))),
            target=window.target,
            windows=(),
        )
        for place, window in enumerate(term.windows)
    ]
    rest = str(PartOfHours(term.hours, outside=tuple(named)))
    return (*parts, replace(term, hours=rest, windows=()))


def at_any_time(term: Term) -> Term | None:
    """A term with the strictest target that it keeps whichever of its windows holds; None where
    their targets cannot be compared. It still has its windows."""
    target = _over_windows(term, kept_by_both)
    return None if target is None else replace(term, target=target)


def at_all_times(term: Term) -> Term:
    """A term that asks at all times for what the strictest of its windows does: what keeps it keeps
    the term. Its target is a number."""
    target = _over_windows(term, stricter_of)
    assert target is not None
    return replace(term, target=target, windows=())


def _over_windows(
    term: Term, joined: Callable[[Metric, Target, Target], Target | None]
) -> Target | None:
    metric = METRICS[term.metric]

    found: Target | None = term.target
    for window in term.windows:
        found = None if found is None else joined(metric, found, window.target)
    return found
