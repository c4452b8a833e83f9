"""Who asks: keys, and the party that each stands for.

Keys are the operator's to give out: a file has a line for each, `PARTY SHA256`, with the SHA-256 of
the key in hexadecimal, so that the file is no secret to steal; `*` for a party stands for whoever
runs the server. A key comes as `Authorization: Bearer KEY`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from orchestrator.errors import OrchestratorError, Problem, refuse

EVERYBODY: Final = "*"
"""Who runs the server, and sees all there is."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Viewers:
    """The party of each key, by the SHA-256 of the key; None where no keys are given out, so that
    whoever reaches the server runs it."""

    parties: Mapping[str, str] | None = None

    def of(self, authorization: str) -> str:
        """The party that asks. Raises UNAUTHENTICATED where a key is needed and there is none that
        is known."""
        if self.parties is None:
            return EVERYBODY
        scheme, _, key = authorization.partition(" ")
        digest = hashlib.sha256(key.strip().encode()).hexdigest()
        party = self.parties.get(digest) if scheme.lower() == "bearer" else None
        if party is None:
            raise refuse(
                "UNAUTHENTICATED",
                "this server answers to those with a key",
                "send it as `Authorization: Bearer KEY`",
            )
        return party


def read_viewers(file: str) -> Viewers:
    """The keys of a file; "" where none are given out. Blank lines and those that begin with `#`
    say nothing. Raises BAD_SETTING with the line."""
    if not file:
        return Viewers()
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise refuse("BAD_SETTING", f"{file} cannot be read: {error}", "name a text file") from None
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not _DIGEST.fullmatch(words[1]) or words[1] in found:
            problems.append(
                Problem(
                    "BAD_SETTING",
                    "this is no party with the SHA-256 of a key of its own",
                    "write `PARTY SHA256`, each key once: printf %s KEY | sha256sum",
                    file,
                    number,
                )
            )
        else:
            found[words[1]] = words[0]
    if problems:
        raise OrchestratorError(problems)
    return Viewers(found)
