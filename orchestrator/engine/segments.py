"""Time cut wherever one of the things an owner watches changes state, for many owners at once.

An owner watches tracks, such as the leaves beneath an agreement. Between two cuts the set of its
tracks that are down is one and the same; it is found by flipping one bit at each cut, and segments
with equal sets have one state, so that what a set comes to is worked out once. Sets are kept as
bits by the place of a track among those its owner watches, 64 to a word: exact, never a hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.engine.components import Bits, bits_from, bits_of
from orchestrator.engine.steps import Int64s
from orchestrator.engine.timelines import Line, Timelines, line_of, ranges

Words = NDArray[np.uint64]

EVENTS: Final = 1 << 19
"""Events worked on at a time; an owner that has more is worked on by itself."""

WORDS: Final = 1 << 21
"""Words of states worked on at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """Segments in which something is down: of `owner[i]`, from `start[i]` to `end[i]`, in state
    `state[i]`; sorted by owner and start.

    State s is one of owner `owners[s]`, who watches the tracks `watched[owners[s]]`; the bits of
    `sets[s]` are places among those.
    """

    owner: Int64s
    start: Int64s
    end: Int64s
    state: Int64s
    owners: Sequence[int]
    sets: Sequence[Bits]
    watched: Sequence[Sequence[int]]

    def __len__(self) -> int:
        return len(self.owner)

    def down(self, state: int) -> Bits:
        """The tracks that are down in a state, by their numbers."""
        tracks = self.watched[self.owners[state]]
        return bits_from([tracks[place] for place in bits_of(self.sets[state])])

    def times(self, borders: Int64s) -> tuple[Int64s, Int64s, Int64s]:
        """How long states last in the periods between borders: columns of state, period and time,
        sorted. No segment reaches over a border; those outside all periods are left out."""
        periods = max(len(borders) - 1, 1)
        period = np.searchsorted(borders, self.start, "right") - 1
        inside = np.flatnonzero((period >= 0) & (period < len(borders) - 1))
        keys, place = np.unique(self.state[inside] * periods + period[inside], return_inverse=True)
        found = np.zeros(len(keys), np.int64)
        np.add.at(found, place, (self.end - self.start)[inside])
        return keys // periods, keys % periods, found


def segments(
    watched: Sequence[Sequence[int]],
    tracks: Timelines,
    cuts: tuple[Int64s, Int64s],
    within: Timelines | None = None,
    events: int = EVENTS,
) -> Segments:
    """The segments of owners, each of which watches some tracks, given when tracks were down.

    Time is also cut at `cuts`, columns of owner and instant. With `within` only what lies in it,
    by owner, is kept. `events` is how many are worked on at a time.
    """
    inside = within if within is not None else Timelines(*(np.zeros(0, np.int64),) * 3)
    rows = tracks.rows(max((track for some in watched for track in some), default=-1) + 1)
    lengths = np.diff(rows).tolist()
    watched = [[track for track in some if lengths[track]] for some in watched]
    instants = tracks.start, tracks.end, cuts[1], inside.start, inside.end
    line = line_of(1, *instants)
    more_owner = np.concatenate((cuts[0], inside.owner, inside.owner))
    more_offset = line.offset(np.concatenate((cuts[1], inside.start, inside.end)))
    order = np.argsort(more_owner, kind="stable")
    more = _More(more_owner[order], more_offset[order])
    starts, ends = line.offset(tracks.start), line.offset(tracks.end)
    found = []
    for some in _chunks(watched, lengths, line, events):
        made = _marks(watched, some, rows, starts, ends, more, line)
        found.append(_cut(made, some, inside if within is not None else None, line))
    return _joined(found, watched)


@dataclass(frozen=True, slots=True, eq=False)
class _More:
    """Instants at which owners are cut besides, by owner."""

    owner: Int64s
    offset: Int64s

    def of(self, owners: Int64s) -> tuple[Int64s, Int64s]:
        """Those of some owners: whose they are, by place among these owners, and where."""
        first, last = (np.searchsorted(self.owner, owners, side) for side in ("left", "right"))
        lengths = last - first
        return np.repeat(np.arange(len(owners)), lengths), self.offset[ranges(first, lengths)]


def _chunks(
    watched: Sequence[Sequence[int]], lengths: Sequence[int], line: Line, events: int
) -> Iterator[Int64s]:
    """Owners in groups that have few enough events, and few enough owners for one line; owners
    whose states take as many words as one another stand together."""
    most = 1 << (62 - line.bits)
    chunk: list[int] = []
    held = words = 0
    for owner in sorted(range(len(watched)), key=lambda owner: (_words(watched[owner]), owner)):
        need = 2 * sum(lengths[track] for track in watched[owner])
        wide = _words(watched[owner])
        if chunk and (held + need > events or wide != words or len(chunk) == most):
            yield np.array(chunk, np.int64)
            chunk, held = [], 0
        chunk.append(owner)
        held, words = held + need, wide
    if chunk:
        yield np.array(chunk, np.int64)


