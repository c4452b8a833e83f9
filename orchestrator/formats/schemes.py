"""Credit schemes in documents, the rules that go with them, and the library of published ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

from orchestrator.errors import refuse
from orchestrator.formats.clauses import FLAG, PERIOD_OF_TIME
from orchestrator.formats.context import Context, attempt, nearest, shown
from orchestrator.formats.document import Places, begin, header, refuse_all
from orchestrator.formats.quantities import (
    DURATION,
    FIGURE,
    LABEL,
    MONEY,
    PERCENT,
    RATIO,
    SLUG_ID,
    TEXT,
    whole,
)
from orchestrator.formats.record import Inline, Key, Record
from orchestrator.formats.shapes import (
    ByKey,
    Converted,
    ListOf,
    OneOf,
    Ref,
    Schema,
    Shape,
    choice,
)
from orchestrator.formats.source import Source, read_source
from orchestrator.model.credits import Cap
from orchestrator.model.schemes import (
    KIND_OF_FORM,
    SOURCES,
    STEPS,
    Form,
    Linear,
    Multiple,
    PerOccurrence,
    PerTime,
    Points,
    Pool,
    PublishedScheme,
    Row,
    Scheme,
    Slope,
    Tiers,
    Worth,
)
from orchestrator.model.values import Money

# ------------------------------------------------------------------------------------ rows and sums

CAP: Final = ByKey[Cap](
    {
        "percent": Record(lambda percent: Cap(percent=percent), Key("percent", PERCENT)),
        "amount": Record(lambda amount: Cap(amount=amount), Inline("amount", MONEY)),
    },
    lambda cap: "amount" if cap.amount else "percent",
    '{percent: "25"} or {amount: "500.00"}',
)

WORTH: Final = ByKey[Worth](
    {
        "percent": Record(lambda percent: Worth(percent=percent), Key("percent", PERCENT)),
        "amount": Record(lambda amount: Worth(amount=amount), Inline("amount", MONEY)),
    },
    lambda worth: "amount" if worth.amount else "percent",
    '{percent: "1"} or {amount: "500.00"}',
)


def _below(below: Fraction, worth: Fraction) -> Row:
    return Row(below, worth, nested=True)


def _between(
    worth: Fraction,
    start: Fraction | None = None,
    above: Fraction | None = None,
    end: Fraction | None = None,
    through: Fraction | None = None,
) -> Row:
    """A row with ends of either kind."""
    if (start is not None and above is not None) or (end is not None and through is not None):
        raise refuse(
            "BAD_SCHEME",
            "a row begins once and ends once",
            "write `from` or `above`, and `to` or `through`",
        )
    low = start if above is None else above
    high = end if through is None else through
    if high is None:
        raise refuse("MISSING_KEY", "the key `to` is missing", "give it a `to`, or a `through`")
    return Row(
        high,
        worth,
        Fraction(0) if low is None else low,
        low_included=above is None,
        high_included=end is None,
    )


def _open(
    worth: Fraction,
    start: Fraction | None = None,
    above: Fraction | None = None,
    end: Fraction | None = None,
    through: Fraction | None = None,
) -> Row:
    """A row that reaches to the best value there is unless it ends before."""
    last = Fraction(1) if end is None and through is None else through
    return _between(worth, start, above, end, last)


def _end(included: bool, of: Callable[[Row], tuple[Fraction, bool]]) -> Callable[[Row], Any]:
    """An end of a row where it is of this kind, else None: not written."""
    return lambda row: of(row)[0] if of(row)[1] == included else None


class _Between(Record[Row]):
    """A row that has to say one of some ends."""

    def __init__(self, ends: Iterable[str], make: Callable[..., Row], *keys: Key) -> None:
        super().__init__(make, *keys, blame={"END_BEFORE_START": "to"})
        self._ends = tuple(ends)

    def schema(self) -> Schema:
        return super().schema() | {"anyOf": [{"required": [end]} for end in self._ends]}


_ENDS: Final = ("from", "above", "to", "through")


def _rows(
    key: str, shape: Shape[Fraction], about: str, make: Callable[..., Row] = _between
) -> ListOf[Row]:
    """A table of rows whose worth stands under a key."""
    worth = Key(key, shape, "worth", about=about)

    def start(row: Row) -> tuple[Fraction, bool]:
        return row.low, row.low_included

    def end(row: Row) -> tuple[Fraction, bool]:
        return row.high, row.high_included

    between = _Between(
        _ENDS[2:] if make is _between else _ENDS,
        make,
        Key("from", RATIO, "start", get=_end(True, start), about="Included; from nothing."),
        Key("above", RATIO, "above", get=_end(False, start), about="Not included."),
        Key("to", RATIO, "end", get=_end(False, end), about="Not included."),
        Key("through", RATIO, "through", get=_end(True, end), about="Included."),
        worth,
    )
    below = Record(
        _below,
        Key("below", RATIO, get=lambda row: row.high),
        worth,
        blame={"END_BEFORE_START": "below"},
    )
    cases = {"below": below, **dict.fromkeys(_ENDS, between)}
    return ListOf(
        ByKey[Row](
            cases,
            lambda row: "below" if row.nested else "from",
            f'{{below: "99.9%", {key}: "10"}} or {{from, to, {key}}}',
        )
    )


_OF_THE_FEE: Final = "Of the fee: 10 and 10% are the same."
ROWS: Final = _rows("percent", PERCENT, _OF_THE_FEE)
OPEN_ROWS: Final = _rows("percent", PERCENT, _OF_THE_FEE, _open)
_POINT_ROWS: Final = _rows("points", FIGURE, "Service points.")

# ------------------------------------------------------------------------------------------ schemes

_STEPS: Final = choice(STEPS, says="way to count steps")
_SLOPE: Final = Record(
    Slope,
    Key("below", RATIO, about="Where the credit begins."),
    Key("percent", PERCENT, about="Of the fee, for every step."),
    Key("per", RATIO, about="The step."),
    Key("steps", _STEPS, about="What a step that is not full counts for."),
    blame={"BAD_SCHEME": "per"},
)
_ONE_SLOPE: Final = Converted[tuple[Slope, ...]](
    _SLOPE, lambda slope, _: (slope,), lambda slopes, _: slopes[0]
)
_MANY_SLOPES: Final = ListOf(_SLOPE, at_least=1)


def _slope_form(slopes: tuple[Slope, ...], _: Context) -> Shape[Any]:
    return _ONE_SLOPE if len(slopes) == 1 else _MANY_SLOPES


_SLOPES: Final = OneOf[tuple[Slope, ...]](
    "a slope, or a list of slopes", _slope_form, mapping=_ONE_SLOPE, items=_MANY_SLOPES
)
_PLAIN_POOL: Final = (
    Key("atRisk", RATIO, about="Of the invoice."),
    Key("allocation", PERCENT, about="Of the pool, to this category."),
    Key("rows", ROWS),
    Key("name", LABEL, about="Terms that draw on one pool have one name."),
)


def _of_form(name: str, shape: Shape[Any], field: str, about: str = "") -> Key:
    return Key(name, shape, field, get=lambda scheme: getattr(scheme.form, field), about=about)


def _case(form: Callable[..., Form], *keys: Key) -> Record[Scheme]:
    """A scheme of one form: the keys of the form, and those that every scheme has."""

    def make(cap: Cap | None = None, minimum: Money | None = None, **values: Any) -> Scheme:
        return Scheme(form(**values), cap, minimum)

    return Record(
        make,
        *keys,
        Key("cap", CAP, about="The most that this term alone brings in a period."),
        Key("onlyAbove", MONEY, "minimum", about="What a credit has to exceed to be paid."),
        like=form if isinstance(form, type) else None,
    )


_ALWAYS: Final = _of_form("always", FLAG, "always", "Also where the target is met.")
FORM_CASES: Final[dict[str, Record[Scheme]]] = {
    "tiers": _case(Tiers, _of_form("tiers", ROWS, "rows")),
    "linear": _case(Linear, _of_form("linear", _SLOPES, "slopes")),
    "perMinute": _case(
        PerTime,
        _of_form("perMinute", WORTH, "worth"),
        _of_form("every", DURATION, "unit", "Instead of every minute."),
        _of_form("free", DURATION, "free", "Downtime that brings nothing."),
        _of_form("steps", _STEPS, "steps"),
        _ALWAYS,
    ),
    "fixed": _case(
        PerOccurrence,
        _of_form("fixed", WORTH, "worth", "For every occurrence."),
        _of_form("free", whole(0, 10**6), "free", "Occurrences that bring nothing."),
        _ALWAYS,
    ),
    "points": _case(
        Points,
        _of_form("points", _POINT_ROWS, "rows"),
        _of_form("each", WORTH, "worth", "What a point costs."),
        _of_form("free", FIGURE, "free", "Points that bring nothing."),
    ),
    "pool": _case(
        lambda pool: pool,
        Key("pool", Record(Pool, *_PLAIN_POOL), "pool", get=lambda scheme: scheme.form),
    ),
    "multiple": _case(
        Multiple,
        _of_form("multiple", FIGURE, "factor", "Of the fee of the down period."),
        _of_form("affected", FLAG, "affected", "Downtime counts by the share affected."),
        _ALWAYS,
    ),
}
"""A scheme by the key that tells its form; those of `SCHEME_KINDS`."""


def _taken(published: str) -> Scheme:
    return replace(published_scheme(published).scheme, published=published)


_PUBLISHED: Final = Record(
    _taken,
    Key("published", SLUG_ID, about="The id of a published scheme."),
    blame={"UNKNOWN_SCHEME": "published"},
)


def _rows_of(scheme: Scheme, _: Context) -> tuple[Row, ...]:
    assert isinstance(scheme.form, Tiers)
    return scheme.form.rows


_PLAIN_ROWS: Final = Converted[Scheme](ROWS, lambda rows, _: Scheme(Tiers(rows)), _rows_of)


def _key_of(scheme: Scheme) -> str:
    """A scheme is named only where its name still says what was agreed."""
    known = published_schemes().get(scheme.published)
    if known is not None and scheme == replace(known.scheme, published=known.id):
        return "published"
    return KIND_OF_FORM[type(scheme.form)].id


def _written_in(own: Shape[Scheme]) -> Callable[[Scheme, Context], Shape[Scheme]]:
    def pick(scheme: Scheme, _: Context) -> Shape[Scheme]:
        bare = scheme == Scheme(scheme.form)
        return _PLAIN_ROWS if bare and isinstance(scheme.form, Tiers) else own

    return pick


def _schemes(cases: Mapping[str, Record[Scheme]]) -> OneOf[Scheme]:
    own = ByKey[Scheme](cases, _key_of, f"one of {', '.join(cases)}")
    return OneOf(
        "a list of credit rows, or a scheme", _written_in(own), mapping=own, items=_PLAIN_ROWS
    )


_OWN_SCHEME: Final = _schemes(FORM_CASES)
_SCHEME: Final = _schemes({"published": _PUBLISHED, **FORM_CASES})
SCHEME: Final = Ref[Scheme]("scheme", lambda: _SCHEME)
"""What stands under `credits` of a term: rows of tiers, one of the forms, or `{published: ID}`."""

# ---------------------------------------------------------------------------------------- published

LIBRARY: Final = "published_schemes.yaml"
PUBLISHED: Final = Record(
    PublishedScheme,
    Key("id", SLUG_ID),
    Key("provider", LABEL),
    Key("name", LABEL),
    Key("targets", ListOf(RATIO, at_least=1)),
    Key("credits", _OWN_SCHEME, "scheme"),
    Key("source", choice(SOURCES, says="kind of source")),
    Key("year", whole(1990, 2100), about="Of the text."),
    Key("period", choice(("month", "quarter", "year"), says="period")),
    Key("down", TEXT, about="What counts as down."),
    Key("claim", PERIOD_OF_TIME, about="By when after the period a credit has to be claimed."),
    Key("soleRemedy", FLAG),
    Key("note", TEXT),
)
HEADER: Final = header("SchemeLibrary")
DOCUMENT: Final = Record(
    lambda schemes: schemes, *HEADER, Key("schemes", ListOf(PUBLISHED, unique="id"))
)


@dataclass(frozen=True, eq=False)
class Library:
    """Published schemes, and where they stand in the text they were read from."""

    schemes: tuple[PublishedScheme, ...]
    source: Source

    @cached_property
    def places(self) -> Places:
        return Places(self.source.root, {})


def is_library(text: bytes, file: str = "") -> bool:
    """Whether a text says that it is a library of schemes. Most do not even name it, and need not
    be read for that."""
    if b"SchemeLibrary" not in text:
        return False
    node = read_source(text, file).root
    kind = node.value.get("kind") if isinstance(node.value, dict) else None
    return kind is not None and kind.value == "SchemeLibrary"


def read_schemes(text: str | bytes, file: str = "") -> tuple[PublishedScheme, ...]:
    """Read a library of published schemes; all that is wrong with it is raised at once."""
    return read_library(text, file).schemes


def read_library(text: str | bytes, file: str = "") -> Library:
    """As `read_schemes`, with the places of the schemes."""
    source, ctx = read_source(text, file), Context(currency="USD")
    given = begin(source, HEADER, ctx)
    DOCUMENT.reports_unknown(given, ctx)
    found: tuple[PublishedScheme, ...] | None = ()
    if "schemes" in given:
        found = attempt(ListOf(PUBLISHED, unique="id").read, given["schemes"], ctx)
    refuse_all(source, ctx)
    assert found is not None
    return Library(found, source)


@cache
def published_schemes() -> Mapping[str, PublishedScheme]:
    """The published schemes that come with the program, by id."""
    text = files("orchestrator.formats").joinpath(LIBRARY).read_bytes()
    return {one.id: one for one in read_schemes(text, LIBRARY)}


def published_scheme(id: str) -> PublishedScheme:
    """The published scheme of an id. Raises UNKNOWN_SCHEME."""
    known = published_schemes()
    if id not in known:
        raise refuse("UNKNOWN_SCHEME", f"no published scheme is {shown(id)}", nearest(id, known))
    return known[id]
