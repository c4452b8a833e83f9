"""Settings, read from the environment once and passed on as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from orchestrator.errors import refuse

_PREFIX: Final = "ORCHESTRATOR_"
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Config:
    """Where the database is, whose estate is meant, where the server listens, and the file of the
    keys it gave out ("" for none)."""

    database_url: str = "sqlite:///orchestrator.db"
    tenant: str = "default"
    host: str = "127.0.0.1"
    port: int = 8000
    keys: str = ""

    @staticmethod
    def from_env(environ: Mapping[str, str]) -> Config:
        """The settings of an environment; a variable that is missing or empty has its default."""

        def given(name: str, default: str) -> str:
            return environ.get(_PREFIX + name, "").strip() or default

        default = Config()
        return Config(
            database_url=driver_url(given("DATABASE_URL", default.database_url)),
            tenant=given("TENANT", default.tenant),
            host=given("HOST", default.host),
            port=_port(given("PORT", str(default.port))),
            keys=given("KEYS", default.keys),
        )


def driver_url(url: str) -> str:
    """A database address with the driver we use: `postgresql://` as people write it means psycopg
    here, not the driver SQLAlchemy would take."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _HIGHEST_PORT):
        raise refuse(
            "BAD_SETTING",
            f"{_PREFIX}PORT is {text!r}, which is no port",
            f"use a whole number from 1 to {_HIGHEST_PORT}",
        )
    return int(text)
