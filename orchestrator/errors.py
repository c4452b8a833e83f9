"""Errors for users: a stable code, a message, a place and what to do about it.

A finding (`orchestrator.model.records.Finding`) is a value and never raised; an error means
that the input was refused and nothing was done. Codes are published in `docs/codes.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal. `path` names the place inside the document, such as `services[3].requires`."""

    code: str
    message: str
    advice: str = ""
    file: str = ""
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line) if part)
        head = " ".join(part for part in (place, self.path) if part)
        text = f"{head}: {self.code}: {self.message}" if head else f"{self.code}: {self.message}"
        return f"{text} ({self.advice})" if self.advice else text


class OrchestratorError(Exception):
    """Raised for users, never for programmers: carries one problem or several."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        assert self.problems, "an error without a problem"
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def at(self, *, file: str = "", line: int = 0, path: str = "") -> OrchestratorError:
        """The same error with its place filled in where it had none."""
        return OrchestratorError(
            replace(
                problem,
                file=problem.file or file,
                line=problem.line or line,
                path=problem.path or path,
            )
            for problem in self.problems
        )


def refuse(code: str, message: str, advice: str = "", path: str = "") -> OrchestratorError:
    """An error of one problem: `raise refuse("CYCLE", ...)`."""
    return OrchestratorError(Problem(code, message, advice, path=path))
