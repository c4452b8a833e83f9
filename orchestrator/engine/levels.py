"""From the parts that were down to whoever stands outermost behind them (rules 3, 7 and 8).

A contract is a boundary that one does not look through, unless it is one's own: what is provided
by us to ourselves is traced in turn, by the reports, the excuses and the share policy of the breach
at hand, down to the outermost supplier. The shares of one level are multiplied by those of the
next, so that they still add up.

Who contributed is whoever is found at the outermost level. What nobody answers for there is borne
by the nearest party above that missed its own commitment, or else by the provider of what is
breached. Within one legal entity what comes back follows from the outermost agreement; between two
of ours, from the one between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from orchestrator.engine.intervals import Intervals, clip, intersect, subtract, total, union
from orchestrator.engine.measure import Measured
from orchestrator.engine.promises import policies_of
from orchestrator.engine.slices import Scene, Stretch, beneath, cut
from orchestrator.engine.subjects import Subject
from orchestrator.engine.upstream import (
    BREACHED_COMMITMENT,
    EXCUSED,
    NOT_COMMITTED,
    OWN_PART,
    STRUCTURAL_GAP,
    Answer,
    Upstream,
)
from orchestrator.model.agreements import Measurement, Version
from orchestrator.model.values import Instant, Span

ONE: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class Part:
    """What a leaf contributed: a share of some time, of which the breach counts `counted`, a share
    as well, by which `share` is weighed already. `before` is the instant just before which
    things stood as they are answered for, where that is not the time itself, and `recovering` the
    leaf whose recovery it is, as it is seen in a scene."""

    scene: Scene
    leaf: int
    share: Fraction
    intervals: Intervals
    counted: Fraction = ONE
    before: Instant | None = None
    recovering: tuple[Scene, int] | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Where a contribution ends: microseconds, shared and weighed, and why somebody answers for
    them or not.

    `intervals` is when it contributed. `answers` is the measurement of the agreement that answers
    to the provider for it. `through` are
    the agreements of our own that were looked through; `bearer` is the party above the contributor
    that bears it, if one does, and `passed_up` that the provider is answered to all the same.
    """

    party: str
    leaf: str
    basis: str
    agreement: str
    duration: Fraction
    intervals: Intervals
    evidence: frozenset[str]
    answers: Measured | None
    internal: bool
    through: tuple[str, ...] = ()
    bearer: str = ""
    passed_up: bool = False


def ends(measured: Measured, upstream: Upstream) -> Iterator[End]:
    """Where all that counted of a measurement ends."""
    looking = _Looking(measured.subject, upstream)
    for part in _parts(measured.stretches):
        yield from looking.ends(part, measured.subject.version, ())


def once_each(found: Iterable[End]) -> Iterator[End]:
    """Of what each component contributed, every instant by one way alone: where it is reached by
    several, by the one through the fewest agreements."""
    ways: dict[tuple[str, str], dict[tuple[str, ...], Intervals]] = {}
    for end in sorted(found, key=lambda end: len(end.through)):
        known = ways.setdefault((end.party, end.leaf), {})
        others = union(i for way, some in known.items() if way != end.through for i in some)
        known[end.through] = union([*known.get(end.through, ()), *end.intervals])
        if left := subtract(end.intervals, others):
            part = Fraction(total(left), total(end.intervals))
            yield replace(end, duration=end.duration * part, intervals=left)


def outermost(
    subject: Subject, upstream: Upstream, stretches: Sequence[Stretch]
) -> Iterator[tuple[Part, frozenset[str]]]:
    """What the components that stand outermost contributed to stretches, whoever answers for it,
    each with the facts that say so."""
    looking = _Looking(subject, upstream)
    for whole in _parts(stretches):
        for part in looking.leaves(whole, subject.version, ()):
            yield part, _evidence(part, part.intervals)


