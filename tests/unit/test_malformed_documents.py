"""Malformed documents: each is refused with its code, its line, its path, and what to do.

The lines are those of the texts below, counted from the header, which is lines 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats.estate import read_estate
from orchestrator.formats.facts import read_facts

ESTATE = "apiVersion: orchestrator/v1\nkind: Estate\n"
FACTS = "apiVersion: orchestrator/v1\nkind: Facts\n"

PARTIES = """\
parties:
  - {id: a}
  - {id: b}
services:
  - {id: s, owner: a}
agreements:
"""
"""Lines 3 to 8 of an estate with one agreement, which begins in line 9."""

AGREEMENT = PARTIES + "  - {id: c, kind: SLA, provider: a, customer: b, covers: [s],\n"
"""As far as line 9; the agreement goes on in line 10."""


FLOW = "services:\n  - id: s\n    flows:\n"
"""Lines 3 to 5 of an estate with one flow, which stands in line 6."""

FLOWN = """\
parties: [{id: a}, {id: b}]
agreements:
  - id: desk
    kind: OLA
    provider: a
    customer: b
    covers: [s]
    terms:
      - {id: triage, metric: resolution_time, target: {share: 90%, within: 1h}}
      - {id: fix, metric: resolution_time, target: {share: 90%, within: 4h}}
      - {id: up, metric: availability, target: 99%}
  - {id: ops, kind: OLA, provider: a, customer: b, covers: [s],
     terms: [{id: up, metric: availability, target: 99%}]}
"""
"""The agreements that its stages are of."""


@dataclass(frozen=True)
class Case:
    name: str
    text: str | bytes
    code: str
    line: int
    path: str
    says: str = ""


def estate(name: str, body: str, code: str, line: int, path: str, says: str = "") -> Case:
    return Case(name, ESTATE + body, code, line, path, says)


def term(name: str, keys: str, code: str, path: str, says: str = "") -> Case:
    """A case of one term, which stands in line 10."""
    text = f"{ESTATE}{AGREEMENT}     terms: [{{id: t, metric: availability, {keys}}}]}}\n"
    return Case(name, text, code, 10, f"agreements[0].terms[0]{path}", says)


def agreement(name: str, keys: str, code: str, path: str, says: str = "") -> Case:
    """A case of one agreement, at fault in line 10."""
    text = f"{ESTATE}{AGREEMENT}     terms: [], {keys}}}\n"
    return Case(name, text, code, 10, f"agreements[0]{path}", says)


def facts(name: str, body: str, code: str, line: int, path: str, says: str = "") -> Case:
    return Case(name, FACTS + body, code, line, path, says)


def of_metric(name: str, metric: str, target: str, code: str, path: str, says: str = "") -> Case:
    """A case of one term's target, which stands in line 10."""
    key = "internalTarget" if "internalTarget" in target else "target"
    text = f"{ESTATE}{AGREEMENT}     terms: [{{id: t, metric: {metric}, target: {target}}}]}}\n"
    return Case(name, text, code, 10, f"agreements[0].terms[0].{key}{path}", says)


def flow(name: str, step: str, code: str, path: str, says: str = "", key: str = "") -> Case:
    """A case of one flow, which stands in line 6."""
    key = key or "resolution_time"
    text = f"{ESTATE}{FLOW}      {key}: {step}\n{FLOWN}"
    return Case(name, text, code, 6, f"services[0].flows.{key}{path}", says)


