"""The main job, end to end, on the example estate and a database that is gone afterwards."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path

from rich.console import Console

from orchestrator import clock, derivation_tables, terminal
from orchestrator.actions.assess import assess_period
from orchestrator.actions.books import verify_books
from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.actions.facts import record_facts
from orchestrator.engine.derive import derive
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.model.records import Exposure, Verdict
from orchestrator.model.values import AskedPeriod
from orchestrator.store import audit, database

_TOLD = frozenset(("SHORTFALL", "UNCOMMITTED", "REDUNDANCY_NOT_PROMISED"))
ESTATE, FACTS, PERIOD = "cloud/estate.yaml", "cloud/facts.yaml", "2026-04"


def examples() -> Path:
    """The folder of examples: beside the package in a checkout, inside it when installed."""
    beside = Path(__file__).resolve().parent.parent / "examples"
    return beside if beside.is_dir() else Path(str(files("orchestrator") / "_examples"))


def run(out: Console) -> None:
    """Import, derive, record, assess, verify; printing what a user would see of each."""
    asked = AskedPeriod.parse(PERIOD)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'demo.db'}"
        database.upgrade(url)
        with database.connect(url) as store:
            ctx = Context(store, "demo", clock.now(), "demo")
            _say(out, f"orchestrator import examples/{ESTATE}")
            document = read_estate((examples() / ESTATE).read_bytes(), f"examples/{ESTATE}")
            estate = document.estate
            import_estate(ctx, estate)
            out.print(
                f"{len(estate.services)} services, {len(estate.parties)} parties, "
                f"{len(estate.agreements)} agreements."
            )
            _say(out, f"orchestrator derive --period {PERIOD}")
            found = derive(estate, asked)
            derivation_tables.show_derivations(out, found, notes=False)
            told = [note for one in found for note in one.findings if note.code in _TOLD]
            terminal.show_findings(out, told)
            _say(out, f"orchestrator record examples/{FACTS}")
            facts = read_facts((examples() / FACTS).read_bytes(), f"examples/{FACTS}")
            result = record_facts(ctx, facts)
            out.print(f"{result.accepted} facts recorded.")
            _say(out, f"orchestrator assess --period {PERIOD}")
            _show(out, assess_period(ctx, asked).verdict)
            _say(out, "orchestrator verify")
            with store.read() as session:
                broken = (*audit.verify(session, "demo"), *verify_books(session, "demo"))
            terminal.show_intact(out, broken)


def _say(out: Console, command: str) -> None:
    out.print(f"\n$ {command}", style="bold cyan")


def _show(out: Console, verdict: Verdict) -> None:
    """The breach that costs most, and the sums."""
    kept = sum(one.status == "MET" for one in verdict.assessments)
    out.print(
        f"{len(verdict.assessments)} assessments: {kept} kept, {len(verdict.breaches)} breached."
    )
    costly = max(verdict.exposures, key=_weight, default=None)
    for breach in verdict.breaches:
        if costly and (breach.key, breach.period) == (costly.key, costly.period):
            terminal.show_breach(out, breach, costly)
    terminal.show_totals(out, verdict.exposures)


def _weight(exposure: Exposure) -> tuple[bool, int]:
    """The one with most to tell: something recovered, and most owed."""
    return exposure.recovered > 0, exposure.owed