class _Looking:
    """Looks from one breach down through our own agreements; guards that what lies behind one in a
    scene is cut and judged once."""

    def __init__(self, subject: Subject, upstream: Upstream) -> None:
        self._subject = subject
        self._upstream = upstream
        self._known: dict[tuple[int, str, str, Span], list[Stretch]] = {}

    def ends(self, part: Part, above: Version, through: tuple[str, ...]) -> Iterator[End]:
        """Where a contribution to something that is provided by a version `above` ends."""
        snapshot, leaf = part.scene.structure.snapshot, part.scene.leaf(part.leaf)
        internal = snapshot.entity(leaf.party) == snapshot.entity(above.provider)
        for basis, answer, intervals, recognised in _bases(part, internal, self._upstream):
            share = part.share if recognised is ONE else part.share * recognised
            made = answer.commitment
            here = End(
                made.version.provider if made else leaf.party,
                leaf.id,
                basis,
                made.key.agreement if made else "",
                share * total(intervals),
                intervals,
                _evidence(part, intervals),
                answer.measured,
                internal,
                through,
            )
            inner = self._our_own(part, answer, above, through)
            if inner is None:
                yield here
                continue
            left: Intervals = intervals
            for lower in self._behind(replace(part, intervals=intervals, share=share), inner):
                left = subtract(left, lower.intervals)
                for end in self.ends(lower, inner, (*through, inner.agreement)):
                    yield _lifted(end, here, inner, internal=internal)
            if left:
                yield replace(here, duration=share * total(left), intervals=left)

    def leaves(self, part: Part, above: Version, through: tuple[str, ...]) -> Iterator[Part]:
        """A contribution by the components that stand outermost behind it."""
        inner = self._our_own(part, Answer(Span()), above, through)
        left: Intervals = part.intervals
        for lower in () if inner is None else self._behind(part, inner):
            left = subtract(left, lower.intervals)
            yield from self.leaves(lower, inner or above, (*through, (inner or above).agreement))
        if left:
            yield replace(part, intervals=left)

    def _our_own(
        self, part: Part, answer: Answer, above: Version, through: tuple[str, ...]
    ) -> Version | None:
        """The agreement that a leaf stands for, where we provide it to ourselves and more is known
        to lie behind it."""
        structure, leaf = part.scene.structure, part.scene.leaf(part.leaf)
        snapshot = structure.snapshot
        (service,) = leaf.services
        if leaf.part != "whole" or snapshot.services[service].requires is None:
            return None
        versions: Sequence[Version] = structure.promised(snapshot.services[service], "whole")
        if answer.commitment is not None:
            versions = [answer.commitment.version]
        seen = {self._subject.version.agreement, *through}
        ours = {snapshot.entity(above.provider), *snapshot.home}
        return next(
            (
                version
                for version in versions
                if snapshot.entity(version.provider) in ours and version.agreement not in seen
            ),
            None,
        )

    def _behind(self, part: Part, inner: Version) -> Iterator[Part]:
        """What a leaf contributed, as contributions of what lies behind an agreement on it."""
        (service,) = part.scene.leaf(part.leaf).services
        snapshot = part.scene.structure.snapshot
        span, intervals = snapshot.epoch, part.intervals
        if part.before is not None:
            # It is shared as things stood then, for as long as the recovery takes.
            span = Span(part.before - 1, part.before)
            intervals = [(span.start, span.end)]
        key = (id(part.scene), service, inner.agreement, span)
        if key not in self._known:
            structure = self._upstream.measurements.seen.underpinning.structure(
                snapshot, inner.provider, traced=True
            )
            subject = _as_seen(self._subject, inner, service)
            self._known[key] = beneath(part.scene, structure, subject, span)
        for found in _parts(cut(self._known[key], intervals)):
            lower = replace(found, share=found.share * part.share, counted=part.counted)
            if part.before is None:
                yield lower
                continue
            yield replace(
                lower,
                intervals=part.intervals,
                before=part.before if lower.before is None else lower.before,
                recovering=lower.recovering or part.recovering,
            )


def _as_seen(subject: Subject, inner: Version, service: str) -> Subject:
    """An agreement on a service as a breach above it sees it: what was down there and what of it is
    excused is settled, and shared by the policy of the breach."""
    policies = replace(policies_of(subject.term), excuses="provider_bears", measured="either")
    recovery = max(
        (term.recovery_allowance for term in inner.terms if term.metric == subject.term.metric),
        default=0,
    )
    term = replace(
        subject.term,
        policies=policies,
        measurement=Measurement(),
        recovery_allowance=recovery,
    )
    covers = tuple(cover for cover in inner.covers if cover.service == service)
    return Subject(inner, term, covers)


def _lifted(end: End, here: End, inner: Version, *, internal: bool) -> End:
    """An end behind an agreement of our own, as it is answered for above it; `here` is what the
    whole of the agreement comes to."""
    missed = here.basis == BREACHED_COMMITMENT
    if end.basis == OWN_PART and here.answers is not None:
        # The work of whoever made the agreement is answered for by the agreement itself.
        return replace(
            end,
            party=inner.provider,
            basis=here.basis,
            agreement=inner.agreement,
            answers=here.answers,
            internal=internal,
            through=here.through,
        )
    bearer = end.bearer
    if missed and not bearer and end.basis != BREACHED_COMMITMENT:
        bearer = inner.provider
    if internal:
        return replace(end, bearer=bearer)
    if missed:
        return replace(end, bearer=bearer, answers=here.answers, internal=False, passed_up=True)
    return replace(
        end,
        basis=here.basis,
        agreement=here.agreement,
        answers=here.answers,
        internal=False,
        bearer="",
        passed_up=False,
    )


