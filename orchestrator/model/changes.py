"""Estates compared, one after the other, and two in one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.model.agreements import Term, Version
from orchestrator.model.calendars import Calendar
from orchestrator.model.estate import OBJECTS, TIMELINES, Dated, Estate, before
from orchestrator.model.flows import Stage, with_stages
from orchestrator.model.parties import Party
from orchestrator.model.references import renamed
from orchestrator.model.services import AllOf, AtLeast, Expression, Needs, Service
from orchestrator.model.values import Instant, Span


def _after(items: Iterable[Any], at: Instant) -> tuple[Any, ...]:
    """The part of a timeline that lies from an instant on."""
    return tuple(
        Dated(Span(max(item.span.start, at), item.span.end), item.value)
        for item in items
        if item.span.end > at
    )


def succeed(old: Estate, new: Estate, at: Instant) -> Estate:
    """The old estate before `at` and the new one from then on.

    What the new estate says of the time before `at` is not heard: timelines are cut and joined.
    The versions of an agreement keep who they are. A new version that agrees with an old one in
    all but its span and acceptances is that version: its start stands and its end may only move to
    an instant that is not before `at`; acceptances add up. What had begun by `at` cannot change
    otherwise, or CHANGED_HISTORY is raised; what is missing ends there; what has not begun, or is
    not in force, binds nobody and may change freely.
    """
    tables: dict[str, dict[str, Any]] = {}
    for table in TIMELINES:
        ours, theirs = getattr(old, table), getattr(new, table)
        tables[table] = {
            id: (*before(ours.get(id, ()), at), *_after(theirs.get(id, ()), at))
            for id in {**ours, **theirs}
        }
    tables["agreements"] = {
        id: _succeeding(old.agreements.get(id, ()), new.agreements.get(id, ()), at)
        for id in {**old.agreements, **new.agreements}
    }
    kept = {
        table: {id: items for id, items in objects.items() if items}
        for table, objects in tables.items()
    }
    return Estate(new.metadata, **kept).normalised()


def _succeeding(old: Sequence[Version], new: Sequence[Version], at: Instant) -> tuple[Version, ...]:
    """One agreement's versions: the old ones before `at`, the new ones from then on.

    A list of several versions names each by its number. A single one is the agreement as it
    stands, whatever its number: with other content it becomes a further version, and drafts that
    it does not mention stay.
    """
    numbered = {version.number: version for version in old}
    single = len(new) == 1
    result: dict[int, Version] = {}
    for version in new:
        known = _meant(version, old, at) if single else numbered.get(version.number)
        if known and _same_agreement(known, version):
            heir = _continued(known, version, at)
        elif known and known.binds and known.effective.start <= at:
            raise _changed(known, "its content is agreed")
        elif single and old and not known:
            number = max(version.number, 1 + max(numbered))
            heir = _from(replace(version, number=number), at)
        else:
            heir = _from(version, at)
        if heir:
            result[heir.number] = heir
    for version in old:
        start, end = version.effective.start, version.effective.end
        if version.number in result:
            continue
        if not version.binds:
            if single:
                result[version.number] = version
        elif start < at:
            result[version.number] = replace(version, effective=Span(start, min(end, at)))
        elif start == at and new:
            raise _changed(version, "it takes effect at that very instant")
    return tuple(result[number] for number in sorted(result))


def _meant(version: Version, old: Sequence[Version], at: Instant) -> Version | None:
    """The old version that the only version of a document is, if it is one of them: the very
    same, or the one it goes on from at `at`, or one that binds nobody yet."""
    start = version.effective.start
    same = [known for known in old if _same_agreement(known, version)]
    found = (
        *(known for known in same if known.effective == version.effective),
        *(
            known
            for known in same
            if known.binds and known.effective.start <= at <= known.effective.end and start <= at
        ),
        *(known for known in same if not known.binds or known.effective.start > at),
        *(known for known in old if not known.binds and known.number == version.number),
    )
    return found[0] if found else None


def _same_agreement(old: Version, new: Version) -> bool:
    """Whether two versions agree on all but when they hold and who accepted them."""
    return old == replace(
        new, number=old.number, effective=old.effective, acceptances=old.acceptances
    )


def _continued(known: Version, version: Version, at: Instant) -> Version | None:
    """A known version as a later document has it."""
    added = tuple(one for one in version.acceptances if one not in known.acceptances)
    heir = replace(version, number=known.number, acceptances=(*known.acceptances, *added))
    if not known.binds or known.effective == version.effective:
        return heir
    start, end = known.effective.start, version.effective.end
    if start > at:
        return _from(heir, at)
    if version.effective.start > at:
        raise _changed(known, "its start is agreed")
    if end != known.effective.end and min(end, known.effective.end) < at:
        raise _changed(known, "it would end, or would have ended, before that instant")
    return replace(heir, effective=Span(start, end)) if start < end else None


def _from(version: Version, at: Instant) -> Version | None:
    """A version that begins at `at` at the earliest; None where nothing of it is left."""
    start, end = max(version.effective.start, at), version.effective.end
    if not version.binds:
        return version
    return replace(version, effective=Span(start, end)) if start < end else None


def _changed(version: Version, why: str) -> OrchestratorError:
    return refuse(
        "CHANGED_HISTORY",
        f"version {version.number} of agreement {version.agreement!r} is history: {why}",
        "write the change as a further version, or import it as of a later instant (--from)",
        f"agreements[{version.agreement}]",
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two estates: `added`, `removed` or `changed`."""

    table: str
    id: str
    what: str
    before: object = None
    after: object = None


