"""What importing a document over an estate, as of an instant, makes of both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.model.agreements import Acceptance, Version
from orchestrator.model.changes import succeed
from orchestrator.model.estate import Dated, Estate, Metadata, always
from orchestrator.model.services import Service
from orchestrator.model.values import ALWAYS, DAWN, FOREVER, Span

AT = 100


def version(
    number: int = 1, start: int = 0, end: int = FOREVER, name: str = "a", state: str = "in_force"
) -> Version:
    """A version of one agreement; `name` is its content."""
    return Version("c1", number, "SLA", "p", "q", (), (), Span(start, end), name=name, state=state)


def after(old: tuple[Version, ...], new: tuple[Version, ...], at: int = AT) -> tuple[Version, ...]:
    """The agreement's versions when a document with `new` is imported over `old`."""
    estate = Estate(agreements={"c1": old} if old else {})
    document = Estate(agreements={"c1": new} if new else {})
    return succeed(estate, document, at).agreements.get("c1", ())


def refused(old: tuple[Version, ...], new: tuple[Version, ...]) -> bool:
    with pytest.raises(OrchestratorError) as error:
        after(old, new)
    return [problem.code for problem in error.value.problems] == ["CHANGED_HISTORY"]


# ---- services, parties, calendars ----


def test_a_changed_service_begins_and_a_missing_one_ends_at_the_instant() -> None:
    old = Estate(services=always(Service("a"), Service("b"), Service("c")))
    new = Estate(services=always(Service("a"), Service("b", "renamed"), Service("d")))
    assert succeed(old, new, AT).services == {
        "a": (Dated(ALWAYS, Service("a")),),
        "b": (
            Dated(Span(DAWN, AT), Service("b")),
            Dated(Span(AT, FOREVER), Service("b", "renamed")),
        ),
        "c": (Dated(Span(DAWN, AT), Service("c")),),
        "d": (Dated(Span(AT, FOREVER), Service("d")),),
    }


def test_what_a_document_says_of_the_time_before_is_not_heard() -> None:
    old = Estate(services={"a": (Dated(Span(0, 50), Service("a")),)})
    new = Estate(services={"a": (Dated(Span(0, FOREVER), Service("a", "renamed")),)})
    assert succeed(old, new, AT).services["a"] == (
        Dated(Span(0, 50), Service("a")),
        Dated(Span(AT, FOREVER), Service("a", "renamed")),
    )


def test_the_metadata_are_the_documents() -> None:
    new = Estate(Metadata("new"))
    assert succeed(Estate(Metadata("old")), new, AT).metadata == Metadata("new")


# ---- agreements of one version ----


def test_the_same_content_is_the_same_version() -> None:
    assert after((version(),), (version(),)) == (version(),)


def test_an_agreement_that_is_missing_ends_at_the_instant() -> None:
    assert after((version(),), ()) == (version(end=AT),)


def test_an_agreement_that_has_not_begun_and_is_missing_is_gone() -> None:
    assert after((version(start=200),), ()) == ()


def test_an_agreement_that_has_ended_and_is_missing_stays() -> None:
    assert after((version(end=50),), ()) == (version(end=50),)


def test_a_new_agreement_begins_at_the_instant_or_later() -> None:
    assert after((), (version(start=0),)) == (version(start=AT),)
    assert after((), (version(start=200),)) == (version(start=200),)
    assert after((), (version(end=50),)) == ()


def test_changed_content_is_a_further_version_from_the_instant_on() -> None:
    assert after((version(),), (version(name="b"),)) == (
        version(end=AT),
        version(2, AT, name="b"),
    )


def test_changed_content_that_is_to_begin_later_begins_then() -> None:
    assert after((version(),), (version(start=200, name="b"),)) == (
        version(end=AT),
        version(2, 200, name="b"),
    )


def test_the_changed_document_imported_again_changes_nothing() -> None:
    once = after((version(),), (version(name="b"),))
    assert after(once, (version(name="b"),)) == once
    assert after(once, (version(name="b"),), at=300) == once


def test_returning_to_earlier_content_is_a_further_version() -> None:
    once = after((version(),), (version(name="b"),))
    assert after(once, (version(),), at=200) == (
        version(end=AT),
        version(2, AT, 200, name="b"),
        version(3, 200),
    )


def test_a_number_is_not_given_twice() -> None:
    old = (version(1, end=50), version(4, 50))
    assert after(old, (version(name="b"),))[-1] == version(5, AT, name="b")
    assert after(old, (version(7, name="b"),))[-1] == version(7, AT, name="b")


def test_the_end_of_a_version_may_move_to_a_later_instant_only() -> None:
    assert after((version(),), (version(end=150),)) == (version(end=150),)
    assert after((version(end=150),), (version(),)) == (version(),)
    assert after((version(end=150),), (version(end=AT),)) == (version(end=AT),)
    assert refused((version(),), (version(end=50),))


