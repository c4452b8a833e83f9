"""What `--set` says: a target of any kind for a term, a number for a parameter of a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Final

from orchestrator.errors import OrchestratorError, refuse
from orchestrator.formats.targets import read_target
from orchestrator.model.agreements import Term
from orchestrator.model.estate import Estate
from orchestrator.model.metrics import METRICS, Target, check_target
from orchestrator.model.translations import Translation
from orchestrator.model.values import parse_number, parse_ratio

OPTION: Final = "--set"

Pair = tuple[str, str]


@contextmanager
def blamed() -> Iterator[None]:
    """Names the option as the place of what is refused inside, unless that has a place."""
    try:
        yield
    except OrchestratorError as error:
        raise error.at(path=OPTION) from error


def targets_of(estate: Estate, given: Sequence[str]) -> dict[Pair, Target]:
    """Each `AGREEMENT/TERM=TARGET` as (agreement, term) and a target of the term's metric; an
    agreement alone stands for its availability, if it has one such term.

    Raises `OrchestratorError`, its path the option: USAGE, UNKNOWN_REFERENCE, and what
    `read_target` and `check_target` do.
    """
    found: dict[Pair, Target] = {}
    with blamed():
        for text in given:
            name, equals, target = map(str.strip, text.partition("="))
            agreement, slash, term = name.partition("/")
            if not (equals and agreement and target) or (slash and not term):
                raise refuse(
                    "USAGE",
                    f"{text!r} is not AGREEMENT/TERM=TARGET",
                    "write it as c1/availability=99.95%",
                )
            terms = _terms(estate, agreement)
            place = agreement, term or _availability(agreement, terms)
            _once(found, place)
            found[place] = _target(place, terms, target)
    return found


def metric_of(estate: Estate, place: Pair) -> str:
    """The metric of a term that is there."""
    agreement, id = place
    return _terms(estate, agreement)[id][0].metric


def _terms(estate: Estate, agreement: str) -> Mapping[str, Sequence[Term]]:
    """The terms of all versions of an agreement, by id."""
    if agreement not in estate.agreements:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no agreement {agreement!r}",
            "use the id of an agreement of the estate",
        )
    found: dict[str, list[Term]] = {}
    for version in estate.agreements[agreement]:
        for term in version.terms:
            found.setdefault(term.id, []).append(term)
    return found


def _availability(agreement: str, terms: Mapping[str, Sequence[Term]]) -> str:
    """The one term of availability that an agreement has."""
    named = [id for id, made in terms.items() if any(t.metric == "availability" for t in made)]
    if len(named) != 1:
        many = "no term" if not named else f"{len(named)} terms"
        known = ", ".join(f"{agreement}/{id}" for id in named or terms)
        raise refuse(
            "USAGE",
            f"{agreement} has {many} of availability, and no term is named",
            f"write it as AGREEMENT/TERM=TARGET, with one of {known}",
        )
    return named[0]


def _target(place: Pair, terms: Mapping[str, Sequence[Term]], text: str) -> Target:
    agreement, id = place
    if id not in terms:
        raise refuse(
            "UNKNOWN_REFERENCE",
            f"there is no term {agreement}/{id}",
            f"use one of {', '.join(f'{agreement}/{one}' for one in terms)}",
        )
    target = read_target(text, terms[id][0].metric)
    for term in terms[id]:
        check_target(METRICS[term.metric], target)
    return target


def numbers_of(translation: Translation, given: Sequence[str]) -> dict[Pair, Fraction]:
    """Each `RULE/PARAMETER=NUMBER` as (rule, parameter) and a value that the parameter may have; a
    percentage is one of a parameter that is a share.

    Raises `OrchestratorError`, its path the option: USAGE, UNKNOWN_REFERENCE, BAD_NUMBER,
    OUT_OF_RANGE.
    """
    known = {
        (rule.id, parameter.id): parameter
        for rule in translation.rules
        for parameter in rule.parameters
    }
    found: dict[Pair, Fraction] = {}
    with blamed():
        for text in given:
            name, equals, number = map(str.strip, text.partition("="))
            rule, slash, parameter = name.partition("/")
            if not (equals and slash and rule and parameter and number):
                raise refuse(
                    "USAGE",
                    f"{text!r} is not RULE/PARAMETER=NUMBER",
                    "write it as web/users=12000",
                )
            place = rule, parameter
            if place not in known:
                raise refuse(
                    "UNKNOWN_REFERENCE",
                    f"there is no parameter {rule}/{parameter}",
                    f"use one of {', '.join(map('/'.join, known))}",
                )
            _once(found, place)
            is_share = known[place].low >= 0 and known[place].high <= 1
            value = (parse_ratio if is_share else parse_number)(number)
            known[place].check(value)
            known[place].check_step(value)
            found[place] = value
    return found


def _once(found: Mapping[Pair, object], place: Pair) -> None:
    if place in found:
        raise refuse("USAGE", f"{'/'.join(place)} is set twice", "set it once")
