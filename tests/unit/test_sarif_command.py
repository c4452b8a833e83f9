"""From the log of an analysis tool and the size of a program to a verdict, by two commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli import main

ESTATE = """apiVersion: orchestrator/v1
kind: Estate
metadata: {name: code, home: [us], currency: EUR, timezone: UTC}
parties: [{id: us}, {id: coders}]
services: [{id: app, owner: coders}]
agreements:
  - id: development
    kind: UC
    provider: coders
    customer: us
    covers: [app]
    terms:
      - {id: all, metric: defect_density, target: "0.6"}
      - {id: errors, metric: defect_density, target: "0.5", measurement: {point: error}}
"""
LOG = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {"driver": {"name": "tool", "rules": []}},
            "results": [{"level": "error"}] * 3 + [{"level": "warning"}, {"level": "note"}],
        }
    ],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "estate.yaml").write_text(ESTATE, "utf-8")
    (tmp_path / "log.sarif").write_text(json.dumps(LOG), "utf-8")
    return tmp_path


SARIF = ["sarif", "log.sarif", "--service", "app", "--at", "2026-04-10", "--estate", "estate.yaml"]


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_known_log_and_size_give_the_exact_ratio_in_the_assessment(
    folder: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    assert main([*SARIF, "--lines", "7500", "--source", "tool", *flags]) == 0
    (folder / "facts.yaml").write_text(capsys.readouterr().out, "utf-8")
    assert main("trace estate.yaml facts.yaml --period 2026-04 --json --exact".split()) == 0
    found = json.loads(capsys.readouterr().out)["assessments"]
    # 5 findings and 3 errors in 7.5 thousand lines
    assert [(one["term"], one["attained"], one["status"]) for one in found] == [
        ("all", "2/3", "BREACHED"),
        ("errors", "2/5", "MET"),
    ]


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (["--lines", "0"], "OUT_OF_RANGE"),
        (["--lines", "10", "--service", "none"], "UNKNOWN_REFERENCE"),
        (["--lines", "10", "--at", "soon"], "BAD_INSTANT"),
        (["--lines", "many"], "USAGE"),
    ],
)
def test_what_has_no_density_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], flags: list[str], code: str
) -> None:
    assert folder.exists()
    assert main([*SARIF, *flags, "--json"]) == 2
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["errors"]] == [code]
