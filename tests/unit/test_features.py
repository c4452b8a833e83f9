"""The table of capabilities names checks that are there."""

from __future__ import annotations

import re
from pathlib import Path

import orchestrator

ROOT = Path(orchestrator.__file__).parents[1]
TABLE = (ROOT / "docs" / "features.md").read_text("utf-8")


def test_every_check_that_is_named_is_there() -> None:
    named = re.findall(r"`((?:unit|laws|golden|store|web)/test_\w+\.py)(?:::(\w+))?`", TABLE)
    assert len(named) > 50
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / "tests" / file).exists()
        or (test and f"def {test}(" not in (ROOT / "tests" / file).read_text("utf-8"))
    ]
    assert missing == []


def test_every_golden_document_that_is_named_is_there() -> None:
    documents = {one.name for one in (ROOT / "tests" / "golden" / "documents").iterdir()}
    named = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+){3,})`", TABLE))
    assert len(named) > 10
    assert named <= documents


def test_every_capability_has_one_row_with_a_check() -> None:
    rows = re.findall(r"^\| (F\d\d) \|.*\| ([^|]*) \|$", TABLE, re.MULTILINE)
    ids = [id for id, _ in rows]
    assert ids == sorted(set(ids))
    assert all("`" in checks for _, checks in rows)
