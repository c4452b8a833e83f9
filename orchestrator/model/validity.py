"""What makes an estate one that can be computed from: references, cycles, spans.

Validated once at the gate and never again. Problems name places by ids, such as
`services[shop].requires`; a document's reader turns them into file and line.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence, Set

import networkx as nx

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.model.agreements import Term, Version
from orchestrator.model.calendars import ROUND_THE_CLOCK
from orchestrator.model.estate import Dated, Estate
from orchestrator.model.handovers import problems_of_flows
from orchestrator.model.metrics import METRICS, check_target
from orchestrator.model.parties import Party
from orchestrator.model.references import references
from orchestrator.model.services import mentioned
from orchestrator.model.strictness import check_internal_target
from orchestrator.model.templates import Template
from orchestrator.model.values import SECOND, Period, Span


def validate(estate: Estate) -> Estate:
    """The estate itself, or an error that lists every problem found."""
    problems = tuple(problems_of(estate))
    if problems:
        raise OrchestratorError(problems)
    return estate


def problems_of(estate: Estate) -> Iterator[Problem]:
    """Every reason why an estate cannot be computed from."""
    yield from _overlaps(estate)
    yield from _parties(estate)
    yield from _services(estate)
    for template in estate.metadata.templates:
        yield from _template(estate, template)
    for id, versions in estate.agreements.items():
        for version in versions:
            path = _path("agreements", id, version.number, versions)
            yield from _version(estate, version, path)


def _path(table: str, id: str, number: int, versions: Sequence[object]) -> str:
    """Where an object stands; of several versions, which one: `services[shop].versions[2]`."""
    path = f"{table}[{id}]"
    return f"{path}.versions[{number}]" if len(versions) > 1 else path


def _overlaps(estate: Estate) -> Iterator[Problem]:
    for table in ("calendars", "parties", "services"):
        for id, timeline in getattr(estate, table).items():
            yield from _overlapping(f"{table}[{id}]", [dated.span for dated in timeline])
    for id, versions in estate.agreements.items():
        yield from _overlapping(f"agreements[{id}]", [v.effective for v in versions if v.binds])


def _overlapping(path: str, spans: Sequence[Span]) -> Iterator[Problem]:
    ordered = sorted(spans)
    for first, second in itertools.pairwise(ordered):
        if first.meets(second):
            yield Problem(
                "OVERLAPPING_VERSIONS",
                f"the versions {first} and {second} are in force at the same time",
                "end one where the other begins",
                path=path,
            )


def _known(estate: Estate, table: str, id: str, path: str, span: Span) -> Iterator[Problem]:
    """A reference must name something that exists all the while it is referred to."""
    timeline: Sequence[Dated[Party]] = getattr(estate, table).get(id, ())
    one = table[:-3] + "y" if table == "parties" else table[:-1]
    if not timeline:
        yield Problem(
            "UNKNOWN_REFERENCE",
            f"there is no {one} {id!r}",
            f"declare it under `{table}`, or correct the id",
            path=path,
        )
        return
    start = span.start
    for dated in timeline:
        if dated.span.start <= start < dated.span.end:
            start = dated.span.end
    if start < span.end:
        yield Problem(
            "REFERENCE_OUT_OF_TIME",
            f"{one} {id!r} does not exist during all of {span}",
            "end what refers to it where it ends",
            path=path,
        )


def _parties(estate: Estate) -> Iterator[Problem]:
    for index, id in enumerate(estate.metadata.home):
        if id not in estate.parties:
            yield from _known(estate, "parties", id, f"metadata.home[{index}]", Span())
    owned: list[_Edge] = []
    for id, timeline in estate.parties.items():
        for number, dated in enumerate(timeline, 1):
            path = _path("parties", id, number, timeline)
            if dated.value.parent:
                yield from _known(
                    estate, "parties", dated.value.parent, f"{path}.parent", dated.span
                )
                owned.append((id, dated.value.parent, dated.span))
            elif dated.value.kind == "team":
                yield Problem(
                    "TEAM_WITHOUT_PARENT",
                    f"team {id!r} belongs to no organisation",
                    "give it a parent",
                    path=path,
                )
    yield from _cycles_in_time(owned, "parties", "parent", "a party cannot be its own owner")


def _services(estate: Estate) -> Iterator[Problem]:
    required: list[_Edge] = []
    restored: list[_Edge] = []
    ordered: set[str] = set()
    for id, timeline in estate.services.items():
        for number, dated in enumerate(timeline, 1):
            service, path = dated.value, _path("services", id, number, timeline)
            if service.owner:
                yield from _known(estate, "parties", service.owner, f"{path}.owner", dated.span)
            for needed in dict.fromkeys(mentioned(service.requires)):
                yield from _known(estate, "services", needed, f"{path}.requires", dated.span)
                required.append((id, needed, dated.span))
                if service.recover_after is None:
                    restored.append((id, needed, dated.span))
            for index, needed in enumerate(service.recover_after or ()):
                place = f"{path}.recoverAfter[{index}]"
                yield from _known(estate, "services", needed, place, dated.span)
                restored.append((id, needed, dated.span))
                ordered.add(id)
            yield from problems_of_flows(estate, service, path)
    why = "a service cannot require itself, directly or through others"
    circular = list(_cycles_in_time(required, "services", "requires", why))
    yield from circular
    if ordered and not circular:
        why = "a service cannot be restored after itself, directly or through others"
        yield from _cycles_in_time(restored, "services", "recoverAfter", why, ordered)


_Edge = tuple[str, str, Span]
"""From what to what, and when."""


def _cycles_in_time(
    edges: Sequence[_Edge], table: str, key: str, why: str, named: Set[str] = frozenset()
) -> Iterator[Problem]:
    """The cycles whose edges exist together. Over all of time there may be others: what was
    above may come to lie beneath. A cycle is told from one of those `named` if any is in it."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((start, end) for start, end, _ in edges)
    knot_of = {
        node: index
        for index, knot in enumerate(nx.strongly_connected_components(graph))
        for node in knot
    }
    knots: dict[int, list[_Edge]] = {}
    for edge in edges:
        if knot_of[edge[0]] == knot_of[edge[1]]:
            knots.setdefault(knot_of[edge[0]], []).append(edge)
    for inner in sorted(knots.values(), key=min):
        for instant in sorted({span.start for _, _, span in inner}):
            then: nx.DiGraph[str] = nx.DiGraph()
            then.add_edges_from((a, b) for a, b, span in inner if instant in span)
            found = list(_cycles(then, table, key, why, named))
            yield from found
            if found:
                break


