"""From a result's key back to what it is about: the agreement's version, its term, the services."""

from __future__ import annotations

from typing import Any, Final

from orchestrator.model.agreements import Term, Version
from orchestrator.web.asking import Asking
from orchestrator.web.view import Seen, seen

COVERED: Final = "The covered service; several that are measured jointly are joined by `+`."


def in_its_view(asking: Asking, number: int, result: Any) -> Seen[Any]:
    """A result in the estate of a revision as its period began."""
    return Seen(asking.view(number, result.period.start), result)


def version_in_view(root: Any) -> Seen[Version] | None:
    """The agreement's version that a result is about; None where the view does not have it."""
    key = root.value.key
    versions = root.view.estate.agreements.get(key.agreement, ())
    return next((Seen(root.view, one) for one in versions if one.number == key.version), None)


def commitment(root: Any) -> Seen[Term] | None:
    """The term that a result is about."""
    found = version_in_view(root)
    terms = found.value.terms if found else ()
    term = next((one for one in terms if one.id == root.value.key.term), None)
    return Seen(root.view, found.value.resolved(term)) if found and term else None


def covered(root: Any) -> list[Any]:
    """The services that a result is about."""
    found = (seen(root.view, "services", id) for id in root.value.key.service.split("+"))
    return [one for one in found if one is not None]
