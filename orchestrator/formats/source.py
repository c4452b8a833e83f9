"""YAML and JSON text as nodes that know their place.

Both readers walk their text from left to right, without recursion, and build one tree, which
refuses what a document of agreements has no use for: repeated keys, aliases, tags, bottomless
nesting.

YAML is resolved much as its 1.2 core schema does: only `true`, `false`, `null`, `~` and plain
numbers are special; `on`, `yes`, `2026-01-01` and `4:30` are strings. The reader takes the
events of the parser rather than composed nodes: composing recurses in C and may exhaust the
stack, and the events cost an eighth of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import yaml

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.json_source import read_json
from orchestrator.formats.nodes import NUMBER, WORDS, Node, Number, locate
from orchestrator.formats.tree import Tree

__all__ = ["Node", "Number", "Source", "locate", "read_source"]

LIMIT_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """A document's nodes, and what is wrong with its text short of being unreadable."""

    root: Node
    file: str = ""
    problems: tuple[Problem, ...] = ()


def read_source(text: str | bytes, file: str = "", *, limit: int = LIMIT_BYTES) -> Source:
    """Read one YAML or JSON document; the file's ending tells which, else its first characters."""
    tree = Tree(file)
    characters = _characters(text, file, limit)
    if _is_json(characters, file):
        read_json(characters, tree)
    else:
        _read_yaml(characters, tree)
    if tree.root is None or tree.root.value is None:
        raise tree.fault("EMPTY_DOCUMENT", "the document is empty", "begin it with apiVersion", 1)
    return Source(tree.root, file, tuple(tree.problems))


def _characters(text: str | bytes, file: str, limit: int) -> str:
    """The text as characters, whatever it comes as, without a byte order mark."""

    def refused(code: str, message: str, advice: str, line: int) -> OrchestratorError:
        return OrchestratorError(Problem(code, message, advice, file, line))

    if len(text) > limit:
        raise refused("TOO_LARGE", f"the document is over {limit} bytes", "split it", 1)
    data = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "the document is not UTF-8"
        raise refused("BAD_ENCODING", message, "save it as UTF-8", line) from error


_JSON_START: Final = re.compile(r'\s*(?:\{\s*["}]|\[\s*["\[\]{])')


def _is_json(text: str, file: str) -> bool:
    ending = file.rpartition(".")[2].lower()
    if ending in ("json", "yaml", "yml"):
        return ending == "json"
    return _JSON_START.match(text) is not None


# ---------------------------------------------------------------------------------------- YAML

_NUMBER_START: Final = frozenset("-0123456789")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_ALIAS: Final = "write the value out: agreements are read by people, one place at a time"
_TABS: Final = "indent with spaces; YAML takes no tabs"


def _read_yaml(text: str, tree: Tree) -> None:
    documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.ScalarEvent):
                _yaml_scalar(event, tree)
            elif isinstance(event, yaml.MappingStartEvent):
                tree.begin({}, *_unadorned(event, tree))
            elif isinstance(event, yaml.SequenceStartEvent):
                tree.begin([], *_unadorned(event, tree))
            elif isinstance(event, yaml.CollectionEndEvent):
                tree.end()
            elif isinstance(event, yaml.AliasEvent):
                raise _not_allowed(f"the alias *{event.anchor}", event, tree)
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise tree.fault(
                        "MANY_DOCUMENTS",
                        "the file holds several documents",
                        "put each into a file of its own",
                        _place(event)[0],
                    )
    except yaml.YAMLError as error:
        raise _yaml_fault(error, text, tree) from error


def _yaml_scalar(event: yaml.ScalarEvent, tree: Tree) -> None:
    text: str = event.value
    value: str | bool | Number | None = text
    place = _unadorned(event, tree)
    if event.implicit[0]:  # plain: not in quotes, nor a block, which are always texts
        if text == "<<" and tree.at_key:
            raise _not_allowed("the merge key <<", event, tree)
        if text in WORDS:
            value = WORDS[text]
        elif text[0] in _NUMBER_START and NUMBER.fullmatch(text):
            value = Number(text)
    tree.scalar(value, *place)


def _unadorned(event: yaml.ScalarEvent | yaml.CollectionStartEvent, tree: Tree) -> tuple[int, int]:
    """The place of a value that has neither anchor nor tag."""
    if event.anchor is not None:
        raise _not_allowed(f"the anchor &{event.anchor}", event, tree)
    if event.tag is not None:
        raise _not_allowed(f"the tag {event.tag}", event, tree)
    return _place(event)


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None
    return mark.line + 1, mark.column + 1


def _not_allowed(what: str, event: yaml.Event, tree: Tree) -> OrchestratorError:
    return tree.fault("ALIAS_NOT_ALLOWED", f"{what} is not allowed", _NO_ALIAS, _place(event)[0])


def _yaml_fault(error: yaml.YAMLError, text: str, tree: Tree) -> OrchestratorError:
    if isinstance(error, yaml.MarkedYAMLError):
        return _yaml_syntax_fault(error, text, tree)
    position = getattr(error, "position", 0)
    if _LOADER is not yaml.SafeLoader:  # libyaml counts bytes
        before = text.encode()[:position].decode(errors="ignore")
    else:
        before = text[:position]
    return tree.fault(
        "BAD_CHARACTER",
        "the document holds a control character",
        "take it out, or write it as an escape in quotes",
        before.count("\n") + 1,
    )


def _yaml_syntax_fault(error: yaml.MarkedYAMLError, text: str, tree: Tree) -> OrchestratorError:
    lines = text.rstrip().splitlines()
    mark = error.problem_mark or error.context_mark
    if mark is not None and mark.line >= len(lines):
        mark = error.context_mark or mark  # where it begins, not where the text ended without it
    line = min(mark.line, len(lines) - 1) if mark is not None and lines else 0
    indent = lines[line][: len(lines[line]) - len(lines[line].lstrip())] if lines else ""
    said = ": ".join(part for part in (error.context, error.problem) if part)
    return tree.fault(
        "BAD_SYNTAX", said, _TABS if "\t" in indent else "mend the YAML there", line + 1
    )
