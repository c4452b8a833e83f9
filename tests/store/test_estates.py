"""Importing estates, and reading them back as they were known."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from orchestrator.actions.context import Context
from orchestrator.actions.estate import import_estate
from orchestrator.errors import OrchestratorError
from orchestrator.model.estate import Estate, Metadata, always
from orchestrator.model.services import Needs, Service
from orchestrator.model.values import DAWN, FOREVER, Span
from orchestrator.store.database import Database, connect
from orchestrator.store.read import audit_lines, counts, load_estate, load_revision, revision
from tests.store.conftest import NOW
from tests.store.samples import MIDDLE, START, large, shop, statements

LATER = NOW + 1_000_000


def codes(error: pytest.ExceptionInfo[OrchestratorError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def stored(database: Database, tenant: str = "tenant", as_of: int | None = None) -> Estate:
    with database.read() as session:
        return load_estate(session, tenant, as_of)


def at(ctx: Context, now: int) -> Context:
    return replace(ctx, now=now)


def ordered(estate: Estate) -> list[list[str]]:
    return [list(getattr(estate, table)) for table in ("parties", "services", "agreements")]


def test_an_estate_comes_back_equal_and_in_order(ctx: Context, url: str) -> None:
    result = import_estate(ctx, shop())
    assert result.revision == 1
    assert {change.what for change in result.changes} == {"added", "changed"}
    with connect(url) as elsewhere:
        found = stored(elsewhere)
    assert found == shop()
    assert ordered(found) == ordered(shop())


def test_a_tenant_without_an_estate_has_an_empty_one(database: Database) -> None:
    assert stored(database) == Estate()
    with database.read() as session:
        assert revision(session, "tenant") == 0


def test_an_empty_estate_may_be_imported(ctx: Context) -> None:
    assert import_estate(ctx, Estate()).revision == 1
    assert import_estate(ctx, Estate()).revision == 1
    assert stored(ctx.database) == Estate()


def test_the_same_estate_again_changes_nothing(ctx: Context) -> None:
    import_estate(ctx, shop())
    again = import_estate(at(ctx, LATER), shop())
    assert (again.revision, again.changes) == (1, ())
    with ctx.database.read() as session:
        assert len(audit_lines(session, "tenant")) == 1


def test_a_change_takes_effect_at_an_instant_and_the_past_stays(ctx: Context) -> None:
    import_estate(ctx, shop())
    services = {**shop().services, **always(Service("hosting", "moved", "cloud-x"))}
    result = import_estate(at(ctx, LATER), replace(shop(), services=services), since=NOW)
    assert (result.revision, [change.id for change in result.changes]) == (2, ["hosting"])
    found = stored(ctx.database)
    assert found.at(NOW - 1).services["hosting"].name == ""
    assert found.at(NOW).services["hosting"].name == "moved"
    assert [dated.span for dated in found.services["hosting"]] == [
        Span(DAWN, NOW),
        Span(NOW, FOREVER),
    ]


def test_what_was_known_stays_known(ctx: Context) -> None:
    import_estate(ctx, shop())
    changed = replace(shop(), metadata=Metadata("renamed", ("beta",)))
    import_estate(at(ctx, LATER), changed, since=MIDDLE)
    assert stored(ctx.database, as_of=NOW - 1) == Estate()
    assert stored(ctx.database, as_of=NOW) == shop()
    assert stored(ctx.database, as_of=LATER - 1) == shop()
    assert stored(ctx.database, as_of=LATER).metadata.name == "renamed"
    assert stored(ctx.database).metadata.name == "renamed"


def test_only_what_differs_is_written(ctx: Context) -> None:
    import_estate(ctx, large(200, 20))
    before = large(200, 20)
    changed = before.edit(NOW, [Service("s-7", "changed", "owner")])
    with ctx.database.write() as session:
        rows = "SELECT count(*) FROM service"
        assert session.connection().exec_driver_sql(rows).scalar() == 200
    import_estate(at(ctx, LATER), changed, since=NOW)
    with ctx.database.write() as session:
        connection = session.connection()
        assert connection.exec_driver_sql(rows).scalar() == 202  # the old one cut, the new one
        superseded = f"{rows} WHERE superseded_at = {LATER}"
        assert connection.exec_driver_sql(superseded).scalar() == 1
        versions = "SELECT count(*) FROM agreement_version"
        assert connection.exec_driver_sql(versions).scalar() == 20
    assert stored(ctx.database) == changed


def test_over_another_estate_the_instant_must_be_given(ctx: Context) -> None:
    import_estate(ctx, shop())
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, Estate())
    assert codes(error) == ["FROM_REQUIRED"]
    assert stored(ctx.database) == shop()


def test_the_document_in_force_needs_no_instant(ctx: Context) -> None:
    first = Estate(services=always(Service("a"), Service("b")))
    then = Estate(services=always(Service("a", "renamed")))
    import_estate(ctx, first)
    import_estate(ctx, then, since=START)
    assert import_estate(ctx, then).changes == ()
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, first)
    assert codes(error) == ["FROM_REQUIRED"]


def test_a_change_to_what_is_going_to_end_is_a_change(ctx: Context) -> None:
    first = shop()
    c1, c2 = first.agreements["c1"]
    import_estate(ctx, first)
    ending = replace(c2, effective=Span(MIDDLE, FOREVER - 1))
    import_estate(ctx, replace(first, agreements={"c1": (c1, ending)}), since=NOW)
    other = replace(ending, name="changed")
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, replace(first, agreements={"c1": (c1, other)}))
    assert codes(error) == ["FROM_REQUIRED"]


def test_a_first_import_from_an_instant_has_nothing_before_it(ctx: Context) -> None:
    import_estate(ctx, Estate(services=always(Service("a"))), since=START)
    assert [dated.span for dated in stored(ctx.database).services["a"]] == [Span(START, FOREVER)]


def test_an_estate_that_does_not_hold_together_is_refused_whole(ctx: Context) -> None:
    broken = Estate(services=always(Service("a", requires=Needs("nowhere"))))
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, broken)
    assert codes(error) == ["UNKNOWN_REFERENCE"]
    assert stored(ctx.database) == Estate()


def test_what_is_still_needed_cannot_end(ctx: Context) -> None:
    import_estate(ctx, Estate(services=always(Service("a"), Service("b", requires=Needs("a")))))
    without = Estate(services=always(Service("b", requires=Needs("a"))))
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, without, since=NOW)
    assert codes(error) == ["REFERENCE_OUT_OF_TIME"]


def test_a_dry_run_tells_what_would_change_and_changes_nothing(ctx: Context) -> None:
    dry = import_estate(ctx, shop(), dry_run=True, idempotency_key="k")
    assert stored(ctx.database) == Estate()
    assert import_estate(ctx, shop(), idempotency_key="k") == dry
    with ctx.database.read() as session:
        assert [line.action for line in audit_lines(session, "tenant")] == ["import_estate"]


def test_a_repeated_key_returns_what_came_of_the_first(ctx: Context) -> None:
    import_estate(ctx, Estate(services=always(Service("a"))))
    wanted = Estate(services=always(Service("b")))
    first = import_estate(ctx, wanted, since=NOW, idempotency_key="k")
    import_estate(ctx, Estate(), since=LATER)
    assert import_estate(at(ctx, LATER), wanted, since=NOW, idempotency_key="k") == first
    with ctx.database.read() as session:
        assert revision(session, "tenant") == 3


def test_a_key_stands_for_one_request(ctx: Context) -> None:
    import_estate(ctx, shop(), idempotency_key="k")
    for other in (Estate(), replace(shop(), metadata=Metadata("other"))):
        with pytest.raises(OrchestratorError) as error:
            import_estate(ctx, other, since=NOW, idempotency_key="k")
        assert codes(error) == ["IDEMPOTENCY_CONFLICT"]
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, shop(), since=NOW, idempotency_key="k")
    assert codes(error) == ["IDEMPOTENCY_CONFLICT"]


def test_a_request_that_changed_nothing_is_remembered_by_its_key(ctx: Context) -> None:
    import_estate(ctx, shop())
    import_estate(ctx, shop(), idempotency_key="k")
    with pytest.raises(OrchestratorError) as error:
        import_estate(ctx, Estate(), since=NOW, idempotency_key="k")
    assert codes(error) == ["IDEMPOTENCY_CONFLICT"]


def test_tenants_know_nothing_of_each_other(ctx: Context) -> None:
    import_estate(ctx, shop(), idempotency_key="k")
    other = replace(ctx, tenant="other")
    assert import_estate(other, large(3, 1), idempotency_key="k").revision == 1
    assert stored(ctx.database, "other") == large(3, 1)
    assert stored(ctx.database) == shop()
    with ctx.database.read() as session:
        assert counts(session, "other")["services"] == 3
        assert counts(session, "nobody") == dict.fromkeys(counts(session, "other"), 0)


def test_recorded_time_goes_up_whatever_the_clock_does(ctx: Context) -> None:
    import_estate(ctx, shop())
    import_estate(at(ctx, NOW - 5), replace(shop(), metadata=Metadata("x", ("beta",))), since=NOW)
    with ctx.database.read() as session:
        assert [line.at for line in audit_lines(session, "tenant")] == [NOW, NOW + 1]
    assert stored(ctx.database, as_of=NOW) == shop()


def test_a_revision_is_read_once(ctx: Context) -> None:
    import_estate(ctx, shop())
    ctx.database.estates.clear()
    with statements(ctx.database) as sent:
        first = stored(ctx.database)
        read = len(sent)
        assert stored(ctx.database) is first
        assert stored(ctx.database, as_of=NOW) is first
    assert len(sent) == read + 2  # which revision it is


def test_a_change_is_seen_at_once_by_those_who_have_read_before(ctx: Context, url: str) -> None:
    import_estate(ctx, shop())
    with connect(url) as elsewhere:
        assert stored(elsewhere) == shop()
        import_estate(ctx, replace(shop(), metadata=Metadata("new", ("beta",))), since=NOW)
        assert stored(elsewhere).metadata.name == "new"


@pytest.mark.parametrize("size", [10, 1000])
def test_the_number_of_statements_does_not_depend_on_the_size(ctx: Context, size: int) -> None:
    with statements(ctx.database) as sent:
        import_estate(ctx, large(size, size))
    assert len(sent) <= 14, sent
    ctx.database.estates.clear()
    with statements(ctx.database) as sent:
        stored(ctx.database)
    assert len(sent) <= 8, sent


def test_writers_of_one_tenant_queue(ctx: Context) -> None:
    """Each adds a service to what it finds; none is lost."""
    import_estate(ctx, Estate(services=always(Service("s"))))
    failed = []

    def rename(number: int) -> None:
        try:
            wanted = Estate(services=always(Service("s", f"name-{number}")))
            import_estate(ctx, wanted, since=NOW + number)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=rename, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with ctx.database.read() as session:
        lines = audit_lines(session, "tenant")
        assert [line.seq for line in lines] == list(range(1, 10))
        assert revision(session, "tenant") == 9
        for number in range(1, 10):
            assert load_revision(session, "tenant", number)
