"""A page as PDF, through WeasyPrint where it is installed (the extra `pdf`)."""

from __future__ import annotations

from typing import Any, NoReturn

from orchestrator.errors import refuse


def page_pdf(page: str) -> bytes:
    """A page as PDF. It may load nothing: whatever it asks for is refused. NO_PDF without
    WeasyPrint."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, and slow to load
    except (ImportError, OSError) as error:
        raise refuse(
            "NO_PDF",
            f"PDF needs WeasyPrint, which cannot be loaded: {error}",
            "pip install 'orchestrator[pdf]', or write .html and print that",
        ) from error
    found: Any = HTML(string=page, url_fetcher=_nothing).write_pdf()
    return bytes(found)


def _nothing(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"a pack asks for nothing from elsewhere, and not for {url}")