def _cycles(
    graph: nx.DiGraph[str], table: str, key: str, why: str, named: Set[str]
) -> Iterator[Problem]:
    """One problem for each knot of the graph, with a shortest cycle in it named in full."""
    for knot in sorted(nx.strongly_connected_components(graph), key=min):
        start = min(knot & named or knot)
        if len(knot) == 1 and not graph.has_edge(start, start):
            continue
        inner = graph.subgraph(knot)
        cycle = min(
            ([start, *nx.shortest_path(inner, after, start)] for after in sorted(inner[start])),
            key=len,
        )
        yield Problem(
            "CYCLE",
            f"{' -> '.join(cycle)}: {why}",
            "take one of these dependencies out",
            path=f"{table}[{start}].{key}",
        )


def _version(estate: Estate, version: Version, path: str) -> Iterator[Problem]:
    span = version.effective
    for key in ("provider", "customer"):
        yield from _known(estate, "parties", getattr(version, key), f"{path}.{key}", span)
    if version.provider == version.customer:
        yield Problem(
            "SAME_PARTY",
            f"{version.provider!r} cannot agree with itself",
            "name the two parties, teams where they are of one organisation",
            path=f"{path}.customer",
        )
    for role in version.roles:
        yield from _known(estate, "parties", role.party, f"{path}.roles", span)
    for acceptance in version.acceptances:
        yield from _known(estate, "parties", acceptance.party, f"{path}.acceptances", span)
    seen = set()
    for index, cover in enumerate(version.covers):
        yield from _known(estate, "services", cover.service, f"{path}.covers[{index}]", span)
        if cover.service in seen:
            yield Problem(
                "DUPLICATE_ID",
                f"{cover.service!r} is covered twice",
                "cover it once, whole or own",
                path=f"{path}.covers[{index}]",
            )
        seen.add(cover.service)
    yield from _allowances(estate, version, path)
    if version.claims is not None and version.claims.hours != ROUND_THE_CLOCK:
        place = f"{path}.claims.hours"
        yield from _known(estate, "calendars", version.claims.hours, place, span)
    for reference in references(version.provisions):
        place = f"{path}.{reference.path}"
        yield from _known(estate, reference.table, reference.id, place, span)
    for term in version.terms:
        place = f"{path}.terms[{term.id}]"
        yield from _term(estate, term, span, place)
        yield from _period(version.resolved(term).period, f"{place}.period")