TEXTS = [
    Case("an empty text", "", "EMPTY_DOCUMENT", 1, ""),
    Case("nothing but a comment", "# nothing\n", "EMPTY_DOCUMENT", 1, ""),
    Case("a list", "- 1\n- 2\n", "BAD_TYPE", 1, "", "a list is given"),
    Case("a bare text", "hello\n", "BAD_TYPE", 1, ""),
    estate("a quote that never ends", "metadata:\n  name: 'x\n\n\n", "BAD_SYNTAX", 4,
           "metadata.name"),
    estate("a bracket that never closes", "parties: [{id: a}\n", "BAD_SYNTAX", 3, "parties[1]"),
    estate("a tab for an indent", "metadata:\n\tname: x\n", "BAD_SYNTAX", 4, "metadata", "tabs"),
    estate("a line out of place", "parties:\n  - id: a\n   name: A\n", "BAD_SYNTAX", 5,
           "parties[1]"),
    Case("latin-1", ESTATE.encode() + b"metadata:\n  name: B\xe4r\n", "BAD_ENCODING", 4, ""),
    Case("utf-16", ESTATE.encode("utf-16"), "BAD_ENCODING", 1, ""),
    estate("a control character", "metadata: {name: a\x01b}\n", "BAD_CHARACTER", 3, ""),
    estate("an escaped null character", 'metadata: {name: "\\0"}\n', "BAD_CHARACTER", 3,
           "metadata.name"),
    estate("two documents", "---\nkind: Estate\n", "MANY_DOCUMENTS", 3, ""),
    estate("a key given twice", "metadata:\n  name: x\n  name: y\n", "DUPLICATE_KEY", 5,
           "metadata.name", "line 4"),
    estate("a list given twice", "parties: []\nservices: []\nparties: []\n", "DUPLICATE_KEY", 5,
           "parties", "line 3"),
    estate("a number as a key", "x-a: {1: one}\n", "BAD_KEY", 3, "x-a.1"),
    estate("a list as a key", "x-a: {[1]: one}\n", "BAD_KEY", 3, "x-a"),
    estate("an anchor", "parties:\n  - &a {id: a}\n", "ALIAS_NOT_ALLOWED", 4, "parties[0]"),
    estate("an alias", "parties: []\nservices: *a\n", "ALIAS_NOT_ALLOWED", 4, "services", "*a"),
    estate("a merge key", "parties:\n  - <<: {id: a}\n", "ALIAS_NOT_ALLOWED", 4, "parties[0]"),
    estate("a tag", "parties: !!python/name:os.system x\n", "ALIAS_NOT_ALLOWED", 3, "parties"),
    estate("a hundred thousand brackets", "x-a: " + "[" * 100_000, "TOO_DEEP", 3,
           "x-a" + "[0]" * 98 + "[0]"),
    estate("a hundred thousand dashes", "x-a:\n" + "- " * 100_000, "TOO_DEEP", 4,
           "x-a" + "[0]" * 98 + "[0]"),
    Case("JSON in a hundred thousand brackets", '{"a": ' + "[" * 100_000, "TOO_DEEP", 1,
         "a" + "[0]" * 98 + "[0]"),
    Case("JSON that ends too soon", '{\n "apiVersion": "orchestrator/v1",\n "kind":\n',
         "BAD_SYNTAX", 4, "kind"),
    Case("JSON with a comma too many", '{"apiVersion": "orchestrator/v1",\n}', "BAD_SYNTAX", 2, ""),
    Case("JSON with a key given twice",
         '{"kind": "Estate",\n "apiVersion": "orchestrator/v1",\n "kind": "Estate"}',
         "DUPLICATE_KEY", 3, "kind", "line 1"),
    Case("JSON with a bad escape", '{"kind":\n "\\q"}', "BAD_SYNTAX", 2, "kind"),
    Case("JSON with half a character", '{"kind":\n "\\ud800"}', "BAD_CHARACTER", 2, "kind"),
    Case("JSON with a leading zero", '{"kind": 007}', "BAD_SYNTAX", 1, ""),
    Case("JSON with NaN", '{"kind": NaN}', "BAD_SYNTAX", 1, "kind"),
    Case("JSON with a number of no world", '{"x-a": 1e' + "9" * 40 + "}", "BAD_SYNTAX", 1, ""),
    Case("JSON with more behind it", '{"kind": "Estate"}\n{}', "BAD_SYNTAX", 2, ""),
]  # fmt: skip

HEADERS = [
    Case("another version", "apiVersion: orchestrator/v2\nkind: Estate\n", "BAD_VERSION", 1,
         "apiVersion", "orchestrator/v1"),
    Case("no version", "kind: Estate\n", "MISSING_KEY", 1, "", "apiVersion"),
    Case("a version that is a number", "apiVersion: 1\nkind: Estate\n", "BAD_TYPE", 1,
         "apiVersion"),
    Case("another kind", FACTS, "BAD_KIND", 2, "kind", "Estate"),
    Case("no kind", "apiVersion: orchestrator/v1\n", "MISSING_KEY", 1, "", "kind"),
    estate("an unknown key", "servcies: []\n", "UNKNOWN_KEY", 3, "servcies", "'services'"),
    estate("a list that is none", "services: {id: a}\n", "BAD_TYPE", 3, "services"),
    estate("a list left empty", "services:\n", "BAD_TYPE", 3, "services", "leave the key out"),
    estate("an unknown zone", "metadata: {timezone: Europe/Atlantis}\n", "BAD_ZONE", 3,
           "metadata.timezone", "IANA"),
    estate("a currency in words", "metadata: {currency: euro}\n", "BAD_CURRENCY", 3,
           "metadata.currency"),
    estate("a home that does not exist", "metadata:\n  home: [a]\n", "UNKNOWN_REFERENCE", 4,
           "metadata.home[0]", "'a'"),
    estate("a name of many pages", f"metadata: {{name: {'x' * 20_000}}}\n", "TOO_LONG", 3,
           "metadata.name"),
    estate("a number for a name", "metadata: {name: 1e999999}\n", "BAD_TYPE", 3,
           "metadata.name"),
    estate("the same key of one's own twice", "x-a: 1\nmetadata: {x-a: 2}\n", "DUPLICATE_KEY", 3,
           "x-a"),
]  # fmt: skip

