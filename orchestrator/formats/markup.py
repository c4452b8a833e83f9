"""Pieces of a page: tables, sections, and figures as people read them.

Every text is escaped here, by whoever it was written; only `Markup`, made here, is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from html import escape
from typing import Any, Final

from orchestrator.formats.figures import figure, grouped, percent
from orchestrator.formats.text import canonical_json
from orchestrator.model.metrics import METRICS

_INSTANT: Final = re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> Markup:
    """A value as HTML: instants and hashes in a style of their own."""
    if isinstance(value, Markup):
        return value
    plain = str(value)
    if _INSTANT.fullmatch(plain):
        return Markup(f'<span class="at">{plain}</span>')
    if _HASH.fullmatch(plain):
        return Markup(f'<span class="hash">{plain}</span>')
    return Markup(escape(plain))


def joined(between: str, values: Iterable[object]) -> Markup:
    """Values as HTML, with something between each two."""
    return Markup(escape(between).join(text(value) for value in values))


def code(value: object) -> Markup:
    return Markup(f"<code>{escape(str(value))}</code>")


def paragraph(*values: object) -> str:
    return f"<p>{joined('', values)}</p>"


def section(title: str, body: str) -> str:
    """A section under its heading; nothing where there is nothing in it."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], numbers: Iterable[int] = ()) -> str:
    """A table under heads, the columns of `numbers` to the right; nothing without rows."""
    right = set(numbers)

    def cells(name: str, scope: str, row: Iterable[Any]) -> str:
        return "".join(
            f"<{name}{scope}{' class=n' if place in right else ''}>{text(cell)}</{name}>"
            for place, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells('td', '', row)}</tr>" for row in rows)
    if not body:
        return ""
    head = cells("th", ' scope="col"', heads)
    return (
        '<div class="wide" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def pairs(rows: Iterable[tuple[str, object]]) -> str:
    """A table of names and what they stand for."""
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>' for name, value in rows
    )
    return f'<table class="pairs"><tbody>{body}</tbody></table>' if body else ""


def glossary(words: Mapping[str, str], used: Iterable[str]) -> str:
    """What the words that are used mean, in the order of the glossary."""
    said = set(used)
    items = "".join(
        f"<dt>{code(word)}</dt><dd>{escape(meaning)}</dd>"
        for word, meaning in words.items()
        if word in said
    )
    return f"<dl>{items}</dl>" if items else ""


# --- figures -------------------------------------------------------------------------------------


def number(value: Any) -> Fraction:
    """An exact number from a document."""
    return Fraction(str(value))


def _percent(value: Fraction, places: int = 5) -> str:
    return _bare(percent(value, places))


def _bare(figure: str) -> str:
    """A percentage without the noughts at its end."""
    return re.sub(r"\.?0*%$", "%", figure) if "." in figure else figure


def share(value: Any) -> Markup:
    """A share as it is held, and as a percentage that never claims more than is there."""
    plain = number(value)
    shown = _percent(plain, 4)
    return text(shown if plain.denominator == 1 else f"{shown} ({plain})")


def duration(seconds: Any) -> str:
    """Seconds as hours, minutes and seconds, and what is left of one as a fraction; nothing of
    what is not measured in time."""
    if seconds is None:
        return ""
    whole, rest = divmod(number(seconds), 1)
    hours, left = divmod(int(whole), 3600)
    shown = f"{hours}:{left // 60:02}:{left % 60:02}"
    return f"{shown} + {rest} s" if rest else shown


def money(amount: str, currency: str = "") -> str:
    """An amount with its thousands apart."""
    return f"{grouped(amount)} {currency}".rstrip()


def goal(metric: str, target: Any) -> str:
    """A target, or a figure to hold against it, in the metric's own terms."""
    if target is None:
        return ""
    if isinstance(target, list):
        return ", ".join(goal(metric, one) for one in target)
    if isinstance(target, dict) and "withinBusinessDays" in target:
        return f"{_percent(number(target['share']))} within {target['withinBusinessDays']} b.d."
    if isinstance(target, dict) and "withinSeconds" in target:
        return f"{_percent(number(target['share']))} within {duration(target['withinSeconds'])}"
    if isinstance(target, dict):
        return canonical_json(target).decode()
    try:
        plain = number(target)
    except ValueError:
        return str(target)
    row = METRICS.get(metric)
    if row is None or row.carrier == "within":
        return _percent(plain)
    return _bare(figure(metric, plain))
