"""The record of claims as a document: read as it is written, and refused in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.errors import OrchestratorError
from orchestrator.formats.claims import read_claims, write_claims
from orchestrator.formats.nodes import plain
from orchestrator.formats.source import read_source
from orchestrator.formats.text import dump_yaml
from orchestrator.model.claims import ClaimEvent, RecordedClaim
from orchestrator.model.values import AskedPeriod, Money, parse_instant
from tests.golden.test_scorecards import GRANTED_IN_PART, R6
from tests.reading import validator

HEAD = "apiVersion: orchestrator/v1\nkind: Claims\n"
ONE = """claims:
  - agreement: uc-hosting
    term: availability
    service: hosting
    period: PERIOD
    moves:
      - {do: submit, at: 2026-05-10T00:00:00Z, by: us}
      - {do: accept, at: 2026-05-11T00:00:00Z, by: cloud-x, accepted: {amount: "5.00"}}
"""


@pytest.mark.parametrize(
    "period", ["2026-04", "2026-Q2", "2026-04-01/2026-05-01", "2026-04-01T00:00:00Z/2026-05-01"]
)
def test_a_record_is_read_as_written_and_written_as_read(period: str) -> None:
    text = HEAD + "currency: USD\n" + ONE.replace("PERIOD", period)
    record = read_claims(text).record
    assert record == (
        RecordedClaim(
            "uc-hosting",
            "availability",
            "hosting",
            AskedPeriod.parse(period),
            (
                ClaimEvent("submit", parse_instant("2026-05-10T00:00:00Z"), "us"),
                ClaimEvent(
                    "accept",
                    parse_instant("2026-05-11T00:00:00Z"),
                    "cloud-x",
                    accepted=Money(500, "USD"),
                ),
            ),
        ),
    )
    written = write_claims(record, "USD")
    assert read_claims(dump_yaml(written)).record == record
    assert validator("Claims").is_valid(plain(read_source(dump_yaml(written)).root))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("{}", "MISSING_KEY", 1),
        (HEAD, "MISSING_KEY", 1),
        (HEAD + "claims: 3\n", "BAD_TYPE", 3),
        (HEAD + ONE.replace("PERIOD", "soon"), "BAD_PERIOD", 7),
        (HEAD + ONE.replace("submit", "forget").replace("PERIOD", "2026-04"), "UNKNOWN_MOVE", 9),
        (HEAD.replace("Claims", "Facts") + ONE, "BAD_KIND", 2),
    ],
)
def test_what_is_wrong_with_a_record_is_refused_in_its_place(
    text: str, code: str, line: int
) -> None:
    with pytest.raises(OrchestratorError) as caught:
        read_claims(text, "claims.yaml")
    assert (caught.value.problems[0].code, caught.value.problems[0].line) == (code, line)


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("uc-hosting", "uc-other", "UNKNOWN_REFERENCE", 4),
        ("2026-04", "2026-05", "UNKNOWN_REFERENCE", 4),
        ("do: submit", "do: contest", "ILLEGAL_MOVE", 9),
        ("by: us", "by: shop", "NOT_ENTITLED", 9),
        ("5.00", "9000.00", "OUT_OF_RANGE", 10),
        ("05-10", "04-10", "CHANGED_HISTORY", 9),
    ],
)
def test_a_record_that_cannot_be_is_refused_in_its_place(
    old: str, new: str, code: str, line: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims.yaml"
    file.write_text(HEAD + ONE.replace("PERIOD", "2026-04").replace(old, new), "utf-8")
    files = (str(R6 / "estate.yaml"), str(R6 / "facts.yaml"))
    assert main(["trace", *files, "--period", "2026-04", "--claims", str(file)]) == 2
    assert f"{file.name}:{line}" in capsys.readouterr().err.replace("\n", "")


def test_what_is_known_at_an_instant_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until it is granted in part, all of what was submitted may come back."""
    file = tmp_path / "claims.yaml"
    file.write_text(HEAD + ONE.replace("PERIOD", "2026-04"), "utf-8")
    files = (str(R6 / "estate.yaml"), str(R6 / "facts.yaml"))
    asked = ["trace", *files, "--period", "2026-04", "--claims", str(file), "--as-of"]
    for known, back in (
        ("2026-05-10T12:00:00Z", "recoverable 2000.00"),
        ("2026-05-11T00:00:00Z", "recoverable 5.00"),
    ):
        assert main([*asked, known]) == 0
        assert back in capsys.readouterr().out


def test_what_was_granted_is_shown_beside_what_is_claimed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder, cells in (
        (GRANTED_IN_PART, ["2000.00", "EUR", "1500.00"]),
        (R6, ["2000.00", "EUR"]),
    ):
        files = [str(folder / "estate.yaml"), str(folder / "facts.yaml")]
        record = ["--claims", str(folder / "claims.yaml")] if folder is GRANTED_IN_PART else []
        assert main(["claims", *files, "--period", "2026-04", *record]) == 0
        heads, row = (
            line
            for line in capsys.readouterr().out.splitlines()
            if "agreement " in line or "2000.00" in line
        )
        assert ("accepted" in heads) == (folder is GRANTED_IN_PART)
        assert row.split()[-1 - len(cells) : -1] == cells