OBJECTS = [
    estate("an id in capitals", "parties:\n  - id: Beta Ltd\n", "BAD_ID", 4, "parties[0].id"),
    estate("no id", "parties:\n  - name: Beta\n", "MISSING_KEY", 4, "parties[0]", "`id`"),
    estate("an id twice", "parties:\n  - {id: a}\n  - {id: b}\n  - {id: a}\n", "DUPLICATE_ID", 6,
           "parties[2].id", "line 4"),
    estate("an unknown kind of party", "parties:\n  - {id: a, kind: compny}\n", "BAD_CHOICE", 4,
           "parties[0].kind", "organisation"),
    estate("a team of nobody", "parties:\n  - {id: t, kind: team}\n", "TEAM_WITHOUT_PARENT", 4,
           "parties[0]"),
    estate("a parent that does not exist", "parties:\n  - id: t\n    parent: b\n",
           "UNKNOWN_REFERENCE", 5, "parties[0].parent", "'b'"),
    estate("parties that own each other", "parties:\n  - {id: a, parent: b}\n"
           "  - {id: b, parent: c}\n  - {id: c, parent: a}\n", "CYCLE", 4, "parties[0].parent",
           "a -> b -> c -> a"),
    estate("a flag for a text", "parties:\n  - {id: a, name: true}\n", "BAD_TYPE", 4,
           "parties[0].name", "quotes"),
    estate("an owner that does not exist", "services:\n  - id: s\n    owner: nobody\n",
           "UNKNOWN_REFERENCE", 5, "services[0].owner", "'nobody'"),
    estate("an own part of another word", "services:\n  - {id: s, own: nothing}\n", "BAD_CHOICE", 4,
           "services[0].own", "none"),
    estate("a service that needs an unknown one", "services:\n  - id: s\n    requires:\n"
           "      all: [t]\n", "UNKNOWN_REFERENCE", 5, "services[0].requires", "'t'"),
    estate("a service that needs itself", "services:\n  - {id: s, requires: s}\n", "CYCLE", 4,
           "services[0].requires", "s -> s"),
    estate("services that need each other", "services:\n  - {id: c, requires: d}\n"
           "  - {id: d, requires: {any: [b]}}\n  - {id: b, requires: {all: [c]}}\n", "CYCLE", 6,
           "services[2].requires", "b -> c -> d -> b"),
    estate("a group of nothing", "services:\n  - id: s\n    requires:\n      all: []\n",
           "EMPTY_GROUP", 6, "services[0].requires.all"),
    estate("an empty choice deep inside", "services:\n  - id: s\n    requires:\n      all:\n"
           "        - t\n        - any: []\n  - id: t\n", "EMPTY_GROUP", 8,
           "services[0].requires.all[1].any"),
    estate("more than there are", "services:\n  - {id: t}\n  - id: s\n    requires:\n"
           "      atLeast: 3\n      of: [t, t]\n", "K_OUT_OF_RANGE", 7,
           "services[1].requires.atLeast", "1 to 2"),
    estate("at least none", "services:\n  - id: s\n    requires: {atLeast: 0, of: [s]}\n",
           "K_OUT_OF_RANGE", 5, "services[0].requires.atLeast"),
    estate("half a service", "services:\n  - id: s\n    requires: {atLeast: 1.5, of: [s]}\n",
           "BAD_NUMBER", 5, "services[0].requires.atLeast"),
    estate("a common cause above one", "services:\n  - id: s\n    requires:\n"
           "      any: [s]\n      beta: 5\n", "BETA_OUT_OF_RANGE", 7,
           "services[0].requires.beta"),
    estate("a form of group that is none", "services:\n  - id: s\n    requires:\n"
           "      al: [s]\n", "UNKNOWN_KEY", 6, "services[0].requires.al", "'all'"),
    estate("a group without its size", "services:\n  - id: s\n    requires: {of: [s]}\n",
           "MISSING_KEY", 5, "services[0].requires", "atLeast"),
    estate("a requirement that is a flag", "services:\n  - id: s\n    requires: {all: [true]}\n",
           "BAD_TYPE", 5, "services[0].requires.all[0]"),
    estate("no visits at all", "services:\n  - id: s\n    requires: {service: s, visits: 0}\n",
           "OUT_OF_RANGE", 5, "services[0].requires.visits"),
]  # fmt: skip