def _words(tracks: Sequence[int]) -> int:
    return max(-(-len(tracks) // 64), 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Marks:
    """Marks on the line of some owners, ascending, and the place of the track that flips at each;
    -1 where none does. States take so many `words`."""

    place: Int64s
    flips: Int64s
    words: int


def _marks(
    watched: Sequence[Sequence[int]],
    owners: Int64s,
    rows: Int64s,
    starts: Int64s,
    ends: Int64s,
    more: _More,
    line: Line,
) -> _Marks:
    some = [watched[owner] for owner in owners.tolist()]
    counts = np.array([len(tracks) for tracks in some], np.int64)
    tracks = np.array([track for one in some for track in one], np.int64)
    lengths = rows[tracks + 1] - rows[tracks] if len(tracks) else tracks
    index = ranges(rows[tracks], lengths)
    base = np.repeat(np.repeat(np.arange(len(owners)) << line.bits, counts), lengths)
    local = np.repeat(ranges(np.zeros_like(counts), counts), lengths)
    owner, offset = more.of(owners)
    place = np.concatenate((base + starts[index], base + ends[index], owner << line.bits | offset))
    flips = np.concatenate((local, local, np.full(len(owner), -1)))
    order = np.argsort(place)
    return _Marks(place[order], flips[order], int(-(-counts.max() // 64)) or 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Segments of some owners, with their states numbered from 0 on."""

    owner: Int64s
    start: Int64s
    end: Int64s
    state: Int64s
    owners: list[int]
    sets: list[Bits]


def _cut(marks: _Marks, owners: Int64s, within: Timelines | None, line: Line) -> _Cut:
    place = marks.place
    if not len(place):
        return _Cut(*(np.zeros(0, np.int64),) * 4, [], [])
    # Several flips at one place are one cut: the last of them has the state that follows.
    last = np.append(place[1:] != place[:-1], True)
    following = np.append(place[1:], place[-1])
    if within is not None:
        last &= _inside(place, owners, within, line)
    kept, state, local, sets = _states(marks, last, line)
    starts, ends = place[kept], following[kept]
    owner = owners[line.owner(starts)]
    return _Cut(
        owner, line.instant(starts), line.instant(ends), state, owners[local].tolist(), sets
    )


def _inside(place: Int64s, owners: Int64s, within: Timelines, line: Line) -> Any:
    """Which places lie in the intervals of their owner."""
    first, last = (np.searchsorted(within.owner, owners, side) for side in ("left", "right"))
    index, order = ranges(first, last - first), np.repeat(np.arange(len(owners)), last - first)
    starts = np.sort(line.at(order, within.start[index]))
    ends = np.sort(line.at(order, within.end[index]))
    # As many have begun as have ended, or one more.
    return np.searchsorted(starts, place, "right") > np.searchsorted(ends, place, "right")


def _states(
    marks: _Marks, kept: NDArray[np.bool_], line: Line
) -> tuple[Int64s, Int64s, Int64s, list[Bits]]:
    """Of the marks after which something is down, as far as they are kept: which they are and
    their states; and the states, by owner and set."""
    if marks.words > 1:
        return _wide_states(marks, kept, line)
    flips = np.left_shift(np.uint64(1), np.maximum(marks.flips, 0).astype(np.uint64))
    flips[marks.flips < 0] = 0
    words = np.bitwise_xor.accumulate(flips)
    rows = np.flatnonzero(kept & (words != 0))
    distinct, code = np.unique(words[rows], return_inverse=True)
    many = max(len(distinct), 1)
    pairs, state = np.unique(line.owner(marks.place[rows]) * many + code, return_inverse=True)
    return rows, state, pairs // many, distinct[pairs % many].tolist()


def _wide_states(
    marks: _Marks, kept: NDArray[np.bool_], line: Line
) -> tuple[Int64s, Int64s, Int64s, list[Bits]]:
    step, carry = max(WORDS // marks.words, 1), np.zeros(marks.words, np.uint64)
    owner = line.owner(marks.place)
    known: dict[tuple[int, bytes], int] = {}
    rows, states = [], []
    for begin in range(0, len(marks.place), step):
        flips = marks.flips[begin : begin + step]
        words = np.zeros((len(flips), marks.words), np.uint64)
        some = np.flatnonzero(flips >= 0)
        bit = (flips[some] & 63).astype(np.uint64)
        words[some, flips[some] >> 6] = np.left_shift(np.uint64(1), bit)
        words[0] ^= carry
        np.bitwise_xor.accumulate(words, axis=0, out=words)
        carry = words[-1].copy()
        here = np.flatnonzero(kept[begin : begin + step] & words.any(axis=1))
        keys = zip(owner[begin + here].tolist(), map(bytes, words[here]), strict=True)
        states += [known.setdefault(key, len(known)) for key in keys]
        rows.append(begin + here)
    return (
        np.concatenate(rows),
        np.array(states, np.int64),
        np.array([owner for owner, _ in known], np.int64),
        [int.from_bytes(row, "little") for _, row in known],
    )


def _joined(found: Sequence[_Cut], watched: Sequence[Sequence[int]]) -> Segments:
    """All segments by owner, their states numbered through."""
    states = np.cumsum([0, *(len(one.sets) for one in found)]).tolist()
    nothing = np.zeros(0, np.int64)
    owner = np.concatenate([nothing, *(one.owner for one in found)])
    order = np.argsort(owner, kind="stable")
    state = [one.state + before for one, before in zip(found, states, strict=False)]
    return Segments(
        owner[order],
        np.concatenate([nothing, *(one.start for one in found)])[order],
        np.concatenate([nothing, *(one.end for one in found)])[order],
        np.concatenate([nothing, *state])[order],
        [owner for one in found for owner in one.owners],
        [bits for one in found for bits in one.sets],
        watched,
    )
