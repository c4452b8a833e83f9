"""Breach classes, rules on repetition, bonus and earn-back; remedies and indemnities."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from orchestrator.errors import refuse
from orchestrator.model.lapses import AT_ONCE, Lapse
from orchestrator.model.schemes import Row, Worth
from orchestrator.model.values import Money, Span

BREACH_CLASSES: Final = ("minor", "major", "severe", "critical")
"""Mildest first."""


def rank(breach_class: str) -> int:
    """How grave a class is; 0 is the mildest."""
    return BREACH_CLASSES.index(breach_class)


@dataclass(frozen=True, slots=True)
class ClassBound:
    """A miss that attains less than `bound` is at least of this class (more than `bound`, of a
    metric of which less is better)."""

    breach_class: str
    bound: Fraction


@dataclass(frozen=True, slots=True)
class Classes:
    """How grave a breach is, by declared bounds; a breach that no bound reaches is minor."""

    bounds: tuple[ClassBound, ...] = ()
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        if any(one.breach_class not in BREACH_CLASSES for one in self.bounds):
            raise refuse(
                "BAD_CHOICE", "no such class of breach", f"use one of {', '.join(BREACH_CLASSES)}"
            )
        for mild, grave in itertools.pairwise(
            sorted(self.bounds, key=lambda one: rank(one.breach_class))
        ):
            further = (
                grave.bound < mild.bound if self.higher_is_better else grave.bound > mild.bound
            )
            if mild.breach_class == grave.breach_class or not further:
                raise refuse(
                    "CLASSES_NOT_ORDERED",
                    f"the bound of {grave.breach_class} lies no further from the target than that "
                    f"of {mild.breach_class}",
                    "a graver class begins at a worse value",
                )


@dataclass(frozen=True, slots=True)
class Repeated:
    """So many breaches, or so many points, within `periods` periods in a row.

    Breaches milder than `at_least` do not count. With `points` a period counts by its service
    points instead. What has led to one application counts towards no other.
    """

    count: Fraction
    periods: int
    at_least: str = "minor"
    points: bool = False

    def __post_init__(self) -> None:
        impossible = not self.points and self.count > self.periods
        if self.count <= 0 or self.periods < 1 or impossible:
            raise refuse(
                "BAD_REPEAT",
                f"{self.count} breaches in {self.periods} periods never come together",
                "at most one breach falls in a period",
            )
        if self.at_least not in BREACH_CLASSES:
            raise refuse(
                "BAD_CHOICE", "no such class of breach", f"use one of {', '.join(BREACH_CLASSES)}"
            )


@dataclass(frozen=True, slots=True)
class RepeatRule:
    """What repetition adds to the credit of the period that completes it: its credit `factor` times
    over, less the once it is due anyway, and `extra`."""

    when: Repeated
    factor: Fraction = Fraction(1)
    extra: Worth | None = None

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise refuse("BAD_NUMBER", "repetition does not lower a credit", "use 1 or more")


@dataclass(frozen=True, slots=True)
class Chronic:
    """Chronic failure: repetition that gives the customer a right to terminate, to be exercised
    `within` a time after the period that completes it (at once: without a limit)."""

    when: Repeated
    within: Lapse = AT_ONCE


@dataclass(frozen=True, slots=True)
class TerminationRight:
    """A right to terminate: from the end of the period that completed it, until it lapses."""

    holder: str
    span: Span
    periods: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Bonus:
    """What the customer owes for more than was promised: a ratio of the fee base by the attained
    value, the highest where rows overlap."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class EarnBack:
    """Later good performance cancels a credit.

    `share` of the credit is returned, once, at the end of the first `periods` periods in a row
    that attain at least `level` (None: the target), all of them within `expires` periods after
    the one of the credit.
    """

    periods: int
    expires: int
    share: Fraction = Fraction(1)
    level: Fraction | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.periods <= self.expires:
            raise refuse(
                "BAD_EARN_BACK",
                f"{self.periods} good periods cannot lie within {self.expires}",
                "let it expire later, or ask for fewer",
            )
        if not 0 < self.share <= 1:
            raise refuse(
                "OUT_OF_RANGE", "no more is earned back than the credit", "use a share up to 1"
            )