FLOWS = [
    flow("a stage of no agreement", "{sequence: [desk/fix, help/fix]}", "UNKNOWN_REFERENCE",
         ".sequence[1]", "'help'"),
    flow("a stage of no term", "{parallel: [{first: [desk/repair]}]}", "UNKNOWN_REFERENCE",
         ".parallel[0].first[0]", "'repair'"),
    flow("a stage of another metric", "{loop: {times: 2, step: desk/up}}", "BAD_FLOW",
         ".loop.step", "resolution_time"),
    flow("a stage that commits to no such thing",
         "{choice: [{share: 1, step: {sequence: [ops]}}]}", "BAD_FLOW",
         ".choice[0].step.sequence[0]", "ops commits to no resolution_time"),
    flow("a stage that might be either term", "desk", "BAD_FLOW", "", "desk/TERM"),
    flow("a stage in words", "the desk", "BAD_ID", "", "agreement/term"),
    flow("a stage of three parts", "desk/fix/now", "BAD_ID", ""),
    flow("a stage that is a number", "{sequence: [7]}", "BAD_TYPE", ".sequence[0]", "quotes"),
    flow("a list for a flow", "[desk/fix]", "BAD_TYPE", "", "sequence"),
    flow("nothing at once", "{parallel: []}", "EMPTY_GROUP", ".parallel", "parallel"),
    flow("the first of nobody", "{sequence: [{first: []}]}", "EMPTY_GROUP", ".sequence[0].first"),
    flow("a choice of nothing", "{choice: []}", "EMPTY_GROUP", ".choice"),
    flow("shares that make up less", "{choice: [{share: 0.5, step: desk/fix},"
         " {share: 40%, step: desk/triage}]}", "BAD_FLOW", ".choice", "0.9"),
    flow("a branch that nothing takes", "{choice: [{share: 0, step: desk/fix}]}", "BAD_FLOW",
         ".choice[0].share", "above 0"),
    flow("a share without its sign", "{choice: [{share: 80, step: desk/fix}]}", "BAD_FLOW",
         ".choice[0].share", "at most 1"),
    flow("a loop of no times", "{loop: {times: 0, step: desk/fix}}", "OUT_OF_RANGE",
         ".loop.times", "1 to 1000"),
    flow("a loop without its times", "{loop: {step: desk/fix}}", "MISSING_KEY", ".loop",
         "`times`"),
    flow("a loop around nothing", "{loop: {times: 2}}", "MISSING_KEY", ".loop", "`step`"),
    flow("a way of working that is none", "{serial: [desk/fix]}", "UNKNOWN_KEY", ".serial",
         "sequence"),
    flow("two ways of working at once", "{sequence: [], parallel: [desk/fix]}", "UNKNOWN_KEY",
         ".parallel"),
    flow("a flow of an unknown metric", "desk/fix", "UNKNOWN_METRIC", "", "'resolution_time'",
         "resolution-time"),
    flow("a flow of a priority left out", "desk/fix", "BAD_FLOW", "", "METRIC/PRIORITY",
         "resolution_time/"),
    flow("a flow of availability", "desk/up", "BAD_FLOW", "", "requires", "availability"),
    flow("a flow without an end", "{sequence: [" * 60 + "desk/fix" + "]}" * 60, "TOO_DEEP",
         ".sequence[0]" * 48),
    estate("flows that are none", "services:\n  - id: s\n    flows: [a/b]\n", "BAD_TYPE", 5,
           "services[0].flows", "a flow for each metric"),
    estate("an order of unknown services", "services:\n  - id: s\n  - id: t\n"
           "    recoverAfter: [s, u]\n", "UNKNOWN_REFERENCE", 6, "services[1].recoverAfter[1]",
           "'u'"),
    estate("services that wait for each other", "services:\n  - {id: a, recoverAfter: [c]}\n"
           "  - {id: b, recoverAfter: [a]}\n  - {id: c, recoverAfter: [b]}\n", "CYCLE", 4,
           "services[0].recoverAfter", "a -> c -> b -> a"),
    estate("a service that waits for what requires it", "services:\n  - {id: a, requires: b}\n"
           "  - id: b\n    requires: c\n    recoverAfter: [a]\n  - {id: c}\n", "CYCLE", 7,
           "services[1].recoverAfter", "b -> a -> b"),
    estate("a service that waits for itself", "services:\n  - id: s\n    recoverAfter: [s]\n",
           "CYCLE", 5, "services[0].recoverAfter", "s -> s"),
    estate("nobody to restore anything", "services:\n  - {id: s, crews: 0}\n", "OUT_OF_RANGE", 4,
           "services[0].crews"),
    estate("half a crew", "services:\n  - {id: s, crews: 1.5}\n", "BAD_NUMBER", 4,
           "services[0].crews"),
]  # fmt: skip

HISTORIES = [
    estate("an end before its start", "parties:\n  - id: a\n    effective:\n"
           "      from: 2026-02-01\n      to: 2026-01-01\n", "END_BEFORE_START", 7,
           "parties[0].effective.to"),
    estate("versions at the same time", "parties:\n  - id: a\n    versions:\n"
           "      - {effective: {to: 2026-02-01}}\n      - {effective: {from: 2026-01-01}}\n",
           "OVERLAPPING_VERSIONS", 4, "parties[0]"),
    estate("no versions", "parties:\n  - {id: a, versions: []}\n", "EMPTY_LIST", 4,
           "parties[0].versions"),
    estate("a version with an id of its own", "parties:\n  - id: a\n    versions:\n"
           "      - {id: b}\n", "UNKNOWN_KEY", 6, "parties[0].versions[0].id"),
    estate("the owner of a later version", "parties:\n  - {id: a}\nservices:\n  - id: s\n"
           "    versions:\n      - {effective: {to: 2026-02-01}, owner: a}\n"
           "      - effective: {from: 2026-02-01}\n        owner: b\n", "UNKNOWN_REFERENCE", 10,
           "services[0].versions[1].owner", "'b'"),
    estate("an owner who leaves too early", "parties:\n  - {id: a, effective: {to: 2026-02-01}}\n"
           "services:\n  - {id: s, owner: a}\n", "REFERENCE_OUT_OF_TIME", 6, "services[0].owner"),
    estate("requirements at the same time", "services:\n  - id: s\n    requires:\n"
           "      - {from: 2026-01-01, expression: s}\n"
           "      - {from: 2026-02-01, expression: s}\n", "OVERLAPPING_VERSIONS", 7,
           "services[0].requires[1]"),
    estate("a version number twice", PARTIES + "  - id: c\n    kind: UC\n    provider: a\n"
           "    customer: b\n    covers: []\n    versions:\n      - {effective: {to: 2026-01-01}}\n"
           "      - effective: {from: 2026-01-01}\n        version: 1\n", "DUPLICATE_ID", 17,
           "agreements[0].versions[1].version"),
]  # fmt: skip

