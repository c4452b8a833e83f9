"""The XML of the Open-PSA Model Exchange Format as declarations that know their place.

One pass from left to right over what the parser meets, without recursion. What the format knows
and this reader does not is refused by name: a construct passed over in silence would change the
probability. A document type is refused as such, and with it entities, the one way in which a small
file can grow or name another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.parsers import expat

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.openpsa_elements import (
    CHOICES,
    CONTAINERS,
    DECLARES,
    ELEMENTS,
    NEGATIVE,
    REMARKS,
    Declaration,
    Element,
    Open,
    Place,
    WrongValueError,
)

LIMIT_BYTES: Final = 64 * 1024 * 1024
LIMIT_ELEMENTS: Final = 2_000_000
LIMIT_DEPTH: Final = 100
LIMIT_TEXT: Final = 1_000


class _Reader:
    """Takes the parser's events. Guards that nothing is passed over but remarks."""

    def __init__(self, file: str, parser: expat.XMLParserType) -> None:
        self.file = file
        self.parser = parser
        self.open: list[Open] = []
        self.declared: list[Declaration] = []
        self.elements = 0
        self.remark = 0
        """How deep inside a label or attributes."""

    @property
    def line(self) -> int:
        return self.parser.CurrentLineNumber

    def fault(self, code: str, message: str, advice: str, inside: str = "") -> OrchestratorError:
        path = "/".join(
            [*(_step(one.tag, one.attributes) for one in self.open), *filter(None, [inside])]
        )
        return OrchestratorError(Problem(code, message, advice, self.file, self.line, path))

    def doctype(self, *_: object) -> None:
        raise self.fault(
            "DTD_NOT_ALLOWED",
            "the file declares a document type, and with it perhaps entities",
            "take the <!DOCTYPE ...> out: the format needs none",
        )

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > LIMIT_ELEMENTS:
            raise self.fault(
                "TOO_LARGE", f"the file has over {LIMIT_ELEMENTS:,} elements", "split it"
            )
        if self.remark or (tag in REMARKS and self.open):
            self.remark += 1
            return
        if len(self.open) >= LIMIT_DEPTH:
            raise self.fault(
                "TOO_DEEP",
                f"the file is nested deeper than {LIMIT_DEPTH} levels",
                "define inner formulas as gates, and refer to them by name",
            )
        row = self._row(tag, attributes)
        self._check_attributes(tag, attributes, row)
        outer = self.open[-1] if self.open else None
        public = outer.public if outer else True
        if "role" in attributes:
            public = attributes["role"] == "public"
        path = "/".join(_step(one.tag, one.attributes) for one in self.open)
        place = Place(self.line, "/".join(filter(None, [path, _step(tag, attributes)])))
        self.open.append(Open(tag, attributes, place, public))

    def _row(self, tag: str, attributes: Mapping[str, str]) -> Element:
        inside = _step(tag, attributes)
        if not self.open and tag != "opsa-mef":
            raise self.fault(
                "BAD_KIND",
                f"the file begins with <{tag[:40]}>, not with <opsa-mef>",
                "name a file of the Open-PSA model exchange format",
                inside,
            )
        if tag in NEGATIVE:
            raise self.fault(
                "NOT_COHERENT",
                f"<{tag}> lets the failure of a part repair the whole",
                "only and, or and atleast are read: rewrite the gate with these",
                inside,
            )
        row = ELEMENTS.get(tag)
        if row is None:
            raise self.fault(
                "NOT_SUPPORTED",
                f"<{tag[:40]}> is not read",
                "only fault trees of basic events with constant probabilities are",
                inside,
            )
        if (self.open[-1].tag if self.open else "") not in row.inside:
            raise self.fault(
                "BAD_SYNTAX",
                f"<{tag}> cannot stand in <{self.open[-1].tag}>",
                "see the schema of the format",
                inside,
            )
        return row

    def _check_attributes(self, tag: str, attributes: Mapping[str, str], row: Element) -> None:
        inside = _step(tag, attributes)
        for key in row.needed:
            if not attributes.get(key, "").strip():
                raise self.fault("MISSING_KEY", f"<{tag}> has no {key}", f"add {key}=", inside)
        for key, value in attributes.items():
            if key not in row.needed + row.allowed and not key.startswith("xml") and ":" not in key:
                raise self.fault(
                    "UNKNOWN_KEY", f"<{tag}> takes no {key[:40]!r}", "take it out", inside
                )
            if len(value) > LIMIT_TEXT:
                raise self.fault(
                    "TOO_LONG", f"{key} is over {LIMIT_TEXT} characters", "shorten it", inside
                )
        if tag.startswith("define-") and "." in attributes["name"]:
            raise self.fault(
                "BAD_ID",
                f"{attributes['name']!r} has a point in it, which parts a path",
                "name it without",
                inside,
            )
        for key, choices in CHOICES.items():
            if attributes.get(key, choices[0]) not in choices:
                raise self.fault(
                    "BAD_CHOICE",
                    f"{key} cannot be {attributes[key]!r}",
                    f"one of {', '.join(choices)}",
                    inside,
                )

    def end(self, tag: str) -> None:
        if self.remark:
            self.remark -= 1
            return
        row, found = ELEMENTS[tag], self.open[-1]
        if len(found.made) < row.least:
            raise self.fault("EMPTY_GROUP", f"<{tag}> holds no formula", "put one into it")
        if row.most is not None and len(found.made) > row.most:
            raise self.fault("BAD_SYNTAX", f"<{tag}> holds more than one value", "keep one")
        if tag in DECLARES:
            self._declare(found)
        made = None
        if row.value is not None:
            try:
                made = row.value(found)
            except WrongValueError as wrong:
                raise self.fault(wrong.code, wrong.message, wrong.advice) from wrong
        self.open.pop()
        if made is not None:
            self.open[-1].made.append(made)

    def _declare(self, found: Open) -> None:
        container = tuple(one.name for one in self.open[:-1] if one.tag in CONTAINERS)
        value = found.made[0] if found.made else None
        self.declared.append(
            Declaration(
                DECLARES[found.tag], found.name, container, found.public, value, found.place
            )
        )

    def text(self, data: str) -> None:
        if not self.remark and data.strip():
            raise self.fault(
                "BAD_SYNTAX",
                f"there is text where elements belong: {data.strip()[:40]!r}",
                "take it out",
            )


