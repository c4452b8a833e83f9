"""Facts from any CSV table of outages, by a declared map of its columns and values.

Every row becomes facts, repeats a row, is ignored by a rule that says why, or is quarantined with
its line and the reason: none is dropped in silence, and none stops the others. Only what makes
the whole table unreadable is an error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from orchestrator.errors import OrchestratorError, Problem, refuse
from orchestrator.formats.context import nearest, shown
from orchestrator.formats.csv_map import CsvMap, Rule, read_map
from orchestrator.formats.nodes import Json
from orchestrator.formats.source import LIMIT_BYTES
from orchestrator.model.records import FACT_KINDS, Fact, Facts
from orchestrator.model.values import Instant, Span, is_slug, parse_ratio

__all__ = ["CsvMap", "Quarantined", "TableResult", "read_map", "read_table", "summary_json"]

LIMIT_LABEL: Final = 200
"""As long as a facts document lets the name of a source be."""

LIMIT_REMEMBERED: Final = 100_000
"""Of so many combinations of cells it is remembered which rule fits."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that cannot be used: where it begins, a code, why, and its cells."""

    line: int
    code: str
    message: str
    row: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableResult:
    """What became of a table; `rows` is the sum of those mapped, merged, ignored, quarantined.

    A row about several services makes several facts. `ignored` holds lines by reason; `unused`
    are the rules that no row has come to.
    """

    facts: Facts
    rows: int
    mapped: int
    merged: int
    ignored: Mapping[str, tuple[int, ...]]
    quarantined: tuple[Quarantined, ...]
    unused: tuple[Rule, ...]

    def __post_init__(self) -> None:
        left_out = sum(map(len, self.ignored.values())) + len(self.quarantined)
        assert self.rows == self.mapped + self.merged + left_out, "a row was lost"


def read_table(text: str | bytes | Iterable[str], mapping: CsvMap, file: str = "") -> TableResult:
    """Read a table with a header; `text` may come as its lines."""
    rows = _rows(_lines(text, file), mapping.delimiter, file)
    reading = _Reading(mapping, _header(rows, mapping, file))
    for row in rows:
        reading.take(row)
    return reading.result()


def summary_json(result: TableResult) -> dict[str, Json]:
    """What became of every row, as plain data: lines by reason."""
    by_code: dict[str, list[Json]] = {}
    for one in result.quarantined:
        by_code.setdefault(one.code, []).append(one.line)
    problems: list[Json] = [
        {"line": one.line, "code": one.code, "message": one.message} for one in result.quarantined
    ]
    return {
        "rows": result.rows,
        "facts": sum(len(getattr(result.facts, kind)) for kind in FACT_KINDS),
        "mapped": result.mapped,
        "merged": result.merged,
        "ignored": {reason: list(lines) for reason, lines in sorted(result.ignored.items())},
        "quarantined": dict(sorted(by_code.items())),
        "problems": problems,
        "unusedRules": [rule.line for rule in result.unused],
    }


# --- text to rows --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """A row with its first and last line; `fault` is why its cells cannot be told apart."""

    line: int
    last: int
    cells: tuple[str, ...]
    fault: str = ""


def _lines(text: str | bytes | Iterable[str], file: str) -> Iterator[str]:
    """The lines of a text, their ends left on, so that quoted line breaks stay what they are."""
    lines = text
    if isinstance(text, str | bytes):
        if len(text) > LIMIT_BYTES:
            message = f"the table is over {LIMIT_BYTES} bytes"
            raise _unreadable("TOO_LARGE", message, "split it", file, 1)
        lines = io.StringIO(_characters(text, file), newline="")
    for number, line in enumerate(lines, 1):
        assert isinstance(line, str)
        if "\0" in line:
            raise _unreadable(
                "BAD_CHARACTER", "the table holds a NUL byte", "export it as text", file, number
            )
        yield line.removeprefix("\ufeff") if number == 1 else line


def _characters(text: str | bytes, file: str) -> str:
    data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(
            "BAD_ENCODING", "the table is not UTF-8", "save it as UTF-8", file, number
        ) from error


def _unreadable(
    code: str, message: str, advice: str, file: str = "", line: int = 0, path: str = ""
) -> OrchestratorError:
    return OrchestratorError(Problem(code, message, advice, file, line, path))