def _template(estate: Estate, template: Template) -> Iterator[Problem]:
    """A template holds at no time of its own: its calendars have to be known, at whatever time."""
    for term in template.terms:
        path = f"templates[{template.id}].terms[{term.id}]"
        yield from _targets(term, path)
        yield from _period(term.period, f"{path}.period")
        for hours, place in _hours(term, path):
            if hours not in estate.calendars:
                yield from _known(estate, "calendars", hours, place, Span())


def _allowances(estate: Estate, version: Version, path: str) -> Iterator[Problem]:
    places = [(path, version.allowances)]
    places += [(f"{path}.terms[{term.id}]", term.allowances or ()) for term in version.terms]
    for place, allowances in places:
        for index, allowance in enumerate(allowances):
            if allowance.within and allowance.within != ROUND_THE_CLOCK:
                yield from _known(
                    estate,
                    "calendars",
                    allowance.within,
                    f"{place}.allowances[{index}].within",
                    version.effective,
                )


def _term(estate: Estate, term: Term, span: Span, path: str) -> Iterator[Problem]:
    for hours, place in _hours(term, path):
        yield from _known(estate, "calendars", hours, place, span)
    yield from _targets(term, path)


def _hours(term: Term, path: str) -> Iterator[tuple[str, str]]:
    """The calendars of a term and of its windows, with where they are named."""
    named = [(term.hours, f"{path}.hours")]
    named += [(one.hours, f"{path}.windows[{i}].hours") for i, one in enumerate(term.windows)]
    return (pair for pair in named if pair[0] != ROUND_THE_CLOCK)


def _targets(term: Term, path: str) -> Iterator[Problem]:
    """The targets of a term must fit its metric, and the internal one be no looser than what is
    published, in any window."""
    metric, internal = METRICS[term.metric], term.internal_target
    published = [(term.target, f"{path}.target")]
    published += [(one.target, f"{path}.windows[{i}].target") for i, one in enumerate(term.windows)]
    own = [(internal, f"{path}.internalTarget")] if internal is not None else []
    for target, place in (*published, *own):
        yield from _refused(place, check_target, metric, target)
    for target, _ in published:
        yield from _refused(
            f"{path}.internalTarget", check_internal_target, term.metric, target, internal
        )


def _refused(path: str, check: Callable[..., None], *given: object) -> Iterator[Problem]:
    try:
        check(*given)
    except OrchestratorError as error:
        yield from error.at(path=path).problems


def _period(period: Period | None, path: str) -> Iterator[Problem]:
    if period is not None and period.rolling % SECOND:
        yield Problem("BAD_PERIOD", "a rolling period is of whole seconds", "round it", path=path)
