"""The offers document: menus of what could be agreed, with prices."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from orchestrator.errors import OrchestratorError
from orchestrator.formats.context import Context, attempt
from orchestrator.formats.contracts import CALENDAR_PERIODS, PERIOD
from orchestrator.formats.document import API_VERSION, begin, header, placed, refuse_all
from orchestrator.formats.nodes import Json, Node
from orchestrator.formats.quantities import CURRENCY, LABEL, MONEY, SLUG_ID, TARGET
from orchestrator.formats.record import Inline, Key, Record
from orchestrator.formats.shapes import Flag, ListOf, choice
from orchestrator.formats.source import Source, read_source
from orchestrator.model.agreements import SCOPES, STRENGTHS
from orchestrator.model.credits import Fee
from orchestrator.model.offers import Menu, Offer, Offers

PRICE: Final = Record(
    Fee,
    Inline("money", MONEY),
    Key("per", choice(CALENDAR_PERIODS, says="period of a price"), default="year"),
    says='{amount: "50000.00", currency, per}',
)
OFFER: Final = Record(
    Offer,
    Key("id", SLUG_ID),
    Key("name", LABEL),
    Key("target", TARGET, about="The availability that the offer promises."),
    Key("price", PRICE, about="The whole price under this offer; a year's unless said."),
    Key("period", PERIOD, about="What the target is measured over; as it is unless said."),
    Key("strength", choice(STRENGTHS, says="strength")),
    blame={"RESERVED_ID": "id"},
)
MENU: Final = Record(
    Menu,
    Key("agreement", SLUG_ID, about="What is offered to be changed, or the id of a new one."),
    Key("term", SLUG_ID),
    Key("keep", Flag(), about="Whether things may stay as they are."),
    Key("keepPrice", PRICE, about="What that costs; the present fee unless said."),
    Key("service", SLUG_ID, about="Of a new agreement: what it covers."),
    Key("scope", choice(SCOPES, says="scope")),
    Key("party", SLUG_ID, about="Of a new agreement: who would provide."),
    Key("customer", SLUG_ID, about="Of a new agreement: who would buy; the home organisation."),
    Key("offers", ListOf(OFFER, unique="id", at_least=1)),
)
HEADER: Final = header("Offers")
DOCUMENT: Final = Record(
    Offers,
    *HEADER,
    Key("currency", CURRENCY, about="Of every price; one that names no other is in it."),
    Key("menus", ListOf(MENU, at_least=1)),
)


class OffersDocument:
    """Offers, and where they stand in the text they were read from."""

    def __init__(self, offers: Offers, source: Source) -> None:
        self.offers, self.source = offers, source

    def placed(self, error: OrchestratorError) -> OrchestratorError:
        """The same error with the places of its paths in this document."""
        return placed(error, self.source)


def read_offers(text: str | bytes, file: str = "") -> OffersDocument:
    """Read an offers document; all that is wrong with it is raised at once."""
    source, ctx = read_source(text, file), Context()
    given = begin(source, HEADER, ctx)
    DOCUMENT.reports_unknown(given, ctx)
    currency = "EUR"
    if "currency" in given:
        currency = attempt(CURRENCY.read, given["currency"], ctx) or currency
    menus: list[Menu] = []
    if "menus" in given:
        menus = _menus(given["menus"], replace(ctx, currency=currency))
    else:
        ctx.refuse(source.root, "MISSING_KEY", "the key `menus` is missing", "add the key `menus`")
    refuse_all(source, ctx)
    return OffersDocument(Offers(tuple(menus), currency), source)


def _menus(node: Node, ctx: Context) -> list[Menu]:
    """The menus; each term has one, and a new agreement says who provides what."""
    found: list[Menu] = []
    shape = ListOf(MENU, at_least=1)
    seen: dict[tuple[str, str], int] = {}
    items = attempt(lambda: [*shape.read_each(node, ctx)]) or []
    for item, menu in items:
        if menu is None:
            continue
        line = seen.setdefault((menu.agreement, menu.term), item.line)
        if line != item.line or any(
            (one.agreement, one.term) == (menu.agreement, menu.term) for one in found
        ):
            ctx.refuse(
                item,
                "DUPLICATE_ID",
                f"{menu.agreement}/{menu.term} has two menus, the first in line {line}",
                "put all offers for a term into one menu",
            )
        if bool(menu.service) != bool(menu.party):
            lacking = "party" if menu.service else "service"
            ctx.refuse(
                item,
                "MISSING_KEY",
                f"a new agreement needs a `service` and a `party`, and has no `{lacking}`",
                f"give it a `{lacking}`, or leave out both for an agreement of the estate",
            )
        found.append(menu)
    return found


def write_offers(offers: Offers) -> dict[str, Json]:
    """The document of offers; reading it back gives equal ones."""
    ctx = Context(currency=offers.currency)
    return {
        "apiVersion": API_VERSION,
        "kind": "Offers",
        "currency": offers.currency,
        "menus": ListOf(MENU).write(offers.menus, ctx),
    }
