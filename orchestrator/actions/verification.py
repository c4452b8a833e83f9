"""Whether an evidence pack follows from what it holds, and whether its page shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from orchestrator.actions.packs import API_VERSION, KIND, Plain, made_again, seal
from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.pack_page import LAYOUT, layout_of, pack_page
from orchestrator.formats.text import canonical_json

INPUTS: Final = ("about", "estate", "facts", "claims")
"""The sections of a pack that everything else in it follows from."""

_ADVICE: Final = "name an evidence pack, as `orchestrator pack` writes it"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Something in a pack that does not follow from what it holds. `path` says where."""

    path: str
    message: str


def read_pack(text: bytes | str, file: str = "") -> Plain:
    """A pack from its JSON text. BAD_SYNTAX for what is no JSON, or holds a number beyond 64 bits
    or half a character; DUPLICATE_KEY where a key is there twice, as others might read the other
    one; BAD_KIND and BAD_VERSION for another document."""
    try:
        pack = json.loads(
            text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
        canonical_json(pack)
    except OrchestratorError as error:
        raise error.at(file=file) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise refuse("BAD_SYNTAX", f"this is no pack's JSON: {error}", _ADVICE).at(
            file=file
        ) from error
    if not isinstance(pack, dict) or pack.get("kind") != KIND:
        raise refuse("BAD_KIND", f"a document of kind {KIND} is needed here", _ADVICE).at(file=file)
    if pack.get("apiVersion") != API_VERSION:
        raise refuse(
            "BAD_VERSION",
            f"this is a pack of {pack.get('apiVersion')!r}, and this release verifies "
            f"{API_VERSION} alone",
            "verify it with a release that writes such packs",
        ).at(file=file)
    return pack


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise refuse("DUPLICATE_KEY", f"{twice!r} is there twice", "nobody knows which one counts")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def verify_pack(pack: Plain, known: str = "") -> list[Disagreement]:
    """Everything in a pack that does not agree with what follows from the estate and the facts
    that it holds, with its own hash, or with the hash that it is `known` to have."""
    found: list[Disagreement] = []
    sealed = seal(pack)
    if pack.get("hash") != sealed:
        found.append(Disagreement("hash", f"is {pack.get('hash')}, the content has {sealed}"))
    if known and known.lower() != sealed:
        found.append(Disagreement("hash", f"of the content is {sealed}, and not {known}"))
    lacking = [key for key in INPUTS if key not in pack]
    if lacking:
        return found + [Disagreement(key, "is missing") for key in lacking]
    try:
        again = made_again(pack)
    except OrchestratorError as error:
        found += [
            Disagreement(one.path or "estate", f"cannot be computed from: {one}")
            for one in error.problems
        ]
        return found
    # A document that somebody has changed at will can be wrong in ways that nobody has listed.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        found.append(Disagreement("about", f"names nothing that can be computed ({reason})"))
        return found
    bare = {key: value for key, value in pack.items() if key != "hash"}
    differing = list(_differences(json.loads(canonical_json(again), parse_float=Decimal), bare, ""))
    if not differing and canonical_json(again) != canonical_json(bare):
        differing.append(Disagreement("pack", "is written in another way than what follows"))
    return found + differing


def verify_page(page: str, pack: Plain) -> list[Disagreement]:
    """Whether a page shows what the pack inside it holds, to the last character."""
    layout = layout_of(page)
    if layout != LAYOUT:
        return [
            Disagreement(
                "page",
                f"is laid out by layout {layout}, and this release makes layout {LAYOUT}: what "
                "it shows cannot be held against the pack inside it, which was verified apart; "
                "`--page FILE` writes the page that belongs to that",
            )
        ]
    try:
        expected = pack_page(pack)
    # As above: of a document that somebody has changed at will.
    except Exception:
        return [Disagreement("page", "cannot be made of the pack inside it")]
    if page == expected:
        return []
    shown, right = page.splitlines(), expected.splitlines()
    number = next(
        (i for i, (one, two) in enumerate(zip(shown, right, strict=False), 1) if one != two),
        0 if shown == right else min(len(shown), len(right)) + 1,
    )
    if not number:
        return [Disagreement("page", "has other ends of lines than it was written with")]
    return [Disagreement("page", f"does not show what the pack inside it holds (line {number})")]


def _differences(expected: Any, found: Any, path: str) -> Iterator[Disagreement]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            inner = f"{path}.{key}" if path else key
            if key not in found:
                yield Disagreement(inner, "is missing")
            elif key not in expected:
                yield Disagreement(inner, "does not belong there")
            else:
                yield from _differences(expected[key], found[key], inner)
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield Disagreement(path, f"has {len(found)} entries, {len(expected)} follow")
        for number, (one, two) in enumerate(zip(expected, found, strict=False)):
            yield from _differences(one, two, f"{path}[{number}]")
    elif expected != found or isinstance(expected, bool) != isinstance(found, bool):
        yield Disagreement(path, f"is {_shown(found)}, {_shown(expected)} follows")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else canonical_json(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
