"""Drawings of an evidence pack, as inline SVG: downtime, what a service rests on, and money.

Plain text in, plain text out: no script, no font and no picture from elsewhere. Everything is said
on the shapes themselves, as what makes PDF reads no style of the page into a drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from orchestrator.model.values import HOUR, Instant, Span, format_instant

WIDTH: Final = 960
_LEFT: Final = 190
_ROW: Final = 22
_LABEL: Final = 320
"""As wide as two instants beside one another."""

PARTIES: Final = (
    "#d9785f",
    "#6f9bd1",
    "#d1b04f",
    "#a493d4",
    "#5fb0a4",
    "#c97fae",
    "#93a85a",
    "#a88a6d",
)
"""The colours of parties, in the order that they are met; dark text can be read on each."""

DOWN: Final = "#b3423b"
UNCOUNTED: Final = "#b9c2ca"
_UP: Final = "#e3ece5"
_TOTAL: Final = "#5b6b7a"
_GAIN: Final = "#4f8a5b"
_INK: Final = "#1b2733"
_LINES: Final = ' stroke="#5b6b7a"'

CLUSTERS: Final = 12
"""So many stretches of downtime are enlarged; the table under the drawing has all of them."""

SHOWN: Final = 40
"""Services drawn at most: of more, those on the way to what contributed."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that went on from start to end: of which row, of which colour, and what it was;
    `low` in the lower half of the row, over what else is there."""

    row: str
    start: Instant
    end: Instant
    colour: str
    text: str
    low: bool = False

    def within(self, span: Span) -> Bar:
        """The part of it that lies in a span."""
        return replace(self, start=max(self.start, span.start), end=min(self.end, span.end))


def colours(parties: Iterable[str]) -> Mapping[str, str]:
    """A colour for each party, in their order."""
    return {one: PARTIES[i % len(PARTIES)] for i, one in enumerate(dict.fromkeys(parties))}


def _svg(height: int, body: Sequence[str], title: str) -> str:
    return (
        f'<div class="drawn" tabindex="0"><svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(body)}</svg></div>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-family="sans-serif" fill="{_INK}">{escape(text)}</text>'
    )


def _rect(
    x: float, y: float, width: float, height: float, fill: str, text: str, extra: str = ""
) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'fill="{fill}"{extra}><title>{escape(text)}</title></rect>'
    )


# --- time ----------------------------------------------------------------------------------------


def overview(period: Span, bars: Sequence[Bar]) -> str:
    """A period with everything that went on in it; what is short is drawn two wide."""
    scale = _scale(period)
    body = [_rect(_LEFT, 8, WIDTH - _LEFT - 8, _ROW, _UP, f"{period}")]
    for bar in bars:
        start, end = scale(max(bar.start, period.start)), scale(min(bar.end, period.end))
        body.append(_rect(start, 8, max(end - start, 2), _ROW, bar.colour, bar.text))
    body.append(_text(8, 24, "the whole period"))
    body.append(_text(_LEFT, 48, format_instant(period.start)))
    body.append(_text(WIDTH - 8, 48, format_instant(period.end), "end"))
    return _svg(56, body, f"When the service was down in {period}")


def enlarged(bars: Sequence[Bar], beneath: Sequence[Bar] = ()) -> list[str]:
    """Each stretch of downtime by itself, a row for each component, and in it what was reported
    `beneath`, wider; what lies more than its own length and an hour apart is another stretch.

    A little of the time around is drawn too, and of what was reported as much again as the stretch
    is long.
    """
    order = {row: place for place, row in enumerate(dict.fromkeys(bar.row for bar in bars))}
    found = []
    for some in _clusters(bars)[:CLUSTERS]:
        core = Span(min(bar.start for bar in some), max(bar.end for bar in some))
        span = _around(core, beneath)
        near = [
            bar.within(span) for bar in beneath if bar.start < span.end and bar.end > span.start
        ]
        rows = sorted({bar.row for bar in some}, key=order.__getitem__)
        rows = list(dict.fromkeys([*rows, *(bar.row for bar in near)]))
        scale = _scale(span)
        body = [*_rows(rows, 8), *_bars(rows, near, scale, 8)]
        body += _bars(rows, some, scale, 8, 4 if near else 0)
        y = 8 + len(rows) * (_ROW + 4) + 14
        body += _ends(core, scale, y)
        title = f"Downtime from {format_instant(core.start)} to {format_instant(core.end)}"
        found.append(_svg(y + 8, body, title))
    return found


def clock_drawing(title: str, bars: Sequence[Bar], marks: Sequence[tuple[Instant, str]]) -> str:
    """What went on with one thing from its begin to its end, a row for each name, and instants in
    between that mattered."""
    span = Span(min(bar.start for bar in bars), max(bar.end for bar in bars))
    scale = _scale(span)
    rows = list(dict.fromkeys(bar.row for bar in bars))
    body = [_text(8, 16, title), *_rows(rows, 24), *_bars(rows, bars, scale, 24)]
    bottom = 24 + len(rows) * (_ROW + 4)
    for at, name in marks:
        x = scale(at)
        body.append(
            f'<path d="M{x:.1f} 20V{bottom:.1f}" stroke="{_INK}" stroke-width="2" fill="none">'
            f"<title>{escape(name)} {format_instant(at)}</title></path>"
        )
        anchor = "end" if x > (WIDTH + _LEFT) / 2 else "start"
        body.append(_text(x, 16, f"{name} {format_instant(at)}", anchor))
    body += _ends(span, scale, bottom + 14)
    return _svg(bottom + 22, body, title)


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """What the colours of a drawing stand for."""
    return (
        '<p class="key">'
        + "".join(
            f'<span><i style="background:{hue}"></i>{escape(name)}</span>' for hue, name in entries
        )
        + "</p>"
    )


def _around(core: Span, beneath: Sequence[Bar]) -> Span:
    """A stretch with a tenth of its length on both sides, or more where a fact goes on there."""
    touching = [bar for bar in beneath if bar.start < core.end and bar.end > core.start]
    margin = max(core.length // 10, 1)
    first = min([bar.start for bar in touching], default=core.start)
    last = max([bar.end for bar in touching], default=core.end)
    return Span(
        max(min(core.start, first) - margin, core.start - core.length - margin),
        min(max(core.end, last) + margin, core.end + core.length + margin),
    )


def _rows(rows: Sequence[str], top: int) -> list[str]:
    """Empty rows with their names."""
    body = []
    for number, row in enumerate(rows):
        y = top + number * (_ROW + 4)
        body.append(_rect(_LEFT, y, WIDTH - _LEFT - 8, _ROW, _UP, row))
        body.append(_text(8, y + 16, _short(row, _LEFT // 7)))
    return body


def _bars(
    rows: Sequence[str],
    bars: Iterable[Bar],
    scale: Callable[[Instant], float],
    top: int,
    inset: int = 0,
) -> list[str]:
    """Bars in their rows."""
    body = []
    for bar in bars:
        y = top + rows.index(bar.row) * (_ROW + 4) + (_ROW // 2 if bar.low else inset)
        start, end = scale(bar.start), scale(bar.end)
        high = _ROW // 2 if bar.low else _ROW - 2 * inset
        body.append(_rect(start, y, max(end - start, 1), high, bar.colour, bar.text))
    return body


def _ends(span: Span, scale: Callable[[Instant], float], y: float) -> list[str]:
    """The begin and the end of a stretch, beneath it."""
    start, end = scale(span.start), scale(span.end)
    first, last = format_instant(span.start), format_instant(span.end)
    if end - start >= _LABEL:
        return [_text(start, y, first), _text(end, y, last, "end")]
    middle = min((start + end) / 2, WIDTH - _LABEL / 2)
    return [_text(max(middle, _LEFT + _LABEL / 2), y, f"{first} to {last}", "middle")]


def clusters(bars: Sequence[Bar]) -> int:
    """How many stretches of downtime there are to enlarge."""
    return len(_clusters(bars))


def _clusters(bars: Sequence[Bar]) -> list[list[Bar]]:
    found: list[list[Bar]] = []
    end = start = 0
    for bar in sorted(bars, key=lambda one: (one.start, one.end, one.row)):
        if not found or bar.start - end > max(end - start, HOUR):
            found.append([])
            start = bar.start
            end = bar.end
        found[-1].append(bar)
        end = max(end, bar.end)
    return found


def _scale(span: Span) -> Callable[[Instant], float]:
    wide = WIDTH - _LEFT - 8

    def at(instant: Instant) -> float:
        return _LEFT + wide * (instant - span.start) / max(span.length, 1)

    return at


# --- the graph -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """A service to be drawn: what it requires, a colour where it contributed, a caption, and what
    of it can be `spared` as long as others are up."""

    id: str
    requires: tuple[str, ...]
    colour: str
    caption: str
    spared: frozenset[str] = frozenset()


def graph(services: Sequence[Drawn]) -> tuple[str, int]:
    """Services in layers, each above all that it requires; and how many were left out."""
    chosen = _chosen(services)
    known = {one.id: one for one in chosen}
    layer: dict[str, int] = {}
    for one in reversed(chosen):
        below = [layer[id] for id in one.requires if id in layer]
        layer[one.id] = 1 + max(below, default=-1)
    top = max(layer.values(), default=0)
    rows: dict[int, list[str]] = {}
    for one in chosen:
        rows.setdefault(top - layer[one.id], []).append(one.id)
    place = {}
    for row, ids in rows.items():
        step = WIDTH / len(ids)
        for number, id in enumerate(ids):
            place[id] = (step * number + step / 2, 16 + row * 84)
    body = []
    for one in chosen:
        x, y = place[one.id]
        for id in one.requires:
            if id in place:
                to_x, to_y = place[id]
                dashes = ' stroke-dasharray="5 4"' if id in one.spared else ""
                body.append(
                    f'<path d="M{x:.1f} {y + 40:.1f}C{x:.1f} {y + 62:.1f} {to_x:.1f} '
                    f'{to_y - 22:.1f} {to_x:.1f} {to_y:.1f}" fill="none" stroke="#5b6b7a"{dashes}/>'
                )
    for id, (x, y) in place.items():
        one = known[id]
        wide = min(WIDTH / len(rows[top - layer[id]]) - 8, 200)
        room = max(int(wide / 7), 3)
        fill, text = one.colour or "#ffffff", f"{id}: {one.caption}"
        body.append(_rect(x - wide / 2, y, wide, 40, fill, text, _LINES))
        body.append(_text(x, y + 17, _short(id, room), "middle"))
        body.append(_text(x, y + 33, _short(one.caption, room), "middle", 10))
    return _svg(64 + top * 84, body, "What the service rests on"), len(services) - len(chosen)


def _chosen(services: Sequence[Drawn]) -> list[Drawn]:
    if len(services) <= SHOWN:
        return list(services)
    leading = {one.id for one in services if one.colour}
    for one in reversed(services):
        if leading & set(one.requires):
            leading.add(one.id)
    return [one for one in services if one.id in leading][:SHOWN]


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(room - 1, 1)]}…"


# --- money ---------------------------------------------------------------------------------------


def waterfall(owed: int, total: str, steps: Sequence[tuple[str, int, str]]) -> str:
    """What is owed, and steps of (name, minor units, text) from there down to nothing."""
    low, high, level = min(0, owed), max(0, owed), owed
    levels = [(owed, 0)]
    for _, amount, _ in steps:
        levels.append((level, level - amount))
        level -= amount
        low, high = min(low, level), max(high, level)
    wide = WIDTH - _LEFT - 140
    scale = wide / max(high - low, 1)
    body = []
    rows = [("owed", owed, total), *steps]
    for number, ((name, amount, text), (before, after)) in enumerate(
        zip(rows, levels, strict=True)
    ):
        y = 8 + number * (_ROW + 6)
        x = _LEFT + (min(before, after) - low) * scale
        fill = _TOTAL if number == 0 else _GAIN if name == "recovered" or amount < 0 else DOWN
        body.append(_text(8, y + 16, name))
        body.append(_rect(x, y, max(abs(before - after) * scale, 1), _ROW, fill, f"{name} {text}"))
        body.append(_text(WIDTH - 8, y + 16, text, "end"))
    return _svg(12 + len(rows) * (_ROW + 6), body, "From what is owed to what is recovered")