def test_a_version_that_ends_at_the_instant_may_go_on() -> None:
    assert after((version(end=AT),), (version(),)) == (version(),)


def test_a_version_that_ended_before_is_not_revived_but_followed_by_another() -> None:
    assert after((version(end=50),), (version(),)) == (version(end=50), version(2, AT))


def test_an_agreement_that_has_run_its_course_is_not_imported_anew() -> None:
    assert after((version(end=50),), (version(end=50),)) == (version(end=50),)


def test_the_start_of_a_version_stands_whatever_the_document_says() -> None:
    assert after((version(start=10),), (version(start=0),)) == (version(start=10),)


def test_a_version_that_is_to_begin_again_later_leaves_a_gap() -> None:
    assert after((version(),), (version(start=200),)) == (version(end=AT), version(2, 200))


def test_a_version_that_has_not_begun_may_move() -> None:
    assert after((version(start=200),), (version(start=300),)) == (version(start=300),)
    assert after((version(start=200),), (version(start=0),)) == (version(start=AT),)


def test_a_version_cannot_be_replaced_at_its_own_start() -> None:
    assert refused((version(start=AT),), (version(name="b"),))
    assert after((version(start=AT),), (version(start=AT, name="b"),), at=AT + 1) == (
        version(start=AT, end=AT + 1),
        version(2, AT + 1, name="b"),
    )


def test_acceptances_are_added_to_a_version_and_never_taken_from_it() -> None:
    p, q = Acceptance("p", 1), Acceptance("q", 2)
    old, new = replace(version(), acceptances=(p,)), replace(version(), acceptances=(q, p))
    assert after((old,), (new,)) == (replace(version(), acceptances=(p, q)),)
    assert after((old,), (version(),)) == (old,)


# ---- drafts and other versions that are not in force ----


def test_a_draft_may_change_freely() -> None:
    draft = version(state="draft")
    assert after((draft,), (replace(draft, name="b"),)) == (replace(draft, name="b"),)
    assert after((draft,), ()) == ()


def test_a_draft_that_comes_into_force_binds_from_the_instant_on() -> None:
    assert after((version(state="draft"),), (version(),)) == (version(start=AT),)


def test_an_agreement_taken_out_of_force_ends_at_the_instant() -> None:
    ended = after((version(),), (version(state="terminated"),))
    assert ended == (version(end=AT), version(2, state="terminated"))
    assert after(ended, (version(state="terminated"),), at=200) == ended


def test_a_document_of_one_version_says_nothing_of_drafts() -> None:
    draft = version(2, name="b", state="negotiating")
    assert after((version(), draft), (version(),)) == (version(), draft)
    assert after((version(), draft), (version(name="c"),)) == (
        version(end=AT),
        draft,
        version(3, AT, name="c"),
    )


# ---- agreements of several versions ----


def test_a_list_of_versions_may_add_one() -> None:
    old = (version(),)
    new = (version(end=150), version(2, 150, name="b"))
    assert after(old, new) == new
    assert after(new, new) == new


def test_a_listed_version_that_had_begun_cannot_change() -> None:
    old = (version(end=50), version(2, 50, name="b"))
    assert refused(old, (version(end=50), version(2, 50, name="c")))
    assert refused(old, (version(end=50, name="c"), version(2, 50, name="b")))
    assert refused((version(end=AT), version(2, AT)), (version(end=AT), version(2, AT, name="b")))


def test_a_listed_version_that_has_not_begun_may_change() -> None:
    old = (version(end=200), version(2, 200, name="b"))
    new = (version(end=300), version(2, 300, name="c"))
    assert after(old, new) == new


def test_the_start_of_a_listed_version_that_had_begun_cannot_move_ahead() -> None:
    assert refused((version(),), (version(start=200), version(2, 300, name="b")))


def test_the_past_end_of_a_listed_version_cannot_move() -> None:
    old = (version(end=50), version(2, 60, name="b"))
    assert refused(old, (version(end=60), version(2, 60, name="b")))


def test_a_listed_draft_may_change_come_into_force_or_go() -> None:
    draft = version(2, name="b", state="draft")
    old = (version(), draft)
    more = version(3, 400, state="draft")
    assert after(old, (version(), replace(draft, name="c"))) == (
        version(),
        replace(draft, name="c"),
    )
    new = (version(end=200), version(2, 200, name="b"))
    assert after(old, new) == new
    assert after(old, (version(), more)) == (version(), more)


def test_a_version_missing_from_a_list_ends_at_the_instant() -> None:
    old = (version(), version(2, 300, name="b"))
    new = (version(3, 150, name="c"), version(4, 250, name="d"))
    assert after(old, new) == (version(end=AT), *new)


def test_the_refusal_names_the_agreement_and_the_version() -> None:
    with pytest.raises(OrchestratorError) as error:
        after((version(),), (version(end=50),))
    (problem,) = error.value.problems
    assert problem.path == "agreements[c1]"
    assert "version 1" in problem.message