CALENDARS = [
    estate("hours that never come", "calendars:\n  - id: k\n    weekly: {}\n", "NEVER_OPENS", 5,
           "calendars[0].weekly"),
    estate("days without windows", "calendars:\n  - id: k\n    weekly:\n      sat: []\n",
           "NEVER_OPENS", 5, "calendars[0].weekly"),
    estate("an hour that is none", 'calendars:\n  - id: k\n    weekly:\n      mon: ["9-17"]\n',
           "BAD_WINDOW", 6, "calendars[0].weekly.mon[0]"),
    estate("a window after midnight", 'calendars:\n  - id: k\n    weekly: {mon: ["24:00-01:00"]}\n',
           "BAD_WINDOW", 5, "calendars[0].weekly.mon[0]"),
    estate("a day that is none", 'calendars:\n  - id: k\n    weekly: {funday: ["09:00-17:00"]}\n',
           "BAD_DAYS", 5, "calendars[0].weekly.funday"),
    estate("hours as a text", "calendars:\n  - {id: k, weekly: 24x7}\n", "BAD_TYPE", 4,
           "calendars[0].weekly"),
    estate("the id that is taken", 'calendars:\n  - {id: 24x7, weekly: {mon: ["00:00-24:00"]}}\n',
           "RESERVED_ID", 4, "calendars[0].id"),
    estate("a zone that is none", 'calendars:\n  - id: k\n    timezone: CET-1\n'
           '    weekly: {mon: ["00:00-24:00"]}\n', "BAD_ZONE", 5, "calendars[0].timezone"),
    estate("holidays of no country", 'calendars:\n  - id: k\n    weekly: {mon: ["00:00-24:00"]}\n'
           "    holidays: {country: ZZ}\n", "BAD_HOLIDAYS", 6, "calendars[0].holidays.country"),
    estate("holidays of no part", 'calendars:\n  - id: k\n    weekly: {mon: ["00:00-24:00"]}\n'
           "    holidays: {country: GB, subdivision: BY}\n", "BAD_HOLIDAYS", 6,
           "calendars[0].holidays.subdivision", "ENG"),
    estate("a holiday that is no day", 'calendars:\n  - id: k\n    weekly: {mon: ["00:00-24:00"]}\n'
           "    holidays: [2026-02-29]\n", "BAD_DATE", 6, "calendars[0].holidays[0]"),
    estate("a closure without an end", 'calendars:\n  - id: k\n    weekly: {mon: ["00:00-24:00"]}\n'
           "    closures:\n      - from: 2026-12-24\n", "MISSING_KEY", 7,
           "calendars[0].closures[0]", "`to`"),
]  # fmt: skip

AGREEMENTS = [
    agreement("a month that starts too late", "period: {month: {startDay: 31}}", "BAD_PERIOD",
              ".period.month.startDay"),
    agreement("a period that is none", "period: fortnight", "BAD_PERIOD", ".period"),
    agreement("a period of no length", "period: {rolling: 0s}", "BAD_PERIOD", ".period.rolling"),
    agreement("a bad date", "effective: {from: 2026-13-01}", "BAD_DATE", ".effective.from"),
    agreement("an instant without a zone", 'effective: {from: "2026-01-01T00:00"}', "BAD_INSTANT",
              ".effective.from", "zone"),
    agreement("an instant of no day", 'effective: {from: "2026-02-30T00:00:00Z"}', "BAD_INSTANT",
              ".effective.from"),
    agreement("a day before all days", "timezone: Asia/Tokyo, effective: {from: 0001-01-01}",
              "BAD_DATE", ".effective.from"),
    agreement("an hour before all hours", 'effective: {from: "0001-01-01T00:00:00+01:00"}',
              "BAD_INSTANT", ".effective.from"),
    agreement("money with a point", "fee: {amount: 500.00}", "MONEY_AS_FLOAT", ".fee.amount",
              '"500.00"'),
    agreement("money with an exponent", "fee: {amount: 5e2}", "MONEY_AS_FLOAT", ".fee.amount"),
    agreement("money in thirds of a cent", 'fee: {amount: "1.333"}', "BAD_MONEY", ".fee.amount",
              "minor unit"),
    agreement("yen with decimals", 'fee: {amount: "1.50", currency: JPY}', "BAD_MONEY",
              ".fee.amount"),
    agreement("money with a comma", 'fee: {amount: "1,50"}', "BAD_MONEY", ".fee.amount"),
    agreement("a sum without its key", 'minimumCredit: "5.00"', "BAD_TYPE", ".minimumCredit",
              "{amount:"),
    agreement("a time to claim without its key", "claims: 30d", "BAD_TYPE", ".claims",
              "{within: 30d}"),
    agreement("a fee by the fortnight", "fee: {amount: 5, per: fortnight}", "BAD_CHOICE",
              ".fee.per"),
    agreement("an unknown state", "state: inforce", "BAD_CHOICE", ".state", "'in_force'"),
    agreement("an unknown policy", "policies: {share: shapley}", "UNKNOWN_KEY", ".policies.share",
              "'shares'"),
    agreement("a policy of another word", "policies: {shares: all_mine}", "BAD_CHOICE",
              ".policies.shares", "shapley"),
    agreement("a cap of neither", "caps: [{}]", "MISSING_KEY", ".caps[0]", "percent, amount"),
    agreement("a cap of both", 'caps: [{percent: "5", amount: "5.00"}]', "UNKNOWN_KEY",
              ".caps[0].amount"),
    agreement("a claim after something else", "claims: {within: 30d, after: invoice}", "BAD_CHOICE",
              ".claims.after"),
    agreement("an allowance without a duration", "allowances: [{category: maintenance}]",
              "MISSING_KEY", ".allowances[0]", "`duration`"),
    agreement("an allowance in no calendar",
              "allowances: [{category: maintenance, duration: 4h, within: nights}]",
              "UNKNOWN_REFERENCE", ".allowances[0].within", "'nights'"),
    agreement("a role of nobody", "roles: [{party: z, role: auditor}]", "UNKNOWN_REFERENCE",
              ".roles", "'z'"),
    agreement("a flag in words", "jointly: yes", "BAD_TYPE", ".jointly", "true or false"),
    agreement("a key of one's own in a fee", "fee: {amount: 5, x-note: 1}", "UNKNOWN_KEY",
              ".fee.x-note", "one level up"),
    estate("a covered service that does not exist", PARTIES + "  - id: c\n    kind: UC\n"
           "    provider: a\n    customer: b\n    covers:\n      - s\n      - t\n",
           "UNKNOWN_REFERENCE", 15, "agreements[0].covers[1]", "'t'"),
    estate("a service covered twice", PARTIES + "  - id: c\n    kind: UC\n    provider: a\n"
           "    customer: b\n    covers:\n      - s\n      - {service: s, scope: own}\n",
           "DUPLICATE_ID", 15, "agreements[0].covers[1]", "'s'"),
    estate("an agreement with oneself", PARTIES + "  - id: c\n    kind: OLA\n    provider: a\n"
           "    customer: a\n    covers: [s]\n", "SAME_PARTY", 12, "agreements[0].customer"),
    estate("a provider that does not exist", PARTIES + "  - id: c\n    kind: OLA\n"
           "    provider: z\n    customer: a\n    covers: [s]\n", "UNKNOWN_REFERENCE", 11,
           "agreements[0].provider", "'z'"),
    estate("an unknown kind of agreement", PARTIES + "  - {id: c, kind: SLO, provider: a,\n"
           "     customer: b, covers: []}\n", "BAD_CHOICE", 9, "agreements[0].kind", "SLA"),
    estate("a customer left out", PARTIES + "  - {id: c, kind: SLA, provider: a, covers: []}\n",
           "MISSING_KEY", 9, "agreements[0]", "`customer`"),
]  # fmt: skip

