"""The CsvMap document: what the columns and values of somebody's table mean in an estate.

A table of outages speaks of its own services and regions; the map says, rule by rule, which
service of the estate that is, or why a row is left out. Of the rules the first that fits counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats.context import Context, Overwhelmed, Refused, attempt, mapping_of
from orchestrator.formats.document import API_VERSION, begin, header, refuse_all
from orchestrator.formats.nodes import Json, Node
from orchestrator.formats.quantities import LABEL, SLUG_ID, ZONE
from orchestrator.formats.record import REQUIRED, Key, Record
from orchestrator.formats.shapes import (
    ByKey,
    Converted,
    Flag,
    ListOf,
    OneOf,
    Scalar,
    Schema,
    Shape,
    choice,
)
from orchestrator.formats.source import read_source
from orchestrator.model.values import (
    Instant,
    Kept,
    instant_of,
    parse_instant,
    zone,
)

KINDS: Final = ("outages", "maintenance", "unknown")
"""The lists of a facts document that a table can fill."""

WILDCARD: Final = "*"
"""Any characters, none at all included."""

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what; "" for what the table does not have."""

    id: str
    start: str
    end: str
    reported: str = ""
    announced: str = ""
    source: str = ""
    affected_share: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """How the table writes times: with a zone as documents do, unless said.

    `timezone` is that of times without one; `format` is in the directives of `strptime`.
    """

    timezone: str = ""
    format: str = ""

    def __post_init__(self) -> None:
        if self.format:
            _check_format(self.format, bool(self.timezone))

    def read(self, text: str) -> Instant:
        """A time of the table as an instant; never a guess where the clock shows it twice."""
        moment = self._moment(text)
        if moment is None:
            instant = parse_instant(text)
        else:
            instant = instant_of(moment) if moment.tzinfo else _local(moment, self.timezone)
        if not _EARLIEST <= instant <= _LATEST:
            raise refuse("BAD_INSTANT", f"{text!r} is out of range")
        return instant

    def _moment(self, text: str) -> datetime | None:
        """A time in the table's own format, or one that may have no zone; None for any other."""
        if not self.format:
            return _without_zone(text) if self.timezone else None
        try:
            return datetime.strptime(text, self.format)  # noqa: DTZ007 - its zone comes later
        except ValueError as error:
            raise refuse("BAD_INSTANT", f"{text!r} is not a time as {self.format!r}") from error


_EARLIEST: Final = instant_of(datetime(1, 1, 3, tzinfo=UTC))
_LATEST: Final = instant_of(datetime(9999, 12, 29, tzinfo=UTC))
"""Within these a time can be shown in every zone."""


def _without_zone(text: str) -> datetime | None:
    """`2018-01-03 20:45`, with or without its seconds; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    timed = len(text) > len("2018-01-03") and text[:4].isdigit() and text[4] == "-"
    return moment if timed and moment.tzinfo is None else None


def _local(moment: datetime, name: str) -> Instant:
    """A wall clock's time in a zone as an instant, if there is exactly one."""
    where = zone(name)
    early, late = (instant_of(moment.replace(tzinfo=where, fold=fold)) for fold in (0, 1))
    if early < late:
        raise refuse("AMBIGUOUS_TIME", f"the clocks of {name} show {moment} twice")
    if early > late:
        raise refuse("AMBIGUOUS_TIME", f"the clocks of {name} leap over {moment}")
    return early


_PROBE: Final = datetime(2001, 2, 3, 16, 5, 6, 789_012, tzinfo=UTC)


