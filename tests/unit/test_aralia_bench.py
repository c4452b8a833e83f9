"""The bench of fault trees: a folder of two, one of which no dependency graph can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.bench import aralia

TREE = """<?xml version="1.0"?>
<opsa-mef><define-fault-tree name="t">
<define-gate name="top"><or><gate name="g"/><basic-event name="a"/></or></define-gate>
<define-gate name="g"><atleast min="2"><basic-event name="b"/><basic-event name="c"/>
<basic-event name="d"/></atleast></define-gate>
<define-basic-event name="a"><float value="0.01"/></define-basic-event>
<define-basic-event name="b"><float value="0.1"/></define-basic-event>
<define-basic-event name="c"><float value="0.1"/></define-basic-event>
<define-basic-event name="d"><float value="0.1"/></define-basic-event>
</define-fault-tree></opsa-mef>
"""


def test_a_folder_is_solved_compared_and_what_is_not_coherent_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No peers: whether they are installed is no business of this test.
    monkeypatch.setattr(aralia, "PEERS", ())
    monkeypatch.setattr(aralia.shutil, "which", lambda _: None)
    (tmp_path / "good.xml").write_text(TREE)
    (tmp_path / "bad.xml").write_text(TREE.replace("<or>", "<xor>").replace("</or>", "</xor>"))
    # 1 - 0.99 * (1 - 3 * 0.01 * 0.9 - 0.001)
    (tmp_path / "reference.csv").write_text("model,top_probability\ngood,0.03772\n")
    found = aralia.run(tmp_path)
    by_model = {row[0]: dict(zip(found["columns"], row, strict=True)) for row in found["rows"]}
    assert by_model["bad"]["how"] == "refused: NOT_COHERENT"
    good = by_model["good"]
    assert (good["events"], good["gates"], good["how"]) == ("4", "2", "exact")
    assert float(good["probability"]) == pytest.approx(0.03772, rel=1e-12)
    assert float(good["off by"]) < 1e-12
    assert good["solve"]
    assert good["SCRAM"] == ""
