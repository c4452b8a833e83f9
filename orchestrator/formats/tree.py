"""The tree that the readers of YAML and JSON build, and what they refuse alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.nodes import Node, Number, join_path, json_text

LIMIT_DEPTH: Final = 100


@dataclass(slots=True)
class _Open:
    """A collection whose end is yet to come; for a mapping, the key it has reached."""

    value: dict[str, Node] | list[Node]
    key: str = ""
    line: int = 0
    column: int = 0
    has_key: bool = False
    drops_value: bool = False


# Neither fits into every store, and neither means anything in a text.
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class Tree:
    """Builds the nodes of one document from what its reader meets, without recursion."""

    file: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)

    @property
    def at_key(self) -> bool:
        """Whether what comes next is the key of a mapping."""
        if not self._open:
            return False
        top = self._open[-1]
        return isinstance(top.value, dict) and not top.has_key

    @property
    def inside(self) -> str:
        """What kind of collection is open: `mapping`, `list`, or nothing."""
        if not self._open:
            return ""
        return "mapping" if isinstance(self._open[-1].value, dict) else "list"

    def begin(self, value: dict[str, Node] | list[Node], line: int, column: int) -> None:
        """A collection begins."""
        if self.at_key:
            raise self.fault("BAD_KEY", "a collection cannot be a key", "use a text", line)
        if len(self._open) >= LIMIT_DEPTH:
            raise self.fault(
                "TOO_DEEP",
                f"the document is nested deeper than {LIMIT_DEPTH} levels",
                "name what is deep inside, and refer to it by its id",
                line,
            )
        self._put(value, line, column)
        self._open.append(_Open(value))

    def end(self) -> None:
        """The innermost collection ends."""
        self._open.pop()

    def scalar(self, value: str | bool | Number | None, line: int, column: int) -> None:
        """A text, number, flag or null: a value, or the key of one."""
        if isinstance(value, str) and _UNSTORABLE.search(value):
            raise self.fault(
                "BAD_CHARACTER", "a text holds a character that is none", "take it out", line
            )
        if self.at_key:
            self._take_key(value, line, column)
        else:
            self._put(value, line, column)

    def _take_key(self, key: str | bool | Number | None, line: int, column: int) -> None:
        top = self._open[-1]
        assert isinstance(top.value, dict)
        text = key if isinstance(key, str) else json_text(Node(key, line, column))
        first = top.value.get(text) if isinstance(key, str) else None
        top.key, top.line, top.column = text, line, column
        top.has_key, top.drops_value = True, False
        if not isinstance(key, str):
            self._note("BAD_KEY", f"the key {text} is not a text", "write it in quotes", line)
        elif first is not None:
            self._note(
                "DUPLICATE_KEY",
                f"the key {text!r} is given twice, first in line {first.line}",
                "keep one of the two",
                line,
            )

    def _note(self, code: str, message: str, advice: str, line: int) -> None:
        """A problem that does not stop the reading; the value of its key is left out."""
        self.problems.append(Problem(code, message, advice, self.file, line, self.path))
        self._open[-1].drops_value = True

    def _put(
        self,
        value: dict[str, Node] | list[Node] | str | bool | Number | None,
        line: int,
        column: int,
    ) -> None:
        if not self._open:
            self.root = Node(value, line, column)
            return
        top = self._open[-1]
        if isinstance(top.value, list):
            top.value.append(Node(value, line, column))
            return
        if not top.drops_value:
            top.value[top.key] = Node(value, top.line, top.column)
        top.has_key = False

    @property
    def path(self) -> str:
        """The path of what comes next."""
        steps: list[str | int] = []
        for place in self._open:
            innermost = place is self._open[-1]
            if isinstance(place.value, list):
                steps.append(len(place.value) if innermost else len(place.value) - 1)
            elif place.has_key or not innermost:
                steps.append(place.key)
        return join_path(steps)

    def fault(self, code: str, message: str, advice: str, line: int) -> OrchestratorError:
        """What makes the text unreadable, after whatever was noted before it."""
        last = Problem(code, message, advice, self.file, line, self.path)
        return OrchestratorError((*self.problems, last))
