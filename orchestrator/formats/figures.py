"""Figures as text for people, rounded so that they never claim more than is there."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Final

from orchestrator.model.derivations import Derivation, Number
from orchestrator.model.metrics import (
    CARRIERS,
    METRICS,
    Lasting,
    Metric,
    Points,
    Target,
    Within,
    target_text,
)
from orchestrator.model.values import MINUTE, SECOND, Duration

Figure = Target | float | None

_MARKS: Final = {
    ("sampled", True): "~",
    ("sampled", False): "~",
    ("bounded", True): ">=",
    ("bounded", False): "<=",
}
LEGEND: Final = {
    "~": "sampled, not computed; the least that its 99 % interval allows where no trial failed",
    ">=": "a bound that holds; the figure itself may be better",
    "<=": "a bound that holds; the figure itself may be better",
}
"""What each mark before a figure says; what is exact has none."""


def percent(value: Fraction | float | None, places: int = 5, *, up: bool = False) -> str:
    """A share as a percentage that never claims more than is there: cut, not rounded, or with
    `up`, of what is better the less there is of it, raised."""
    return "-" if value is None else f"{_cut(Fraction(value) * 100, places, up, least=2)}%"


def grouped(amount: str) -> str:
    """An amount of money as text, its thousands apart."""
    whole, point, rest = amount.removeprefix("-").partition(".")
    apart = f"{int(whole):,}" if whole.isdecimal() and whole.isascii() else whole
    return f"{'-' * amount.startswith('-')}{apart}{point}{rest}"


def figure(metric: str, value: Figure) -> str:
    """A figure of a metric: cut where more of it is better, raised where less is."""
    row = METRICS[metric]
    return _shown(row, value, up=not row.higher_is_better)


def marked(
    metric: str, value: Figure, method: str, interval: tuple[Number, Number] | None = None
) -> str:
    """A figure with the mark of how it was found (`LEGEND`); a sampled one at the best end of its
    interval, where no trial failed, as the end that is safe to claim."""
    if value is None:
        return figure(metric, value)
    higher = METRICS[metric].higher_is_better
    if method == "sampled" and interval is not None:
        safe, best = interval if higher else interval[::-1]
        value = safe if value == best else value
    return _MARKS.get((method, higher), "") + figure(metric, value)


def headroom(one: Derivation) -> str:
    """By how much a floor is better than what is promised, cut."""
    return _shown(METRICS[one.metric], one.headroom, up=False)


def _shown(metric: Metric, value: Figure, up: bool) -> str:
    if isinstance(value, int | float | Fraction) and metric.carrier == "lasting":
        sign = "-" if value < 0 else ""
        raised = up if value >= 0 else not up
        return sign + _shown(metric, Lasting(round(abs(Fraction(value)) * SECOND)), raised)
    match value:
        case Within():
            return target_text(metric, _rounded(value))
        case Points():
            return target_text(metric, Points(tuple(_rounded(point) for point in value.points)))
        case Lasting():
            return target_text(metric, Lasting(_whole(value.duration, up)))
        case int() | float() | Fraction() if not CARRIERS[metric.carrier].percent:
            return _cut(Fraction(value), 5, up)
        case None | int() | float() | Fraction():
            return percent(value, up=up)
        case _:
            return target_text(metric, value)


def _cut(value: Fraction, places: int, up: bool, least: int = 0) -> str:
    """A number cut or raised to so many decimals, without the noughts beyond `least` of them."""
    units = (math.ceil if up else math.floor)(value * 10**places)
    whole, decimals = divmod(abs(units), 10**places)
    shown = f"{decimals:0{places}d}".rstrip("0").ljust(least, "0")
    return ("-" if units < 0 else "") + (f"{whole}.{shown}" if shown else str(whole))


def _rounded(point: Within) -> Within:
    """A share cut to five decimals of a percentage, within a time that is raised."""
    share = Fraction(math.floor(point.share * 10**7), 10**7)
    return replace(point, share=share, duration=_whole(point.duration, up=True))


def _whole(duration: Duration, up: bool) -> Duration:
    """A time of a minute and more in whole seconds."""
    if duration < MINUTE:
        return duration
    return -(-duration // SECOND) * SECOND if up else duration // SECOND * SECOND
