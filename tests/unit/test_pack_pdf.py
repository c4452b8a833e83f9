"""Evidence packs as PDF, where WeasyPrint is installed (`pip install 'orchestrator[pdf]'`)."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from orchestrator.actions.packs import Wanted, make_pack
from orchestrator.actions.verification import read_pack, verify_pack
from orchestrator.errors import OrchestratorError
from orchestrator.formats.pack_page import pack_page
from orchestrator.formats.pdf import page_pdf
from orchestrator.formats.text import dump_json
from tests.unit.packs import APRIL, late, shop, small


@pytest.fixture
def weasyprint() -> Any:
    """The library, or a reason why there is none: it is an extra, and needs libraries of the
    system that pip does not bring."""
    try:
        import weasyprint  # noqa: PLC0415
    except (ImportError, OSError) as error:
        pytest.skip(f"WeasyPrint, or Pango, which it needs, cannot be loaded: {error}")
    return weasyprint


def written(pack: dict[str, Any]) -> PdfReader:
    return PdfReader(io.BytesIO(page_pdf(pack_page(pack), dump_json(pack).encode())))


def test_a_pdf_shows_what_the_page_shows(weasyprint: Any) -> None:
    pack = make_pack(*shop(), APRIL, Wanted("c1"))
    pages = [page.extract_text() for page in written(pack).pages]
    text = " ".join("\n".join(pages).split())
    for section in (
        "Evidence: c1/availability on notifications",
        "In short",
        "Target and attained",
        "Timeline",
        "What the service rests on",
        "Who contributed, and where it ends",
        "Slices and shares",
        "Credit and exposure",
        "What the agreements beneath came to",
        "Facts",
        "Clauses and terms",
        "How to check it",
    ):
        assert section in text, section
    for figure in ("99.83796%", "78.5714% (11/14)", "5,000.00 EUR", "1,071.43", "2,928.57"):
        assert figure in text, figure
    # Each page says of which pack it is, and which page of how many.
    for number, page in enumerate(pages, 1):
        assert pack["hash"] in page
        assert f"{number} of {len(pages)}" in page


def test_a_pdf_holds_the_pack_that_it_shows(weasyprint: Any) -> None:
    pack = late()
    (held,) = written(pack).attachments["pack.json"]
    assert held.decode() == dump_json(pack)
    assert verify_pack(read_pack(held)) == []


def test_the_same_pack_gives_the_same_pdf(weasyprint: Any) -> None:
    first, second = (page_pdf(pack_page(small()), b"{}") for _ in range(2))
    assert first == second


def test_a_pdf_asks_for_nothing_from_elsewhere(
    weasyprint: Any, caplog: pytest.LogCaptureFixture
) -> None:
    page = pack_page(small()).replace("<main>", '<main><img src="file:///etc/hostname">')
    assert page_pdf(page).startswith(b"%PDF")
    assert "disallowed protocol: file:///etc/hostname" in caplog.text


@pytest.mark.parametrize(
    "module", ["raise ImportError('none')", "raise OSError('cannot load library libpango')"]
)
def test_without_weasyprint_or_its_libraries_it_is_said_what_to_install(
    module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "weasyprint.py").write_text(module, "utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(OrchestratorError) as caught:
        page_pdf(pack_page(small()))
    (problem,) = caught.value.problems
    assert problem.code == "NO_PDF"
    assert "orchestrator[pdf]" in problem.advice
    assert "libpango" in problem.advice
