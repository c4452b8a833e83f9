"""A page as PDF, through WeasyPrint where it is installed (the extra `pdf`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.errors import refuse


def page_pdf(page: str, attached: bytes = b"", name: str = "pack.json") -> bytes:
    """A page as PDF, with a document attached to it. It may load nothing: whatever it asks for is
    refused. NO_PDF without WeasyPrint."""
    try:
        from weasyprint import HTML, Attachment  # noqa: PLC0415 - an extra, slow to load
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except (ImportError, OSError) as error:
        raise refuse(
            "NO_PDF",
            f"PDF needs WeasyPrint, which cannot be loaded: {error}",
            "pip install 'orchestrator[pdf]', and its libraries (Debian: apt-get install "
            "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0); or write .html and print that",
        ) from error
    # Dates of its own, as otherwise it has those of the day.
    holds = [Attachment(string=attached, name=name, created=_NEVER, modified=_NEVER)]
    nothing = URLFetcher(allowed_protocols=())
    found: Any = HTML(string=page, url_fetcher=nothing).write_pdf(
        attachments=holds if attached else None
    )
    return bytes(found)


_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