TERMS = [
    term("no target", "priority: P1", "MISSING_KEY", "", "`target`"),
    term("a percentage without its sign", "target: 99.9", "TARGET_OUT_OF_RANGE", ".target",
         "sign"),
    term("a percentage in words", "target: high", "BAD_NUMBER", ".target", "99.85%"),
    term("a target of nothing", 'target: "0%"', "TARGET_OUT_OF_RANGE", ".target"),
    term("a target in time for availability", "target: {share: 90%, within: 4h}", "BAD_TARGET",
         ".target"),
    term("an internal target out of range", "target: 99%, internalTarget: 999",
         "TARGET_OUT_OF_RANGE", ".internalTarget"),
    term("hours of no calendar", "target: 99%, hours: office", "UNKNOWN_REFERENCE", ".hours",
         "'office'"),
    term("a credit row without its threshold", 'target: 99%, credits: [{percent: "10"}]',
         "MISSING_KEY", ".credits[0]", "below"),
    term("a credit of less than nothing", 'target: 99%, credits: [{below: 99%, percent: -5}]',
         "OUT_OF_RANGE", ".credits[0].percent"),
    term("a credit in words", 'target: 99%, credits: [{below: 99%, percent: ten}]', "BAD_NUMBER",
         ".credits[0].percent", "'ten' is not a number"),
    term("a credit in money", 'target: 99%, credits: [{below: 99%, percent: 10 EUR}]', "BAD_NUMBER",
         ".credits[0].percent", 'as "10" or "10%"'),
    term("a credit with a sign too many", 'target: 99%, credits: [{below: 99%, percent: 10%%}]',
         "BAD_NUMBER", ".credits[0].percent"),
    term("a threshold without its sign", 'target: 99%, credits: [{below: 99.9, percent: 10}]',
         "OUT_OF_RANGE", ".credits[0].below", "sign"),
    term("a row upside down", "target: 99%, credits: [{from: 99%, to: 95%, percent: 10}]",
         "END_BEFORE_START", ".credits[0].to"),
    term("credits by the minute in a table", "target: 99%, credits: [{perMinute: 5}]",
         "UNKNOWN_KEY", ".credits[0].perMinute", "below"),
    term("credits by the minute of nothing", "target: 99%, credits: {perMinute: {}}",
         "MISSING_KEY", ".credits.perMinute"),
    term("credits from a pool of nothing",
         "target: 99%, credits: {pool: {allocation: 50%, rows: []}}", "MISSING_KEY",
         ".credits.pool", "atRisk"),
    term("credits of a scheme that nobody published", "target: 99%, credits: {published: acme}",
         "UNKNOWN_SCHEME", ".credits.published"),
    term("three breaches within two periods",
         "target: 99%, repeats: [{breaches: 3, periods: 2}]", "BAD_REPEAT",
         ".repeats[0].breaches"),
    term("graver breaches nearer to the target",
         "target: 99%, classes: {major: 95%, severe: 98%}", "CLASSES_NOT_ORDERED", ".classes"),
    term("good periods that come too late", "target: 99%, earnBack: {periods: 3, expires: 2}",
         "BAD_EARN_BACK", ".earnBack.periods"),
    term("chronic failure of nothing", "target: 99%, chronic: {periods: 6}", "BAD_REPEAT",
         ".chronic"),
    term("a duration without a unit", "target: 99%, measurement: {minimumOutage: 5}", "BAD_TYPE",
         ".measurement.minimumOutage", "duration"),
    term("a duration in words", "target: 99%, measurement: {minimumOutage: five minutes}",
         "BAD_DURATION", ".measurement.minimumOutage", "15m"),
    term("a duration beyond a life", "target: 99%, recoveryAllowance: 99999d", "BAD_DURATION",
         ".recoveryAllowance"),
    term("a rounding of another kind",
         "target: 99%, measurement: {rounding: {places: 2, mode: up}}",
         "BAD_CHOICE", ".measurement.rounding.mode", "half_up"),
    term("an unknown key of a term", "target: 99%, intenalTarget: 99%", "UNKNOWN_KEY",
         ".intenalTarget",
         "'internalTarget'"),
    term("half a second of rolling", "target: 99%, period: {rolling: 1500ms}", "BAD_PERIOD",
         ".period"),
    estate("a term twice", AGREEMENT + "     terms: [\n"
           "       {id: t, metric: availability, target: 99%},\n"
           "       {id: t, metric: availability, target: 98%}]}\n", "DUPLICATE_ID", 12,
           "agreements[0].terms[1].id", "line 11"),
    estate("an unknown metric", AGREEMENT + "     terms: [{id: t, metric: uptime, target: 99%}]}\n",
           "UNKNOWN_METRIC", 10, "agreements[0].terms[0].metric", "availability"),
    estate("a ratio for a resolution time", AGREEMENT + "     terms: [{id: t, target: 99%,\n"
           "       metric: resolution_time}]}\n", "BAD_TARGET", 10, "agreements[0].terms[0].target",
           "within"),
    of_metric("a percentage for a number", "throughput", "99.9%", "BAD_TARGET", "", '"450"'),
    of_metric("less than nothing at all", "throughput", "-5", "TARGET_OUT_OF_RANGE", "",
              "at least 0"),
    of_metric("names for a number", "throughput", "[fast]", "BAD_TARGET", "", "a number"),
    of_metric("a number in words", "satisfaction", "high", "BAD_NUMBER", "", "450"),
    of_metric("faults without a sign", "error_rate", "1.5", "TARGET_OUT_OF_RANGE", "", "sign"),
    of_metric("nothing but faults", "error_rate", "100%", "TARGET_OUT_OF_RANGE", "", "below 1"),
    of_metric("a time without a unit", "recovery_time", "4", "BAD_TARGET", "", "4h"),
    of_metric("a unit twice", "recovery_time", "4h4h", "BAD_DURATION", "", "once"),
    of_metric("a small unit first", "recovery_time", "30m1h", "BAD_DURATION", "", "largest first"),
    of_metric("a time in words", "recovery_time", "soon", "BAD_DURATION", "", "4h"),
    of_metric("no time at all", "recovery_point", "0s", "TARGET_OUT_OF_RANGE", "", "longer"),
    of_metric("a share where a time is meant", "recovery_time", "{share: 90%, within: 4h}",
              "BAD_TARGET", "", "a length of time"),
    of_metric("one name without a list", "certificates", "iso-27001", "BAD_TARGET", "",
              "[iso-27001, soc-2]"),
    of_metric("a list of no names", "certificates", "[]", "EMPTY_LIST", ""),
    of_metric("a name in capitals", "data_location", "[de, FR]", "BAD_ID", "[1]"),
    of_metric("a name given twice", "data_location", "[de, fr, de]", "DUPLICATE_ID", "", "'de'"),
    of_metric("a name among times", "latency", "[{share: 90%, within: 1s}, fast]", "BAD_TYPE",
              "[1]", "share"),
    of_metric("a time among names", "certificates", "[soc-2, {share: 90%, within: 1s}]",
              "BAD_TYPE", "[1]", "an id"),
    of_metric("no points", "latency", "[]", "EMPTY_LIST", ""),
    of_metric("a larger share in less time", "latency",
              "[{share: 99%, within: 1s}, {share: 90%, within: 2s}]", "BAD_TARGET", "",
              "90% within 2s and 99% within 1s"),
    of_metric("one share in two times", "latency",
              "[{share: 99%, within: 1s}, {share: 99%, within: 2s}]", "BAD_TARGET", ""),
    of_metric("days that open beside hours", "resolution_time",
              "[{share: 50%, within: 4h}, {share: 99%, within: 2 business days}]", "BAD_TARGET",
              "", "one unit"),
    of_metric("a point of more than all", "latency",
              "[{share: 90%, within: 1s}, {share: 110%, within: 2s}]", "TARGET_OUT_OF_RANGE", ""),
    of_metric("an internal target of another carrier", "throughput", "450, internalTarget: 4h",
              "BAD_NUMBER", ""),
    of_metric("a target left empty", "latency", "", "BAD_TARGET", "", "nothing"),
    estate("business days in fractions", AGREEMENT + "     terms: [{id: t,\n"
           "       metric: resolution_time, target: {share: 90%, within: 1.5 business days}}]}\n",
           "BAD_DURATION", 11, "agreements[0].terms[0].target.within"),
]  # fmt: skip

