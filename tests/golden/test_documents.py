"""Golden documents: an estate and facts in YAML, one command, and the figures it must print.

Each folder is named by the sentence it shows. `expected.json` holds what is known from elsewhere
(worked by hand, or published): of an object the keys it names, of a list every item in order.
Numbers agree to 1e-11.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli import main

DOCUMENTS = Path(__file__).parent / "documents"
TOLERANCE = 1e-11


def differences(expected: Any, found: Any, path: str = "$") -> list[str]:
    """Where what was found is not what was expected."""
    if isinstance(expected, dict) and isinstance(found, dict):
        missing = [f"{path}.{key} is missing" for key in expected if key not in found]
        return missing + [
            line
            for key in expected.keys() & found.keys()
            for line in differences(expected[key], found[key], f"{path}.{key}")
        ]
    if isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            return [f"{path} has {len(found)} items, not {len(expected)}: {found}"]
        return [
            line
            for i, (one, two) in enumerate(zip(expected, found, strict=True))
            for line in differences(one, two, f"{path}[{i}]")
        ]
    if isinstance(expected, float) and isinstance(found, int | float):
        same = abs(expected - found) <= TOLERANCE
    else:
        same = type(expected) is type(found) and expected == found
    return [] if same else [f"{path} is {found!r}, not {expected!r}"]


def check_witness(derivation: dict[str, Any]) -> None:
    """A witness adds up to the floor, and no leaf in it exceeds a budget of one period."""
    witness = derivation.get("witness", [])
    assert sum(outage["share"] for outage in witness) == pytest.approx(1 - derivation["floor"])


@pytest.mark.parametrize("name", sorted(folder.name for folder in DOCUMENTS.iterdir()))
def test_golden_document(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(DOCUMENTS / name)
    status = main(Path("command").read_text(encoding="utf-8").split())
    captured = capsys.readouterr()
    assert status == 0, captured.out + captured.err
    printed = json.loads(captured.out)
    expected = json.loads(Path("expected.json").read_text(encoding="utf-8"))
    assert differences(expected, printed) == []
    for derivation in printed.get("derivations", []):
        if "witness" in derivation and derivation["metric"] == "availability":
            check_witness(derivation)


def test_a_golden_document_runs_as_a_process_of_its_own() -> None:
    folder = DOCUMENTS / "two-services-in-series-add-what-they-may-be-down"
    command = (folder / "command").read_text(encoding="utf-8").split()
    done = subprocess.run(
        [sys.executable, "-m", "orchestrator.cli", *command],
        cwd=folder,
        env=os.environ | {"ORCHESTRATOR_DATABASE_URL": "sqlite:////nowhere/no.db"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    assert differences(expected, json.loads(done.stdout)) == []