def _rows(lines: Iterable[str], delimiter: str, file: str) -> Iterator[_Row]:
    """The rows of a table, empty lines left out.

    A quote that is never closed swallows all that follows it, so it is an error and no fault of
    one row.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = str(error)
            if fault.startswith(("unexpected end", "field larger")):
                raise _unreadable(
                    "BAD_SYNTAX",
                    f"the quotes of the row that begins here do not close: {fault}",
                    "close the quote, or double one that is part of a cell",
                    file,
                    first,
                ) from error
            yield _Row(first, reader.line_num, (), fault)
            continue
        stripped = tuple(cell.strip() for cell in cells)
        if len(stripped) > 1 or any(stripped):
            yield _Row(first, reader.line_num, stripped)


def _header(rows: Iterator[_Row], mapping: CsvMap, file: str) -> tuple[str, ...]:
    """The names of the columns, all that the map needs among them, each once."""
    row = next(rows, None)
    if row is None:
        raise _unreadable("EMPTY_DOCUMENT", "the table is empty", "it needs a header", file, 1)
    if row.fault:
        raise _unreadable("BAD_SYNTAX", row.fault, "mend the header", file, row.line)
    problems = []
    for column, use in _needed(mapping).items():
        found = row.cells.count(column)
        if not found:
            message = f"the header has no column {shown(column)}, which the map needs for {use}"
            advice = nearest(column, row.cells)
            problems.append(Problem("MISSING_COLUMN", message, advice, file, row.line, column))
        elif found > 1:
            message = f"the header has {found} columns {shown(column)}, and the map needs it"
            advice = "give each a name of its own"
            problems.append(Problem("DUPLICATE_COLUMN", message, advice, file, row.line, column))
    if problems:
        raise OrchestratorError(problems)
    return row.cells


def _needed(mapping: CsvMap) -> dict[str, str]:
    """The columns that a map names, with what each is first needed for."""
    columns = mapping.columns
    needed: dict[str, str] = {}
    for key, column in (
        ("id", columns.id),
        ("from", columns.start),
        ("to", columns.end),
        ("reported", columns.reported),
        ("announced", columns.announced),
        ("source", columns.source),
        ("affectedShare", columns.affected_share),
    ):
        if column:
            needed.setdefault(column, f"`columns.{key}`")
    for rule in mapping.rules:
        for column, _ in rule.when:
            needed.setdefault(column, f"the rule in line {rule.line}")
    return needed


# --- rows to facts -------------------------------------------------------------------------------


@dataclass
class _Reading:
    """Takes rows one by one; guards that an id stands for one row and that no row is lost."""

    mapping: CsvMap
    header: tuple[str, ...]
    rows: int = 0
    mapped: int = 0
    merged: int = 0
    ignored: dict[str, list[int]] = field(default_factory=dict)
    quarantined: list[Quarantined] = field(default_factory=list)
    _facts: dict[str, list[Fact]] = field(default_factory=dict)
    _taken: dict[str, tuple[int, Sequence[tuple[str, Fact]]]] = field(default_factory=dict)
    _used: set[int] = field(default_factory=set)
    _known: dict[tuple[str, ...], int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        asked = {column for rule in self.mapping.rules for column, _ in rule.when}
        self._asked = tuple(sorted(asked))

    def take(self, row: _Row) -> None:
        """Use a row, or say why not."""
        self.rows += 1
        try:
            self._take(row)
        except OrchestratorError as error:
            problem = error.problems[0]
            message = problem.message
            if row.last > row.line:
                message += f" (lines {row.line} to {row.last} were read as one row)"
            self.quarantined.append(Quarantined(row.line, problem.code, message, row.cells))

    def _take(self, row: _Row) -> None:
        cells = self._cells(row)
        id, common, announced = self._report(cells)
        rule = self._rule(cells)
        if rule.ignore:
            self.ignored.setdefault(rule.ignore, []).append(row.line)
            return
        facts = self._made(rule, id, common, announced)
        names = dict.fromkeys((id, *(fact.id for _, fact in facts)))
        earlier = next((self._taken[name] for name in names if name in self._taken), None)
        if earlier is None:
            self._taken.update((name, (row.line, facts)) for name in names)
            for kind, fact in facts:
                self._facts.setdefault(kind, []).append(fact)
            self.mapped += 1
        elif earlier[1] == facts:
            self.merged += 1
        else:
            raise refuse("DUPLICATE_ID", f"{id!r} says something else in line {earlier[0]}")

    def _cells(self, row: _Row) -> dict[str, str]:
        if row.fault:
            raise refuse("BAD_SYNTAX", f"the cells cannot be told apart: {row.fault}")
        if len(row.cells) != len(self.header):
            raise refuse("RAGGED_ROW", f"{len(row.cells)} cells under {len(self.header)} columns")
        return dict(zip(self.header, row.cells, strict=True))

    def _report(self, cells: Mapping[str, str]) -> tuple[str, dict[str, Any], Instant | None]:
        """A row's id, what all kinds of facts have in common, and when it was announced."""
        columns, mapping = self.mapping.columns, self.mapping
        for column in (columns.id, columns.start, columns.end):
            if not cells[column] or cells[column] in mapping.absent:
                raise refuse("MISSING_VALUE", f"nothing is said under {shown(column)}")
        share = self._optional(cells, columns.affected_share)
        return (
            _slug(mapping.id_prefix + cells[columns.id].lower()),
            {
                "span": self._span(cells[columns.start], cells[columns.end]),
                "source": _label(self._optional(cells, columns.source) or mapping.source),
                "point": mapping.point,
                "reported": self._time(cells, columns.reported),
                "affected_share": _share(share) if share else Fraction(1),
            },
            self._time(cells, columns.announced),
        )

    def _optional(self, cells: Mapping[str, str], column: str) -> str:
        """A cell, "" where the table has no such column or the cell says nothing."""
        cell = cells[column] if column else ""
        return "" if cell in self.mapping.absent else cell

    def _time(self, cells: Mapping[str, str], column: str) -> Instant | None:
        cell = self._optional(cells, column)
        return self.mapping.times.read(cell) if cell else None

    def _span(self, start: str, end: str) -> Span:
        first, last = (self.mapping.times.read(text) for text in (start, end))
        if first == last:
            raise refuse("ZERO_LENGTH", f"it begins and ends at {start}")
        if first > last:
            raise refuse("END_BEFORE_START", f"it begins at {start} and ends at {end}")
        return Span(first, last)

    def _rule(self, cells: Mapping[str, str]) -> Rule:
        """The first rule that fits."""
        rules = self.mapping.rules
        asked = tuple(cells[column] for column in self._asked)
        if asked not in self._known:
            if len(self._known) >= LIMIT_REMEMBERED:
                self._known.clear()
            fitting = (i for i, rule in enumerate(rules) if self.mapping.fits(rule, cells))
            self._known[asked] = next(fitting, None)
        number = self._known[asked]
        if number is None:
            values = ", ".join(
                f"{column}={shown(cell)}" for column, cell in zip(self._asked, asked, strict=True)
            )
            raise refuse("NO_RULE", f"no rule of the map is for {values}")
        self._used.add(number)
        return rules[number]

    def _made(
        self, rule: Rule, id: str, common: Mapping[str, Any], announced: Instant | None
    ) -> list[tuple[str, Fact]]:
        """The facts of a row with their kind; of several services each has an id of its own."""
        kind = rule.facts or self.mapping.facts
        more: dict[str, dict[str, Any]] = {
            "outages": {"part": rule.part},
            "maintenance": {"announced": announced},
        }
        several = len(rule.services) > 1
        return [
            (
                kind,
                FACT_KINDS[kind](
                    id=_slug(f"{id}.{service}") if several else id,
                    service=service,
                    **common,
                    **more.get(kind, {}),
                ),
            )
            for service in rule.services
        ]

    def result(self) -> TableResult:
        facts = {
            kind: tuple(sorted(found, key=lambda fact: fact.id))
            for kind, found in self._facts.items()
        }
        rules = enumerate(self.mapping.rules)
        return TableResult(
            Facts(**facts),  # type: ignore[arg-type]
            self.rows,
            self.mapped,
            self.merged,
            {reason: tuple(lines) for reason, lines in self.ignored.items()},
            tuple(self.quarantined),
            tuple(rule for number, rule in rules if number not in self._used),
        )


def _slug(id: str) -> str:
    if not is_slug(id):
        raise refuse("BAD_ID", f"{shown(id)} cannot be an id")
    return id


def _label(text: str) -> str:
    if len(text) > LIMIT_LABEL:
        raise refuse("TOO_LONG", f"the source has {len(text)} characters")
    return text


def _share(text: str) -> Fraction:
    share = parse_ratio(text)
    if not 0 <= share <= 1:
        raise refuse("OUT_OF_RANGE", f"the affected share {text} is not between 0 and 1")
    return share