_OUTAGE = "outages:\n  - {id: o, service: s, from: 2026-04-03T10:00:00Z, "

FACTS_CASES = [
    Case("an estate among the facts", ESTATE, "BAD_KIND", 2, "kind", "Facts"),
    facts("an unknown kind of fact", "outage: []\n", "UNKNOWN_KEY", 3, "outage", "'outages'"),
    facts("an outage that ends first", _OUTAGE + "to: 2026-04-03T09:00:00Z}\n",
          "END_BEFORE_START", 4, "outages[0].to"),
    facts("an outage of no length", _OUTAGE + "to: 2026-04-03T10:00:00Z}\n",
          "END_BEFORE_START", 4, "outages[0].to"),
    facts("an outage that never begins", "outages:\n  - {id: o, service: s}\n", "MISSING_KEY", 4,
          "outages[0]", "`from`"),
    facts("an outage of no service", "outages:\n  - {id: o, from: 2026-04-03T10:00:00Z}\n",
          "MISSING_KEY", 4, "outages[0]", "`service`"),
    facts("a bare date, which has no zone", "outages:\n  - {id: o, service: s, from: 2026-04-03}\n",
          "BAD_INSTANT", 4, "outages[0].from", "zone"),
    facts("an offset of days",
          'outages:\n  - {id: o, service: s, from: "2026-04-03T10:00:00+99:00"}\n',
          "BAD_INSTANT", 4, "outages[0].from"),
    facts("seven decimals",
          'outages:\n  - {id: o, service: s, from: "2026-04-03T10:00:00.1234567Z"}\n',
          "BAD_INSTANT", 4, "outages[0].from"),
    facts("part of a service that is none", _OUTAGE + "part: half}\n", "BAD_CHOICE", 4,
          "outages[0].part", "whole"),
    facts("an excuse without a category", _OUTAGE + "excuse: {party: a}}\n", "MISSING_KEY", 4,
          "outages[0].excuse", "`category`"),
    facts("more than all users", _OUTAGE + "affectedShare: 40}\n", "OUT_OF_RANGE", 4,
          "outages[0].affectedShare", "sign"),
    facts("one id for two outages", _OUTAGE + "part: own}\n  - id: o\n    service: s\n"
          "    from: 2026-04-03T10:00:00Z\n", "DUPLICATE_ID", 5, "outages[1]",
          "line 4 and another in line 5"),
    facts("maintenance without an end", "maintenance:\n"
          "  - {id: m, service: s, from: 2026-04-03T10:00:00Z}\n", "MISSING_KEY", 4,
          "maintenance[0]", "`to`"),
    facts("a sample in words", "samples:\n  - id: x\n    service: s\n    metric: error_rate\n"
          "    at: 2026-04-03T10:00:00Z\n    value: low\n", "BAD_NUMBER", 8, "samples[0].value"),
    facts("a sample out of all proportion", "samples:\n  - {id: x, service: s, metric: error_rate,"
          " at: 2026-04-03T10:00:00Z, value: 1e999999}\n", "BAD_NUMBER", 4, "samples[0].value"),
    facts("something else done to a ticket", "tickets:\n  - id: t\n    service: s\n"
          "    opened: 2026-04-03T10:00:00Z\n    events:\n"
          "      - {at: 2026-04-03T11:00:00Z, do: resolved}\n", "BAD_CHOICE", 8,
          "tickets[0].events[0].do", "'resolve'"),
    facts("an owner who leaves first", "tickets:\n  - id: t\n    service: s\n"
          "    opened: 2026-04-03T10:00:00Z\n    owners:\n      - party: a\n"
          "        from: 2026-04-03T11:00:00Z\n        to: 2026-04-03T10:00:00Z\n",
          "END_BEFORE_START", 10, "tickets[0].owners[0].to"),
    Case("JSON facts with a number for a text",
         '{"apiVersion": "orchestrator/v1", "kind": "Facts",\n "outages": [\n'
         '  {"id": "o", "service": "s", "from": 20260403}]}', "BAD_TYPE", 3, "outages[0].from"),
    Case("JSON facts that are cut off",
         '{"apiVersion": "orchestrator/v1", "kind": "Facts",\n "outages": [\n  {"id": "o",',
         "BAD_SYNTAX", 3, "outages[0]", "end of the text"),
]  # fmt: skip