def _step(tag: str, attributes: Mapping[str, str]) -> str:
    name = attributes.get("name", "")
    return f"{tag[:40]}[{name[:80]}]" if name else tag[:40]


def read_declarations(text: str | bytes, file: str = "") -> tuple[Declaration, ...]:
    """What a file of the format declares. Raises `OrchestratorError` with the line and the path of
    whatever is wrong with it, or is not supported."""

    def refused(code: str, message: str, advice: str, line: int = 1) -> OrchestratorError:
        return OrchestratorError(Problem(code, message, advice, file, line))

    if len(text) > LIMIT_BYTES:
        raise refused("TOO_LARGE", f"the file is over {LIMIT_BYTES:,} bytes", "split it")
    if not text.strip():
        raise refused("EMPTY_DOCUMENT", "the file is empty", "begin it with <opsa-mef>")
    try:
        data = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise refused("BAD_ENCODING", "the text holds half a character", "take it out") from error
    parser = expat.ParserCreate("utf-8" if isinstance(text, str) else None)
    reader = _Reader(file, parser)
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise refused(
            "BAD_SYNTAX",
            f"the file is not XML: {expat.ErrorString(error.code)}",
            "mend it there",
            error.lineno,
        ) from error
    except (LookupError, ValueError) as error:
        raise refused("BAD_ENCODING", "the file is in no encoding we know", "use UTF-8") from error
    return tuple(reader.declared)
