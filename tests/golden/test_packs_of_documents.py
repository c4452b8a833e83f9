"""Every document that settles something has packs of its breaches and credits, or else of what was
kept, of whatever kind of commitment; each verifies, with its page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from orchestrator.actions.packs import Question, Wanted, make_pack
from orchestrator.actions.verification import read_pack, verify_pack, verify_page
from orchestrator.engine.settle import settle
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts
from orchestrator.formats.pack_page import held_in, pack_page
from orchestrator.model.values import AskedPeriod
from tests.golden.test_scorecards import SETTLED, asked_of


@pytest.mark.parametrize("folder", SETTLED, ids=lambda folder: folder.name)
def test_whatever_a_document_settles_has_a_pack_that_verifies(folder: Path) -> None:
    estate = read_estate((folder / "estate.yaml").read_bytes()).estate
    facts = read_facts((folder / "facts.yaml").read_bytes())
    asked = asked_of(folder)
    verdict = settle(estate, facts, AskedPeriod.parse(asked))
    concerned = {(one.key, one.period) for one in (*verdict.breaches, *verdict.credits)}
    concerned = concerned or {(one.key, one.period) for one in verdict.assessments}
    many = Counter(key for key, _ in concerned)
    # Of a term with several, its period would have to be named.
    for key in sorted((key for key in many if many[key] == 1), key=str):
        wanted = Wanted(key.agreement, key.term, key.service)
        pack = make_pack(estate, facts, Question(asked), wanted)
        page = pack_page(pack)
        held = read_pack(held_in(page))
        assert verify_pack(held) == []
        assert verify_page(page, held) == []