ESTATES = [*TEXTS, *HEADERS, *OBJECTS, *FLOWS, *HISTORIES, *CALENDARS, *AGREEMENTS, *TERMS]


def refusal(case: Case) -> Problem:
    """The one problem for which a document is refused."""
    read = read_facts if case in FACTS_CASES else read_estate
    with pytest.raises(OrchestratorError) as refused:
        read(case.text, "here.yaml" if not case.name.startswith("JSON") else "here.json")
    assert len(refused.value.problems) == 1, refused.value
    return refused.value.problems[0]


@pytest.mark.parametrize("case", [*ESTATES, *FACTS_CASES], ids=lambda case: case.name)
def test_a_malformed_document_is_refused_with_its_place_and_advice(case: Case) -> None:
    problem = refusal(case)
    assert (problem.code, problem.line, problem.path) == (case.code, case.line, case.path)
    assert problem.file.startswith("here.")
    assert problem.message
    assert problem.advice
    assert case.says in f"{problem.message} ({problem.advice})"


def test_every_code_of_the_formats_has_a_case() -> None:
    codes = {case.code for case in (*ESTATES, *FACTS_CASES)}
    assert len(codes) >= 40


def test_the_names_of_cases_are_distinct() -> None:
    names = [case.name for case in (*ESTATES, *FACTS_CASES)]
    assert len(set(names)) == len(names)
