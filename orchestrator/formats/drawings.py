"""Drawings of an evidence pack, as inline SVG: downtime, what a service rests on, and money.

Plain text in, plain text out: no script, no font and no picture from elsewhere. Everything is said
on the shapes themselves, as what makes PDF reads no style of the page into a drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from orchestrator.model.values import HOUR, Instant, Span, format_instant

WIDTH: Final = 960
_LEFT: Final = 190
_ROW: Final = 22

PARTIES: Final = (
    "#d9785f",
    "#6f9bd1",
    "#d1b04f",
    "#8f7cc4",
    "#5fb0a4",
    "#c97fae",
    "#93a85a",
    "#a88a6d",
)
"""The colours of parties, in the order that they are met."""

DOWN: Final = "#b3423b"
UNCOUNTED: Final = "#b9c2ca"
_UP: Final = "#e3ece5"
_GAIN: Final = "#4f8a5b"
_INK: Final = "#1b2733"
_LINES: Final = ' stroke="#5b6b7a"'

CLUSTERS: Final = 12
"""So many stretches of downtime are enlarged; the table under the drawing has all of them."""

SHOWN: Final = 40
"""Services drawn at most: of more, those on the way to what contributed."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that went on from start to end: of which row, of which colour, and what it was."""

    row: str
    start: Instant
    end: Instant
    colour: str
    text: str


def colours(parties: Iterable[str]) -> Mapping[str, str]:
    """A colour for each party, in their order."""
    return {one: PARTIES[i % len(PARTIES)] for i, one in enumerate(dict.fromkeys(parties))}


def _svg(height: int, body: Sequence[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(body)}</svg>"
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
    return _svg(56, body, "When the service was down in the period")


def enlarged(bars: Sequence[Bar]) -> list[str]:
    """Each stretch of downtime by itself, a row for each component; what lies more than its own
    length and an hour apart is another stretch."""
    found = []
    for some in _clusters(bars)[:CLUSTERS]:
        span = Span(min(bar.start for bar in some), max(bar.end for bar in some))
        scale = _scale(span)
        rows = list(dict.fromkeys(bar.row for bar in some))
        body = []
        for number, row in enumerate(rows):
            y = 8 + number * (_ROW + 4)
            body.append(_rect(_LEFT, y, WIDTH - _LEFT - 8, _ROW, _UP, row))
            body.append(_text(8, y + 16, row))
            for bar in some:
                if bar.row == row:
                    start, end = scale(bar.start), scale(bar.end)
                    body.append(_rect(start, y, max(end - start, 1), _ROW, bar.colour, bar.text))
        y = 8 + len(rows) * (_ROW + 4) + 14
        body.append(_text(_LEFT, y, format_instant(span.start)))
        body.append(_text(WIDTH - 8, y, format_instant(span.end), "end"))
        found.append(_svg(y + 8, body, f"Downtime from {format_instant(span.start)}"))
    return found


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
    """A service to be drawn: what it requires, a colour where it contributed, and a caption."""

    id: str
    requires: tuple[str, ...]
    colour: str
    caption: str


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
                body.append(
                    f'<path d="M{x:.1f} {y + 40:.1f}C{x:.1f} {y + 62:.1f} {to_x:.1f} '
                    f'{to_y - 22:.1f} {to_x:.1f} {to_y:.1f}" fill="none" stroke="#8a97a3"/>'
                )
    for id, (x, y) in place.items():
        one = known[id]
        wide = min(WIDTH / len(rows[top - layer[id]]) - 8, 200)
        room = max(int(wide / 7), 3)
        fill, text = one.colour or "#ffffff", f"{id}: {one.caption}"
        body.append(_rect(x - wide / 2, y, wide, 40, fill, text, _LINES))
        body.append(_text(x, y + 17, _short(id, room), "middle"))
        body.append(_text(x, y + 33, _short(one.caption, room), "middle", 10))
    return _svg(16 + (top + 1) * 84, body, "What the service rests on"), len(services) - len(chosen)


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


def waterfall(steps: Sequence[tuple[str, int, str]]) -> str:
    """Steps of (name, minor units, text) from what is owed down to what is recovered."""
    owed = sum(amount for _, amount, _ in steps)
    low, high, level = min(0, owed), max(0, owed), owed
    levels = []
    for _, amount, _ in steps:
        levels.append((level, level - amount))
        level -= amount
        low, high = min(low, level), max(high, level)
    wide = WIDTH - _LEFT - 140
    scale = wide / max(high - low, 1)
    body = []
    for number, ((name, amount, text), (before, after)) in enumerate(
        zip(steps, levels, strict=True)
    ):
        y = 8 + number * (_ROW + 6)
        left = _LEFT + (min(before, after) - low) * scale
        fill = _GAIN if name == "RECOVERED" or amount < 0 else DOWN
        body.append(_text(8, y + 16, name))
        body.append(_rect(left, y, max(abs(amount) * scale, 1), _ROW, fill, f"{name} {text}"))
        body.append(_text(WIDTH - 8, y + 16, text, "end"))
    return _svg(12 + len(steps) * (_ROW + 6), body, "From what is owed to what is recovered")
