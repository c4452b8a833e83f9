"""Every code that the program may say is published, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PUBLISHED = set(
    re.findall(r"`([A-Z]+(?:_[A-Z]+)*)[`:]", (ROOT / "docs/codes.md").read_text("utf-8"))
)
SAYS = {"refuse", "Problem", "Finding"}
NOT_CODES = {"ORCHESTRATOR_", "DATABASE_", "DATABASE_URL", "NPY_DISABLE_CPU_FEATURES"}


def constants() -> Iterator[str]:
    for file in (ROOT / "orchestrator").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def said_directly() -> Iterator[str]:
    """The codes given to what raises or makes them."""
    for file in (ROOT / "orchestrator").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                if name in SAYS and isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_code_in_the_program_is_published() -> None:
    words = {text for text in constants() if re.fullmatch(r"[A-Z]+(_[A-Z]+)+_?", text)}
    assert (words | set(said_directly())) - NOT_CODES - PUBLISHED == set()


def test_every_published_code_is_in_the_program() -> None:
    texts = set(constants())
    unused = {code for code in PUBLISHED if not any(code == text for text in texts)}
    assert unused - {"NO_EXCUSED_EVENT"} == set()
