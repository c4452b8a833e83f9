"""Priorities: the matrix of impact and urgency, and the mapping between two parties' schemes."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.errors import OrchestratorError, refuse


@dataclass(frozen=True, slots=True)
class PriorityMatrix:
    """Impact and urgency give the priority.

    All three scales are written gravest first. `rows` has a row for each impact and in it a cell
    for each urgency. It is total and monotone: less impact or less urgency never makes a case
    more pressing.
    """

    impacts: tuple[str, ...]
    urgencies: tuple[str, ...]
    priorities: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for scale in (self.impacts, self.urgencies, self.priorities):
            if not scale or len(set(scale)) < len(scale):
                raise refuse(
                    "BAD_SCALE",
                    f"{', '.join(scale) or 'an empty list'} is not a scale",
                    "name each degree once, the gravest first",
                )
        short = next((row for row in self.rows if len(row) != len(self.urgencies)), None)
        if short is not None or len(self.rows) != len(self.impacts):
            raise refuse(
                "MATRIX_INCOMPLETE",
                f"{len(self.impacts)} impacts by {len(self.urgencies)} urgencies need a priority "
                "in every cell and in no other",
                "write a row for each impact, with a priority for each urgency",
            )
        self._check_cells()

    def _check_cells(self) -> None:
        rank = {priority: place for place, priority in enumerate(self.priorities)}
        for impact, row in zip(self.impacts, self.rows, strict=True):
            for urgency, priority in zip(self.urgencies, row, strict=True):
                if priority not in rank:
                    raise _unknown("priority", priority, self.priorities)
                i, j = self.impacts.index(impact), self.urgencies.index(urgency)
                graver = [self.rows[i - 1][j]] if i else []
                graver += [self.rows[i][j - 1]] if j else []
                if any(rank[other] > rank[priority] for other in graver):
                    raise refuse(
                        "MATRIX_NOT_MONOTONE",
                        f"impact {impact} with urgency {urgency} is {priority}, more pressing "
                        f"than a graver case, which is {max(graver, key=rank.__getitem__)}",
                        "less impact or urgency must not raise the priority",
                    )

    def priority(self, impact: str, urgency: str) -> str:
        """The priority of a case; an impact or urgency outside the scales is refused."""
        if impact not in self.impacts:
            raise _unknown("impact", impact, self.impacts)
        if urgency not in self.urgencies:
            raise _unknown("urgency", urgency, self.urgencies)
        return self.rows[self.impacts.index(impact)][self.urgencies.index(urgency)]


def _unknown(what: str, name: str, known: tuple[str, ...]) -> OrchestratorError:
    return refuse(
        "UNKNOWN_DEGREE", f"{name!r} is no {what} of the matrix", f"use one of {', '.join(known)}"
    )


@dataclass(frozen=True, slots=True)
class SeverityPair:
    """One severity of the other party's scheme, and the priority it has in this agreement's."""

    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class SeverityMapping:
    """How the severities of a party's own scheme are read here. There is no default: what is not
    mapped is an error."""

    party: str
    pairs: tuple[SeverityPair, ...]

    def __post_init__(self) -> None:
        theirs = [pair.theirs for pair in self.pairs]
        twice = next((name for name in theirs if theirs.count(name) > 1), None)
        if twice is not None:
            raise refuse(
                "DUPLICATE_ID",
                f"the severity {twice!r} of {self.party} is mapped twice",
                "map each severity once",
            )

    def priority(self, severity: str) -> str:
        """Our priority for a severity of theirs."""
        for pair in self.pairs:
            if pair.theirs == severity:
                return pair.ours
        raise refuse(
            "UNMAPPED_SEVERITY",
            f"the severity {severity!r} of {self.party} is not mapped",
            f"map it; mapped are {', '.join(pair.theirs for pair in self.pairs) or 'none'}",
        )