# --- one level -----------------------------------------------------------------------------------


def _parts(stretches: Sequence[Stretch]) -> Iterator[Part]:
    """The contributions of all leaves, stretches alike in what they come to taken together."""
    alike: dict[tuple[int, int, tuple[int, int], tuple[int, ...]], list[Stretch]] = {}
    for stretch in stretches:
        moved = tuple(map(id, stretch.transfers))
        weight = stretch.weight.as_integer_ratio()
        key = (id(stretch.scene), id(stretch.verdict), weight, moved)
        alike.setdefault(key, []).append(stretch)
    for together in alike.values():
        one = together[0]
        counted = one.counted
        intervals = [(stretch.start, stretch.end) for stretch in together]
        transfers = {transfer.leaf: transfer for transfer in one.transfers}
        for leaf, share in one.verdict.shares.items():
            if not share:
                continue
            transfer = transfers.get(leaf)
            if transfer is None:
                weighed = share if counted == 1 else share * counted
                yield Part(one.scene, leaf, weighed, intervals, counted)
                continue
            for other, theirs in transfer.shares.items():
                moved_share = share * theirs * counted
                yield Part(
                    one.scene,
                    other,
                    moved_share,
                    intervals,
                    counted,
                    transfer.start,
                    (one.scene, leaf),
                )


def _bases(
    part: Part, internal: bool, upstream: Upstream
) -> Iterator[tuple[str, Answer, Intervals, Fraction]]:
    """A contribution by what follows from it, with the time it is for, and the share of it."""
    structure = part.scene.structure
    if part.before is not None:
        answer = upstream.at(structure, part.leaf, part.before - 1)
        before = [(part.before - 1, part.before)]
        yield next(_based(part, internal, answer, before))[0], answer, part.intervals, ONE
        return
    left = part.intervals
    while left:
        answer = upstream.at(structure, part.leaf, left[0][0])
        here = clip(left, answer.span.start, answer.span.end)
        left = subtract(left, here)
        for basis, intervals, share in _based(part, internal, answer, here):
            yield basis, answer, intervals, share


def _based(
    part: Part, internal: bool, answer: Answer, here: Intervals
) -> Iterator[tuple[str, Intervals, Fraction]]:
    """Some time of a contribution by what follows from it: what the agreement beneath counts and
    missed, counts and kept, or does not count."""
    if answer.measured is None:
        own = part.scene.leaf(part.leaf).part == "own"
        yield (OWN_PART if internal and own else NOT_COMMITTED), here, ONE
        return
    counts = BREACHED_COMMITMENT if answer.measured.breached else STRUCTURAL_GAP
    if kept := intersect(here, answer.measured.kept):
        yield STRUCTURAL_GAP, kept, ONE
    for intervals, recognised in _recognised(part, answer.measured, subtract(here, kept)):
        for basis, share in ((counts, recognised), (EXCUSED, 1 - recognised)):
            if share:
                yield basis, intervals, share


def _recognised(
    part: Part, beneath: Measured, intervals: Intervals
) -> Iterator[tuple[Intervals, Fraction]]:
    """How much of what the breach counts the agreement beneath counts too: where it weighs time by
    the users affected, or apportions it, and the breach does not, a part (rule 10's definition
    gap)."""
    if uncounted := subtract(intervals, beneath.counted):
        yield uncounted, Fraction(0)
    if beneath.least >= part.counted:
        if both := intersect(intervals, beneath.counted):
            yield both, ONE
        return
    by_share: dict[Fraction, list[tuple[Instant, Instant]]] = {}
    for stretch in cut(beneath.stretches, intervals):
        share = min(stretch.counted / part.counted, ONE)
        by_share.setdefault(share, []).append((stretch.start, stretch.end))
    for share, some in sorted(by_share.items()):
        yield union(some), share


def _evidence(part: Part, intervals: Intervals) -> frozenset[str]:
    if part.before is None or part.recovering is None:
        return frozenset(part.scene.evidence(part.leaf, intervals))
    brought_down = part.scene.evidence(part.leaf, [(part.before - 1, part.before)])
    scene, leaf = part.recovering
    return frozenset(brought_down | scene.evidence(leaf, intervals))
