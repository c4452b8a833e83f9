"""Fault trees with known answers, side by side with the tools that are made for them.

Each solver runs in a process of its own with a limit of time, and reports the time of its own work:
reading the file and starting up are left out on every side. SCRAM reports what it calls calculation
time; it is asked for the probability alone (`--limit-order 1`), which takes it least, and a second
time with all cut sets, which is what it does unasked. Peers that are not installed are left out.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Final

import numpy as np

from orchestrator.engine import diagram, faulttree
from orchestrator.engine.compile import forget
from orchestrator.engine.diagram import Hard
from orchestrator.engine.fallback import figure
from orchestrator.errors import OrchestratorError
from orchestrator.formats.openpsa import read_fault_tree
from orchestrator.model.faulttrees import FaultTree

LIMIT: Final = 60.0
"""Seconds that any solver gets for one model."""
SCENARIOS: Final = 100
SAMPLES: Final = 1 << 24
"""Samples of a model that is too complex for a diagram."""

PEERS: Final = ("repyability", "dd")
"""Libraries that are measured where they are installed."""

Found = Mapping[str, Any]

COLUMNS: Final = (
    "model",
    "events",
    "gates",
    "how",
    "probability",
    "off by",
    "nodes",
    "solve",
    "SCRAM",
    "ratio",
    "SCRAM, all cuts",
    "again",
    "each of 100",
    "against SCRAM",
    "importances",
    "RePyability",
    "times faster",
    "dd",
)


def run(folder: str | Path, limit: float = LIMIT) -> dict[str, Any]:
    """Every model of a folder: whether its probability is that of `reference.csv`, how long it
    takes, and how long it takes others."""
    path = Path(folder)
    known = _reference(path / "reference.csv")
    rows, ratios, again, faster = [], [], [], []
    for file in sorted(path.glob("*.xml")):
        one = _measured(file, known.get(file.stem), limit)
        rows.append(_row(file.stem, one))
        if one.get("scram", 0) > 0.02 and one["how"] == "exact":
            ratios.append(one["solve"] / one["scram"])
        if one.get("scram") and one["how"] == "exact":
            again.append(one["scram"] / one["again"])
        if one.get("repyability"):
            faster.append(one["repyability"] / one["importances"])
    rows.append(
        _summary(
            {"ratio": ratios, "against SCRAM": again, "times faster": faster},
        )
    )
    return {
        "title": f"Fault trees of {path.name}: {_versions()}; ratio: our time to theirs where SCRAM"
        " takes over 20 ms; the last row holds medians",
        "columns": list(COLUMNS),
        "rows": rows,
    }


def _reference(file: Path) -> dict[str, float]:
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        return {
            row["model"]: float(row["top_probability"])
            for row in csv.DictReader(lines)
            if row["top_probability"]
        }


def _versions() -> str:
    found = []
    for name in ("oxidd", "dd", "repyability"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} not installed")
    if (command := shutil.which("scram")) is None:
        return ", ".join([*found, "SCRAM not installed"])
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return ", ".join([*found, said.stdout.split("\n")[0].replace("()", "").strip()])


def _measured(file: Path, known: float | None, limit: float) -> dict[str, Any]:
    """One model by every solver."""
    try:
        tree = read_fault_tree(file.read_bytes(), file.name)
    except OrchestratorError as refused:
        return {"how": f"refused: {refused.problems[0].code}"}
    found: dict[str, Any] = {"events": len(tree.events), "gates": len(tree.gates)}
    found |= _in_a_process("own", file, limit * 10) or {"how": "no answer"}
    if known and "probability" in found:
        found["off"] = abs(found["probability"] / known - 1)
    for key, orders in (("scram", ["--limit-order", "1"]), ("scram_cuts", [])):
        if (seconds := _scram(file, limit, orders)) is not None:
            found[key] = seconds
    for peer in PEERS:
        if answer := _in_a_process(peer, file, limit):
            found[peer] = answer["seconds"]
    return found


def _row(model: str, found: Found) -> list[str]:
    scram, solve = found.get("scram"), found.get("solve")
    exact = found["how"] == "exact"
    return [
        model,
        *(f"{found[key]:,}" if key in found else "" for key in ("events", "gates")),
        found["how"],
        _shown(found),
        f"{found['off']:.0e}" if "off" in found else "",
        f"{found['nodes']:,}" if "nodes" in found else "",
        _time(solve),
        _time(scram),
        f"{solve / scram:.2f}" if exact and solve and scram and scram > 0.02 else "",
        _time(found.get("scram_cuts")),
        _time(found.get("again")),
        _time(found.get("each")),
        f"{scram / found['again']:,.0f} x" if exact and scram else "",
        _time(found.get("importances")),
        _time(found.get("repyability")),
        f"{found['repyability'] / found['importances']:,.0f} x"
        if "repyability" in found and "importances" in found
        else "",
        _time(found.get("dd")),
    ]


def _shown(found: Found) -> str:
    if "probability" not in found:
        return ""
    if found["how"] == "exact":
        return f"{found['probability']:.12g}"
    return f"{found['low']:.6g} to {found['high']:.6g}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.2f} ms"


def _summary(columns: Mapping[str, list[float]]) -> list[str]:
    row = dict.fromkeys(COLUMNS, "") | {"model": "median"}
    for name, values in columns.items():
        if values:
            row[name] = f"{statistics.median(values):,.2f}"
    return list(row.values())


# --- solvers -------------------------------------------------------------------------------------


def _in_a_process(solver: str, file: Path, limit: float) -> dict[str, Any] | None:
    """What a solver reports; None where it is not installed, takes too long or gives up."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.bench.aralia", solver, str(file)],
            capture_output=True,
            text=True,
            check=True,
            timeout=limit,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _scram(file: Path, limit: float, options: list[str]) -> float | None:
    """The calculation time that SCRAM reports, or all of the limit where it exceeds it."""
    command = shutil.which("scram")
    if command is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        asked = [command, "--bdd", "--probability", "1", *options, str(file), "-o", str(report)]
        try:
            subprocess.run(asked, capture_output=True, check=True, timeout=limit)
        except subprocess.CalledProcessError:
            return None
        except subprocess.TimeoutExpired:
            if not report.exists():
                return limit
        # The times stand at the head of the report, before the cut sets, which may still be coming.
        with report.open(encoding="utf-8") as lines:
            head = lines.read(1 << 16)
    steps = re.findall(r"<(?:products|probability)>([0-9.e+-]+)<", head)
    return sum(map(float, steps)) if steps else limit