def _check_format(format: str, has_zone: bool) -> None:
    """Refuse a format that loses the date or half of the day, or leaves the zone open."""
    try:
        back = datetime.strptime(_PROBE.strftime(format), format)  # noqa: DTZ007 - a probe
    except ValueError as error:
        raise refuse("BAD_FORMAT", f"{format!r} is not a format of times: {error}") from error
    finer: dict[str, Any] = {"tzinfo": back.tzinfo}
    kept = {_PROBE.replace(**finer)}
    for part in ("microsecond", "second", "minute", "hour"):
        finer[part] = 0
        kept.add(_PROBE.replace(**finer))
    if back not in kept or "%Z" in format:
        raise refuse(
            "BAD_FORMAT",
            f"the format {format!r} does not tell every time",
            "it needs year, month and day, %p beside %I, and for the zone %z, not %Z",
        )
    if back.tzinfo is None and not has_zone:
        raise refuse(
            "BAD_FORMAT",
            f"the format {format!r} has no zone",
            "say in which `timezone` the times are, or use %z where they tell it",
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """For rows whose cells fit `when`: the services that they are facts about, or why they are
    ignored. `facts` is "" where the map's own kind holds; `line` is where the rule stands."""

    when: tuple[tuple[str, Values], ...]
    services: tuple[str, ...] = ()
    ignore: str = ""
    facts: str = ""
    part: str = "whole"
    line: int = 0


@dataclass(frozen=True, slots=True)
class CsvMap:
    """What a table means. `absent` are cells that say nothing, besides empty ones."""

    columns: Columns
    rules: tuple[Rule, ...]
    name: str = ""
    delimiter: str = ","
    times: Times = Times()
    absent: Values = ()
    facts: str = "outages"
    id_prefix: str = ""
    source: str = ""
    point: str = "service"
    ignore_case: bool = False
    kept: Kept = ()

    def fits(self, rule: Rule, row: Mapping[str, str]) -> bool:
        """Whether a row's cells, by column, are what a rule asks for."""
        return all(
            any(cell_fits(value, row[column], self.ignore_case) for value in values)
            for column, values in rule.when
        )


def cell_fits(value: str, cell: str, ignore_case: bool = False) -> bool:
    """Whether a cell is a value, in which `*` stands for any characters."""
    if ignore_case:
        value, cell = value.casefold(), cell.casefold()
    first, *others = value.split(WILDCARD)
    if not others:
        return cell == first
    *middle, last = others
    here, end = len(first), len(cell) - len(last)
    if here > end or not (cell.startswith(first) and cell.endswith(last)):
        return False
    for piece in middle:
        found = cell.find(piece, here, end)
        if found < 0:
            return False
        here = found + len(piece)
    return True


# --- the document --------------------------------------------------------------------------------


def _cell(text: str, _: Context) -> str:
    return text.strip()


def _column(text: str, _: Context) -> str:
    if not text.strip():
        raise refuse("MISSING_VALUE", "the name of the column is empty", "leave the key out")
    return text.strip()


def _as_is(value: str, _: Context) -> Json:
    return value


CELL: Final = Scalar("a cell", _cell, _as_is, number=_cell, limit=1_000)
COLUMN: Final = Scalar("the name of a column", _column, _as_is, limit=1_000)


def _one_or_more(one: Shape[str], says: str) -> OneOf[Values]:
    """A value by itself, or a list of them."""
    several = ListOf(one, at_least=1)
    alone = Converted[Values](one, lambda value, _: (value,), lambda values, _: values[0])
    return OneOf[Values](
        says, lambda values, _: alone if len(values) == 1 else several, text=alone, items=several
    )


VALUES: Final = _one_or_more(CELL, "a value, or a list of values")
SERVICES: Final = _one_or_more(SLUG_ID, "a service, or a list of services")


@dataclass(frozen=True, eq=False)
class Conditions:
    """`{provider: AWS, region: [Ireland, London]}`: columns with the values they may have."""

    def read(self, node: Node, ctx: Context) -> tuple[tuple[str, Values], ...]:
        given = mapping_of(node, ctx, "columns with their values")
        found = [(name.strip(), attempt(VALUES.read, child, ctx)) for name, child in given.items()]
        if any(values is None for _, values in found):
            raise Refused()
        return tuple((name, values) for name, values in found if values is not None)

    def write(self, value: tuple[tuple[str, Values], ...], ctx: Context) -> Json:
        return {column: VALUES.write(values, ctx) for column, values in value}

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": VALUES.schema()}


_WHEN: Final = Key("when", Conditions(), about="Columns with the values they may have.")
_FORMS: Final = ByKey[Rule](
    {
        "service": Record(
            Rule,
            _WHEN,
            Key("service", SERVICES, "services", REQUIRED, about="What the row is a fact about."),
            Key("facts", choice(KINDS, says="kind of facts")),
            Key("part", choice(("whole", "own"), says="part of a service")),
        ),
        "ignore": Record(
            Rule, _WHEN, Key("ignore", LABEL, default=REQUIRED, about="Why the row is left out.")
        ),
    },
    lambda rule: "ignore" if rule.ignore else "service",
    "{when: ..., service: ...} or {when: ..., ignore: ...}",
)


@dataclass(frozen=True, eq=False)
class PlacedRule:
    """A rule with the line it stands in."""

    def read(self, node: Node, ctx: Context) -> Rule:
        rule = _FORMS.read(node, ctx)
        if not rule.services and not rule.ignore.strip():
            raise ctx.refuse(node, "MISSING_VALUE", "no reason is given", "say why, in `ignore`")
        repeated = {id for id in rule.services if rule.services.count(id) > 1}
        if repeated:
            raise ctx.refuse(
                node, "DUPLICATE_ID", f"{min(repeated)!r} is named twice", "name it once"
            )
        return replace(rule, line=node.line)

    def write(self, value: Rule, ctx: Context) -> Json:
        return _FORMS.write(value, ctx)

    def schema(self) -> Schema:
        return _FORMS.schema()


HEADER: Final = header("CsvMap")
MAP: Final = Record(
    CsvMap,
    Key("name", LABEL),
    Key("delimiter", choice((",", ";", "\t", "|"), says="delimiter")),
    Key(
        "columns",
        Record(
            Columns,
            Key("id", COLUMN),
            Key("from", COLUMN, "start"),
            Key("to", COLUMN, "end"),
            Key("reported", COLUMN, about="When it was made known."),
            Key("announced", COLUMN, about="When maintenance was."),
            Key("source", COLUMN),
            Key("affectedShare", COLUMN),
        ),
    ),
    Key(
        "times",
        Record(
            Times,
            Key("timezone", ZONE, about="Of times that have none."),
            Key("format", LABEL, about="In the directives of strptime."),
            blame={"BAD_FORMAT": "format"},
        ),
    ),
    Key("absent", ListOf(CELL), about="Cells that say nothing, besides empty ones."),
    Key("facts", choice(KINDS, says="kind of facts"), about="What a row is, unless its rule says."),
    Key("idPrefix", SLUG_ID, about="Put before every id, to keep those of other tables apart."),
    Key("source", LABEL, about="The tool that reported it, where no column says."),
    Key("point", LABEL, about="Where it was measured."),
    Key("ignoreCase", Flag(), about="Upper and lower case are the same in rules."),
    Key("rules", ListOf(PlacedRule(), at_least=1), about="The first that fits counts."),
    keeps=True,
)
"""The document but for its header."""


def read_map(text: str | bytes, file: str = "") -> CsvMap:
    """Read a CsvMap document; all that is wrong with it is raised at once."""
    source, ctx = read_source(text, file), Context()
    given = dict(begin(source, HEADER, ctx))
    for key in HEADER:
        del given[key.name]
    found: CsvMap | None = None
    with suppress(Overwhelmed):
        found = attempt(MAP.read_keys, given, source.root, ctx)
    refuse_all(source, ctx)
    assert found is not None, "a map was refused and nothing reported"
    return found


def write_map(mapping: CsvMap) -> dict[str, Json]:
    """The document of a map; reading it back gives an equal one, but for the lines of its rules."""
    return {"apiVersion": API_VERSION, "kind": "CsvMap", **MAP.write(mapping, Context())}