@dataclass(frozen=True, slots=True)
class Consequences:
    """What else follows from what a term attains, besides its credits.

    Rules over periods look at the term's periods in their order; `classes` None is every breach a
    minor one.
    """

    classes: Classes | None = None
    repeats: tuple[RepeatRule, ...] = ()
    chronic: Chronic | None = None
    bonus: Bonus | None = None
    earn_back: EarnBack | None = None

    @property
    def repetitions(self) -> tuple[Repeated, ...]:
        """What is waited for over periods in a row."""
        found = tuple(rule.when for rule in self.repeats)
        return found if self.chronic is None else (*found, self.chronic.when)

    @property
    def looks_back(self) -> bool:
        """Whether anything depends on earlier periods."""
        return bool(self.repetitions) or self.earn_back is not None


# ---------------------------------------------------------------------------------------- remedies


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a customer may ask for besides credits; `financial` where it is money."""

    id: str
    financial: bool


REMEDIES: Final[dict[str, Remedy]] = {
    row.id: row
    for row in (
        Remedy("damages", True),
        Remedy("correction", False),
        Remedy("termination", False),
    )
}


@dataclass(frozen=True, slots=True)
class Exclusivity:
    """What credits exclude: other money, or other remedies of every kind, or nothing."""

    id: str
    money: bool
    others: bool


EXCLUSIVITY: Final[dict[str, Exclusivity]] = {
    row.id: row
    for row in (
        Exclusivity("cumulative", money=False, others=False),
        Exclusivity("sole_financial", money=True, others=False),
        Exclusivity("sole", money=True, others=True),
    )
}

CARVE_OUTS: Final = (
    "critical_threshold",
    "wilful_default",
    "data_loss",
    "third_party_compensation",
    "cap_exhausted",
    "termination",
)
"""Where credits are not the only remedy after all; `engine.remedies.HOLDS` says when each holds."""


@dataclass(frozen=True, slots=True)
class Remedies:
    """Whether credits are the sole remedy, and the exceptions that were agreed.

    Unless agreed, remedies are cumulative; `set_off` takes credits off the damages for the same
    breach. `critical` is the class from which the carve-out `critical_threshold` holds.
    """

    exclusivity: str = "cumulative"
    carve_outs: tuple[str, ...] = ()
    critical: str = "critical"
    set_off: bool = True

    def __post_init__(self) -> None:
        known = self.exclusivity in EXCLUSIVITY and self.critical in BREACH_CLASSES
        if not (known and set(self.carve_outs) <= set(CARVE_OUTS)):
            raise refuse(
                "BAD_CHOICE",
                "no such exclusivity, carve-out or class of breach",
                f"use {', '.join(EXCLUSIVITY)} with {', '.join(CARVE_OUTS)}",
            )


@dataclass(frozen=True, slots=True)
class Indemnity:
    """Compensation for what third parties claim, apart from credits: with a cap of its own (None:
    without), and passed on to those beneath only with `passes_through`."""

    cap: Money | None = None
    passes_through: bool = False


@dataclass(frozen=True, slots=True)
class RemedySought:
    """What a customer asks for besides credits, and the circumstances it rests on.

    `breach_class` is that of the breach ("" for none), `third_party` what the customer had to pay
    to others, `cap_exhausted` whether credits were cut down to a cap, `terminated` whether the
    agreement was ended for the breach. `evidence` are ids.
    """

    remedy: str
    money: Money | None = None
    breach_class: str = ""
    wilful: bool = False
    data_lost: bool = False
    third_party: Money | None = None
    cap_exhausted: bool = False
    terminated: bool = False
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.remedy not in REMEDIES:
            raise refuse(
                "BAD_CHOICE", f"{self.remedy!r} is no remedy", f"use one of {', '.join(REMEDIES)}"
            )
        if any(one is not None and one.amount < 0 for one in (self.money, self.third_party)):
            raise refuse("OUT_OF_RANGE", "what is asked for is not negative", "use 0 or more")


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a remedy is open, and the carve-outs that opened it where credits exclude it."""

    admissible: bool
    excluded_by: str = ""
    carve_outs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemedyAnswer:
    """What is said to who asks for a remedy: whether it is open, and what is due by it besides the
    credits (None where it is not open, or no money)."""

    admission: Admission
    due: Money | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """What went on under one contract: asked of its provider, and taken over by it."""

    agreement: str
    provider: str
    asked: Money
    taken: Money


@dataclass(frozen=True, slots=True)
class IndemnityClaim:
    """Where a loss ends. `borne` sums to it, party by party in the order of the chain.

    `exposed` is the party at which the chain stops although contracts go on beneath, and `stopped`
    the contract that does not pass on; both are empty where it reaches the end of the chain.
    """

    loss: Money
    steps: tuple[Passed, ...]
    borne: tuple[tuple[str, Money], ...]
    exposed: str = ""
    stopped: str = ""
