"""The estate as a value: at an instant, edited, compared, and two in one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Cover, Term, Version
from orchestrator.model.changes import diff, merge
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.parties import Party
from orchestrator.model.services import AllOf, Needs, Service
from orchestrator.model.values import FOREVER, Span, parse_instant

MARCH, APRIL, MAY = (parse_instant(f"2026-0{month}-01T00:00:00Z") for month in (3, 4, 5))
TERM = Term("availability", "availability", Fraction(999, 1000), "credit_backed")
SOLD = Version("sold", 1, "SLA", "us", "them", (Cover("shop", "whole"),), (TERM,))


def estate(home: str = "us", service: str = "shop") -> Estate:
    return Estate(
        Metadata("one", (home,)),
        {},
        always(Party(home), Party("them"), Party("team", kind="team", parent=home)),
        always(Service(service, owner="team", requires=Needs("disk")), Service("disk")),
        {"sold": (replace(SOLD, provider=home, covers=(Cover(service, "whole"),)),)},
    ).normalised()


def test_what_is_put_holds_from_its_instant_on_and_not_before() -> None:
    changed = estate().edit(APRIL, put=[Service("shop", requires=AllOf((Needs("disk"),)))])
    assert changed.at(APRIL - 1).services["shop"] == estate().at(0).services["shop"]
    assert changed.at(APRIL).services["shop"].owner == ""


def test_what_is_removed_is_gone_from_its_instant_on() -> None:
    changed = estate().edit(APRIL, remove=[("agreements", "sold")])
    assert "sold" in changed.at(APRIL - 1).versions
    assert "sold" not in changed.at(APRIL).versions


def test_a_version_put_follows_the_one_in_force() -> None:
    stricter = replace(SOLD, terms=(replace(TERM, target=Fraction(9995, 10000)),))
    changed = estate().edit(APRIL, put=[stricter])
    assert [v.number for v in changed.agreements["sold"]] == [1, 2]
    assert changed.at(MARCH).versions["sold"].number == 1
    assert changed.at(APRIL).versions["sold"].number == 2


def test_a_version_put_that_begins_later_leaves_no_gap() -> None:
    later = replace(SOLD, effective=Span(MAY, FOREVER))
    changed = estate().edit(APRIL, put=[later])
    assert changed.at(MAY - 1).versions["sold"].number == 1
    assert changed.at(MAY).versions["sold"].number == 2


def test_a_draft_put_binds_nobody_and_ends_nothing() -> None:
    changed = estate().edit(APRIL, put=[replace(SOLD, state="draft")])
    assert changed.at(MAY).versions["sold"].number == 1
    assert [v.state for v in changed.agreements["sold"]] == ["in_force", "draft"]


def test_removing_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(OrchestratorError, match=r"UNKNOWN_REFERENCE.*'moon'"):
        estate().edit(APRIL, remove=[("services", "moon")])


def test_an_edit_leaves_the_estate_it_began_with_as_it_was() -> None:
    first = estate()
    first.edit(APRIL, remove=[("services", "disk")])
    assert first == estate()


def test_a_difference_names_each_object_that_was_added_removed_or_changed() -> None:
    changed = estate().edit(
        APRIL, put=[Party("new"), Service("disk", name="Disk")], remove=[("agreements", "sold")]
    )
    found = {(change.table, change.id, change.what) for change in diff(estate(), changed)}
    assert found == {
        ("parties", "new", "added"),
        ("services", "disk", "changed"),
        ("agreements", "sold", "changed"),
    }
    assert diff(changed, changed) == ()


def test_two_estates_merge_where_what_they_share_is_equal() -> None:
    both = merge(estate(), estate(), {})
    assert both == estate()


def test_a_merger_renames_what_would_clash_everywhere_it_is_named() -> None:
    theirs = estate(home="other")
    names = {
        ("services", "shop"): "other-shop",
        ("parties", "team"): "other-team",
        ("agreements", "sold"): "other-sold",
    }
    both = merge(estate(), theirs, names)
    assert both.metadata.home == ("us", "other")
    snapshot = both.at(APRIL)
    assert snapshot.services["other-shop"].owner == "other-team"
    assert snapshot.versions["other-sold"].covers[0].service == "other-shop"
    assert snapshot.entity("other-team") == "other"


def test_a_merger_of_different_things_of_one_name_is_refused() -> None:
    with pytest.raises(OrchestratorError, match="MERGE_CONFLICT"):
        merge(estate(), estate(home="other"), {})


@pytest.mark.parametrize(
    ("provider", "customer", "kind"),
    [("us", "them", "SLA"), ("them", "us", "UC"), ("team", "us", "OLA"), ("them", "team", "UC")],
)
def test_the_kind_of_an_agreement_follows_from_its_parties(
    provider: str, customer: str, kind: str
) -> None:
    version = replace(SOLD, provider=provider, customer=customer, kind="SLA")
    assert estate().at(APRIL).kind_of(version) == kind