def _own(tree: FaultTree) -> dict[str, Any]:
    """Ours: from the tree to the probability; that again with other numbers; the importances."""
    # What is loaded once in a process is loaded before.
    diagram.attempt(diagram.AtLeastDown(2, (_any(0, 1), _any(1, 2), _any(2, 0))))
    chance = [float(one) for one in tree.probabilities]
    other = [one / 2 for one in chance]

    def solve() -> float | Hard:
        forget()
        made = diagram.attempt(faulttree.formula(tree))
        return made if isinstance(made, Hard) else _probability(made, chance)

    seconds, found = _timed(solve, 1)
    if isinstance(found, Hard):
        seconds_more, value = _timed(lambda: _figure(found, chance), 1)
        return {
            "how": value.method,
            "probability": value.value,
            "low": value.low,
            "high": value.high,
            "solve": seconds + seconds_more,
        }
    if seconds < 1:
        seconds = _timed(solve, 5)[0]
    made = diagram.build(faulttree.formula(tree))
    matrix = np.array([[chance[leaf]] * SCENARIOS for leaf in made.leaves])
    return {
        "how": "exact",
        "probability": found,
        "nodes": made.size,
        "solve": seconds,
        "again": _timed(lambda: _probability(made, other), 15)[0],
        "each": _timed(lambda: diagram.probabilities(made, matrix), 5)[0] / SCENARIOS,
        "importances": _timed(lambda: diagram.birnbaum(made, chance.__getitem__, 0.0), 15)[0],
    }


def _any(*parts: int) -> diagram.AtLeastDown:
    return diagram.AtLeastDown(1, parts)


def _probability(made: diagram.Diagram, chance: list[float]) -> float:
    return diagram.probability(made, chance.__getitem__, 0.0)


def _figure(found: Hard, chance: list[float]) -> Any:
    return figure(found, lambda leaf: (chance[leaf], chance[leaf]), samples=SAMPLES)


def _timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The median time of some runs, and what the last one gave."""
    seconds, result = [], None
    for _ in range(times):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def _dd(tree: FaultTree) -> dict[str, Any]:
    """dd: the diagram alone, with CUDD where it is built in, variables in the order of the file and
    reordered as the library sees fit."""
    try:
        library = import_module("dd.cudd")
    except ImportError:
        library = import_module("dd.autoref")

    def solve() -> int:
        manager = library.BDD()
        names = [f"e{i}" for i in range(len(tree.events))]
        manager.declare(*names)
        known = [manager.var(name) for name in names]
        for gate in tree.gates:
            counts = [manager.true] + [manager.false] * gate.k
            for part in gate.parts:
                for i in range(gate.k, 0, -1):
                    counts[i] |= known[part] & counts[i - 1]
            known.append(counts[gate.k])
        return len(known[tree.top])

    return {"seconds": _timed(solve, 1)[0]}


def _repyability(tree: FaultTree) -> dict[str, Any]:
    """RePyability: Birnbaum's importance of every event, the tree already made."""
    many = len(tree.events)
    names = [f"e{i}" for i in range(many)] + [f"g{j}" for j in range(len(tree.gates))]
    gates = {
        names[many + j]: ("vote", gate.k, [names[part] for part in gate.parts])
        for j, gate in enumerate(tree.gates)
    }
    events = {names[i]: float(p) for i, p in enumerate(tree.probabilities)}
    made = import_module("repyability").FaultTree(gates, events, top=names[tree.top])
    seconds, found = _timed(made.birnbaum_importance, 1)
    assert found
    return {"seconds": seconds}


SOLVERS: Final[Mapping[str, Callable[[FaultTree], dict[str, Any]]]] = {
    "own": _own,
    "dd": _dd,
    "repyability": _repyability,
}


if __name__ == "__main__":
    print(json.dumps(SOLVERS[sys.argv[1]](read_fault_tree(Path(sys.argv[2]).read_bytes()))))