def diff(earlier: Estate, later: Estate) -> tuple[Change, ...]:
    """What differs, object by object, in the order of the document."""
    found = []
    if earlier.metadata != later.metadata:
        found.append(Change("metadata", "", "changed", earlier.metadata, later.metadata))
    for table in OBJECTS:
        old, new = getattr(earlier, table), getattr(later, table)
        for id in sorted({**old, **new}):
            if old.get(id) != new.get(id):
                what = "added" if id not in old else "removed" if id not in new else "changed"
                found.append(Change(table, id, what, old.get(id), new.get(id)))
    return tuple(found)


def merge(left: Estate, right: Estate, mapping: Mapping[tuple[str, str], str]) -> Estate:
    """Two estates in one. `mapping` renames the right one's objects, as (list, id) to the id they
    have in the result; what then has the same id must be equal, or MERGE_CONFLICT names it."""
    renamed_right = _renamed(right, mapping)
    tables = {}
    for table in OBJECTS:
        ours, theirs = getattr(left, table), getattr(renamed_right, table)
        for id in sorted(set(ours) & set(theirs)):
            if ours[id] != theirs[id]:
                raise _conflict(table, id)
        tables[table] = {**theirs, **ours}
    home = tuple(dict.fromkeys((*left.metadata.home, *renamed_right.metadata.home)))
    templates = {one.id: one for one in left.metadata.templates}
    for one in renamed_right.metadata.templates:
        if templates.setdefault(one.id, one) != one:
            raise _conflict("templates", one.id)
    metadata = replace(
        left.metadata,
        home=home,
        strict_demarcation=left.metadata.strict_demarcation or right.metadata.strict_demarcation,
        templates=tuple(templates[id] for id in sorted(templates)),
        rates=tuple(dict.fromkeys((*left.metadata.rates, *renamed_right.metadata.rates))),
    )
    return Estate(metadata, **tables).normalised()


def _conflict(table: str, id: str) -> OrchestratorError:
    return refuse(
        "MERGE_CONFLICT",
        f"both estates have {id!r} in {table}, and they differ",
        "map one of them to another id",
        f"{table}[{id}]",
    )


def _renamed(estate: Estate, mapping: Mapping[tuple[str, str], str]) -> Estate:
    def name(table: str, id: str) -> str:
        return mapping.get((table, id), id)

    def party(value: Party) -> Party:
        return replace(value, id=name("parties", value.id), parent=name("parties", value.parent))

    def service(value: Service) -> Service:
        return replace(
            value,
            id=name("services", value.id),
            owner=name("parties", value.owner),
            requires=expression(value.requires) if value.requires else None,
            flows=tuple(replace(one, step=with_stages(one.step, stage)) for one in value.flows),
            recover_after=None
            if value.recover_after is None
            else tuple(name("services", one) for one in value.recover_after),
        )

    def stage(value: Stage) -> Stage:
        return replace(value, agreement=name("agreements", value.agreement))

    def expression(value: Expression) -> Expression:
        match value:
            case Needs():
                return replace(value, service=name("services", value.service))
            case AllOf() | AtLeast():
                return replace(value, parts=tuple(expression(part) for part in value.parts))

    def calendar(value: Calendar) -> Calendar:
        return replace(value, id=name("calendars", value.id))

    def term(value: Term) -> Term:
        allowances = value.allowances
        if allowances is not None:
            allowances = tuple(replace(a, within=name("calendars", a.within)) for a in allowances)
        return replace(
            value,
            hours=name("calendars", value.hours),
            allowances=allowances,
            windows=renamed(value.windows, name),
        )

    def version(value: Version) -> Version:
        return replace(
            value,
            agreement=name("agreements", value.agreement),
            provider=name("parties", value.provider),
            customer=name("parties", value.customer),
            covers=tuple(
                replace(cover, service=name("services", cover.service)) for cover in value.covers
            ),
            roles=tuple(replace(role, party=name("parties", role.party)) for role in value.roles),
            acceptances=tuple(
                replace(one, party=name("parties", one.party)) for one in value.acceptances
            ),
            terms=tuple(term(one) for one in value.terms),
            allowances=tuple(
                replace(one, within=name("calendars", one.within)) for one in value.allowances
            ),
            provisions=renamed(value.provisions, name),
        )

    rename: dict[str, Callable[[Any], Any]] = {
        "calendars": calendar,
        "parties": party,
        "services": service,
    }
    tables: dict[str, dict[str, Any]] = {
        table: {
            name(table, id): tuple(replace(d, value=rename[table](d.value)) for d in timeline)
            for id, timeline in getattr(estate, table).items()
        }
        for table in TIMELINES
    }
    tables["agreements"] = {
        name("agreements", id): tuple(version(one) for one in versions)
        for id, versions in estate.agreements.items()
    }
    home = tuple(name("parties", id) for id in estate.metadata.home)
    templates = tuple(
        replace(one, terms=tuple(term(each) for each in one.terms))
        for one in estate.metadata.templates
    )
    return Estate(replace(estate.metadata, home=home, templates=templates), **tables)
