"""One request: what it may see, what it has read already, and how much it has asked for."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from types import TracebackType
from typing import Any, Final

from sqlalchemy.orm import Session

from orchestrator.actions.context import Context
from orchestrator.clock import now
from orchestrator.engine.derive import Depth, derive
from orchestrator.engine.lint import lint
from orchestrator.engine.underpinning import Underpinning
from orchestrator.engine.viewing import as_seen_by, breach_as_seen_by
from orchestrator.errors import refuse
from orchestrator.model.derivations import Derivation
from orchestrator.model.estate import Estate
from orchestrator.model.records import Breach, Exposure, Finding
from orchestrator.model.values import DAY, AskedPeriod, Instant
from orchestrator.store.cache import Cache
from orchestrator.store.database import Database, coded_errors
from orchestrator.store.read import load_revision, period_key, revision
from orchestrator.web.limits import MAX_NODES, MAX_YEARS
from orchestrator.web.view import View
from orchestrator.web.viewers import EVERYBODY, Viewers

ACTOR: Final = "api"
"""Who writes, as long as there is no identity."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What is known of an estate's structures; one thread at a time adds to it."""

    underpinning: Underpinning
    lock: threading.Lock


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """What all requests of a server share. Everything kept follows from an estate's revision
    alone, so it never has to be thrown away for being out of date."""

    database: Database
    tenant: str
    viewers: Viewers = field(default_factory=Viewers)
    estates: Cache = field(default_factory=lambda: Cache(64))
    views: Cache = field(default_factory=lambda: Cache(16))
    engines: Cache = field(default_factory=lambda: Cache(2))
    derived: Cache = field(default_factory=lambda: Cache(32))
    linted: Cache = field(default_factory=lambda: Cache(8))


class Asking:
    """Guards that all of a request sees one state of the database, read once, and that its answer
    stays within bounds."""

    def __init__(self, site: Site, viewer: str = EVERYBODY) -> None:
        self.site = site
        self.viewer = viewer
        self.now = now()
        self._spent = 0
        self._session: Session | None = None
        self._open = ExitStack()
        self._revisions: dict[Instant | None, int] = {}

    def __enter__(self) -> Asking:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """The session of this request, opened when it is first needed."""
        with coded_errors(self.site.database.engine):
            if self._session is None:
                self._session = self._open.enter_context(self.site.database.read())
            yield self._session

    def renew(self) -> None:
        """See what has been written since the request began."""
        self._open.close()
        self._session = None
        self._revisions.clear()
        self.now = now()

    def writing(self) -> Context:
        """The context of a mutation. What this request has read is let go first, as a mutation
        takes a connection of its own."""
        self.renew()
        return Context(self.site.database, self.site.tenant, now(), ACTOR)

    def spend(self, nodes: int) -> None:
        """Count objects of the answer, and refuse more than any answer may hold."""
        self._spent += nodes
        if self._spent > MAX_NODES:
            raise refuse(
                "TOO_COSTLY",
                f"the answer holds more than {MAX_NODES:,} objects",
                "ask for smaller pages",
            )

    def revision(self, known: Instant | None = None) -> int:
        """The revision of the estate as known now or at an instant; 0 before the first."""
        if known not in self._revisions:
            with self.read() as session:
                self._revisions[known] = revision(session, self.site.tenant, known)
        return self._revisions[known]

    def estate(self, number: int) -> Estate:
        """One revision of the estate, as the viewer may see it."""
        with self.read() as session:
            whole = load_revision(session, self.site.tenant, number)
        if self.sees_all:
            return whole
        key = (self.site.tenant, number, self.viewer)
        found: Estate = self.site.estates.get(key, lambda: as_seen_by(whole, self.viewer))
        return found

    @property
    def sees_all(self) -> bool:
        """Whether the viewer runs the server."""
        return self.viewer == EVERYBODY

    def sees(self, cls: type) -> bool:
        """Whether results of a kind are for the viewer's eyes: findings, and what a breach costs in
        the end, are for whoever runs the server."""
        return self.sees_all or cls not in {Finding, Exposure}

    def among(self, number: int, agreements: Collection[str] | None) -> Collection[str] | None:
        """Those of some agreements, or of all, that the viewer may see results of; None for all."""
        if self.sees_all:
            return agreements
        known = self.estate(number).agreements
        return sorted(id for id in known if agreements is None or id in agreements)

    def shown(self, number: int, result: Any) -> Any:
        """A result as the viewer may see it."""
        if self.sees_all or not isinstance(result, Breach):
            return result
        return breach_as_seen_by(self.estate(number), result, self.viewer)

    def view(self, number: int, at: Instant) -> View:
        """One revision of the estate, as in force at an instant."""
        estate = self.estate(number)
        snapshot = estate.at(at)
        key = (self.site.tenant, number, self.viewer, snapshot.epoch.start)
        found: View = self.site.views.get(key, lambda: View(number, estate, snapshot))
        return found

    def derivations(
        self, number: int, asked: AskedPeriod, agreement: str | None, depth: Depth
    ) -> tuple[Derivation, ...]:
        """What a revision of the estate underpins over a period: what the provider knows of itself,
        and nobody else."""
        if not self.sees_all:
            return ()
        estate, site = self.estate(number), self.site

        def make() -> tuple[Derivation, ...]:
            engine: Engine = site.engines.get(
                (site.tenant, number), lambda: Engine(Underpinning(estate), threading.Lock())
            )
            with engine.lock:
                return derive(estate, asked, agreement, depth, underpinning=engine.underpinning)

        key = (site.tenant, number, period_key(asked), agreement, depth)
        found: tuple[Derivation, ...] = site.derived.get(key, make)
        return found

    def findings(self, number: int) -> tuple[Finding, ...]:
        """What is odd about the agreements of a revision, as of the beginning of the day (UTC); for
        whoever runs the server."""
        if not self.sees_all:
            return ()
        estate, site = self.estate(number), self.site
        day = self.now - self.now % DAY
        found: tuple[Finding, ...] = site.linted.get(
            (site.tenant, number, day), lambda: lint(estate, day)
        )
        return found


def asked_of(text: str) -> AskedPeriod:
    """A period as clients write it, of bounded length."""
    try:
        asked = AskedPeriod.parse(text)
        length = asked.span(UTC).length
    except (ValueError, OverflowError) as error:
        raise refuse("BAD_PERIOD", f"{text[:40]!r} is out of all proportion") from error
    if length > MAX_YEARS * 366 * DAY:
        raise refuse(
            "PERIOD_TOO_LONG", f"no more than {MAX_YEARS} years at once", "ask for shorter periods"
        )
    return asked
