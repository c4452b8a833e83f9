"""Facts from CSV by a declared map: what each row comes to, and what is said where none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from orchestrator.errors import OrchestratorError
from orchestrator.formats.csv_map import MAP as MAP_RECORD
from orchestrator.formats.csv_map import CsvMap, Times, cell_fits, write_map
from orchestrator.formats.facts import read_facts, write_facts
from orchestrator.formats.table import TableResult, read_map, read_table, summary_json
from orchestrator.formats.text import dump_yaml
from orchestrator.model.records import FACT_KINDS, Maintenance, Outage, Unknown
from orchestrator.model.values import Span, format_instant, parse_instant

HEADER = "id,provider,service,region,start,end"
ROW = "r-1,AWS,EC2,Ireland,2018-01-01T00:00:00Z,2018-01-01T01:00:00Z"
RULES = """
  - {when: {provider: AWS, service: EC2, region: Ireland}, service: compute}
  - {when: {provider: AWS, service: [S3, Glacier]}, service: storage}
  - {when: {provider: AWS, service: Global*}, service: [compute, storage]}
  - {when: {provider: AWS, region: Oregon}, ignore: not used here}
"""


def a_map(extra: str = "", columns: str = "", rules: str = RULES) -> CsvMap:
    return read_map(
        f"""apiVersion: orchestrator/v1
kind: CsvMap
columns: {{id: id, from: start, to: end{columns}}}
{extra}
rules:{rules}""",
        "map.yaml",
    )


MAP = a_map()


def table(*rows: str, header: str = HEADER, mapping: CsvMap = MAP) -> TableResult:
    return read_table("\n".join([header, *rows]) + "\n", mapping, "outages.csv")


def quarantined(result: TableResult) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in result.quarantined]


def services(result: TableResult) -> dict[str, str]:
    return {fact.id: fact.service for kind in FACT_KINDS for fact in getattr(result.facts, kind)}


def row(
    id: str,
    service: str = "EC2",
    region: str = "Ireland",
    start: str = "2018-01-01T00:00:00Z",
    end: str = "2018-01-01T01:00:00Z",
) -> str:
    return f"{id},AWS,{service},{region},{start},{end}"


def refused(text: str | bytes | Iterable[str], mapping: CsvMap = MAP) -> list[tuple[str, int, str]]:
    with pytest.raises(OrchestratorError) as caught:
        read_table(text, mapping, "outages.csv")
    assert all(problem.file == "outages.csv" for problem in caught.value.problems)
    return [(p.code, p.line, p.path) for p in caught.value.problems]


def refused_map(text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(OrchestratorError) as caught:
        read_map(text, "map.yaml")
    assert all(problem.file == "map.yaml" for problem in caught.value.problems)
    return [(p.code, p.line, p.path) for p in caught.value.problems]


# --- what a row comes to -------------------------------------------------------------------------


def test_a_row_becomes_an_outage_of_the_service_that_its_rule_names() -> None:
    span = Span(parse_instant("2018-01-01T00:00:00Z"), parse_instant("2018-01-01T01:00:00Z"))
    result = table(ROW)
    assert result.facts.outages == (Outage("r-1", "compute", span),)
    assert (result.rows, result.mapped, result.merged) == (1, 1, 0)


def test_a_rule_may_list_several_values_of_a_column() -> None:
    result = table(row("r-1", "S3"), row("r-2", "Glacier", "Tokyo"))
    assert services(result) == {"r-1": "storage", "r-2": "storage"}


def test_the_first_rule_that_fits_counts() -> None:
    assert services(table(row("r-1", "S3", "Oregon"))) == {"r-1": "storage"}


def test_a_row_about_several_services_makes_a_fact_of_each_with_an_id_of_its_own() -> None:
    result = table(row("r-1", "Global network"))
    assert services(result) == {"r-1.compute": "compute", "r-1.storage": "storage"}
    assert (result.rows, result.mapped) == (1, 1)


def test_an_ignored_row_is_counted_under_its_reason_with_its_line() -> None:
    result = table(ROW, row("r-2", "SQS", "Oregon"), row("r-3", "SNS", "Oregon"))
    assert result.ignored == {"not used here": (3, 4)}
    assert summary_json(result)["ignored"] == {"not used here": [3, 4]}


def test_a_rule_may_say_that_a_row_is_another_kind_of_fact() -> None:
    mapping = a_map(
        "facts: maintenance",
        ", announced: told",
        """
  - {when: {region: Unknown}, service: compute, facts: unknown}
  - {when: {}, service: compute}
""",
    )
    header = "id,region,start,end,told"
    times = "2018-01-01T00:00:00Z,2018-01-01T01:00:00Z"
    result = table(
        f"r-1,Unknown,{times},",
        f"r-2,Tokyo,{times},2017-12-24T00:00:00Z",
        header=header,
        mapping=mapping,
    )
    (gap,), (work,) = result.facts.unknown, result.facts.maintenance
    assert isinstance(gap, Unknown)
    assert isinstance(work, Maintenance)
    assert work.announced == parse_instant("2017-12-24T00:00:00Z")


def test_a_rule_may_be_about_the_own_part_of_a_service() -> None:
    mapping = a_map(rules="\n  - {when: {}, service: compute, part: own}\n")
    assert table(ROW, mapping=mapping).facts.outages[0].part == "own"


@pytest.mark.parametrize(
    ("value", "cell", "expected"),
    [
        ("*", "", True),
        ("*", "anything", True),
        ("", "", True),
        ("", "x", False),
        ("EC2", "EC2", True),
        ("EC2", "ec2", False),
        ("EC2", "EC2 ", False),
        ("Virtual*", "Virtual Machines", True),
        ("*Machines", "Virtual Machines", True),
        ("*Mach*", "Virtual Machines", True),
        ("V*t*l*s", "Virtual Machines", True),
        ("ab*ba", "aba", False),
        ("ab*ba", "abba", True),
        ("a*b*b", "ab", False),
        ("a.c", "abc", False),
    ],
)
def test_a_star_stands_for_any_characters_and_everything_else_for_itself(
    value: str, cell: str, expected: bool
) -> None:
    assert cell_fits(value, cell) is expected


def test_case_counts_unless_the_map_says_otherwise() -> None:
    lower = ROW.replace("AWS", "aws")
    assert quarantined(table(lower)) == [(2, "NO_RULE")]
    assert services(table(lower, mapping=a_map("ignoreCase: true"))) == {"r-1": "compute"}


def test_optional_columns_fill_the_optional_fields_of_a_fact() -> None:
    mapping = a_map(
        "source: by-hand\npoint: edge\nidPrefix: cua-\nabsent: [n/a]",
        ", reported: told, source: tool, affectedShare: share",
        "\n  - {when: {}, service: compute}\n",
    )
    times = "2018-01-01T00:00:00Z,2018-01-01T01:00:00Z"
    full, bare = table(
        f"A,{times},2018-01-02T00:00:00Z,grafana,25%",
        f"b,{times},n/a,,",
        header="id,start,end,told,tool,share",
        mapping=mapping,
    ).facts.outages
    assert (full.id, full.source, full.point) == ("cua-a", "grafana", "edge")
    assert full.reported == parse_instant("2018-01-02T00:00:00Z")
    assert full.affected_share == Fraction(1, 4)
    assert (bare.source, bare.reported, bare.affected_share) == ("by-hand", None, Fraction(1))


def test_facts_come_sorted_by_id_and_survive_a_facts_document() -> None:
    result = table(row("r-2"), row("r-1", "Global x"), row("r-10", "S3"))
    ids = [fact.id for fact in result.facts.outages]
    assert ids == sorted(ids)
    assert read_facts(dump_yaml(write_facts(result.facts))) == result.facts


# --- repeats -------------------------------------------------------------------------------------


def test_a_repeated_row_is_merged_and_counted() -> None:
    result = table(ROW, ROW, row("r-2", "Global x"), row("r-2", "Global x"))
    assert (result.rows, result.mapped, result.merged) == (4, 2, 2)
    assert len(result.facts.outages) == 3


def test_the_same_times_written_in_another_zone_are_a_repeat() -> None:
    again = row("r-1", start="2018-01-01T01:00:00+01:00", end="2018-01-01T02:00:00+01:00")
    assert table(ROW, again).merged == 1


def test_one_id_with_other_content_is_quarantined_and_the_first_row_stays() -> None:
    result = table(ROW, row("r-1", end="2018-01-01T09:00:00Z"), row("r-1", "Global x"))
    assert quarantined(result) == [(3, "DUPLICATE_ID"), (4, "DUPLICATE_ID")]
    assert "line 2" in result.quarantined[0].message
    assert services(result) == {"r-1": "compute"}


def test_an_id_may_not_be_that_of_one_service_of_another_row() -> None:
    result = table(row("r-1", "Global x"), row("r-1.storage"))
    assert quarantined(result) == [(3, "DUPLICATE_ID")]


# --- quarantine ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (row("r-2", end="2017-12-31T00:00:00Z"), "END_BEFORE_START"),
        (row("r-2", end="2018-01-01T00:00:00Z"), "ZERO_LENGTH"),
        (row("r-2", end="2018-01-01"), "BAD_INSTANT"),
        (row("r-2", end="2018-01-01 01:00:00"), "BAD_INSTANT"),
        (row("r-2", end="2018-13-01T00:00:00Z"), "BAD_INSTANT"),
        (row("r-2", end="yesterday"), "BAD_INSTANT"),
        (row("r-2", end="9999-12-31T23:59:59-23:00"), "BAD_INSTANT"),
        (row("r-2", end=""), "MISSING_VALUE"),
        (row("", "EC2"), "MISSING_VALUE"),
        (row("r 2"), "BAD_ID"),
        (row("r" * 129), "BAD_ID"),
        (row("r-2", "SQS"), "NO_RULE"),
        (row("r-2") + ",", "RAGGED_ROW"),
        ("r-2,AWS,EC2", "RAGGED_ROW"),
        (row("r-2", '"EC2"x'), "BAD_SYNTAX"),
    ],
)
def test_a_row_that_cannot_be_used_is_quarantined_and_the_others_are_not(
    bad: str, code: str
) -> None:
    result = table(ROW, bad, row("r-3"))
    assert quarantined(result) == [(3, code)]
    assert services(result) == {"r-1": "compute", "r-3": "compute"}
    assert result.quarantined[0].message


def test_a_malformed_row_is_quarantined_even_where_a_rule_would_ignore_it() -> None:
    bad = row("r-2", "SQS", "Oregon", end="2017-01-01T00:00:00Z")
    assert quarantined(table(bad)) == [(2, "END_BEFORE_START")]


def test_a_row_without_a_rule_names_the_cells_that_none_is_for() -> None:
    (one,) = table(row("r-2", "SQS")).quarantined
    assert "service='SQS'" in one.message
    assert one.row[:4] == ("r-2", "AWS", "SQS", "Ireland")


def test_a_share_that_is_none_is_quarantined() -> None:
    mapping = a_map(columns=", affectedShare: share")
    result = table(f"{ROW},2", f"{row('r-2')},much", header=f"{HEADER},share", mapping=mapping)
    assert quarantined(result) == [(2, "OUT_OF_RANGE"), (3, "BAD_NUMBER")]


def test_a_source_too_long_for_a_facts_document_is_quarantined() -> None:
    mapping = a_map(columns=", source: tool")
    result = table(f"{ROW},{'x' * 201}", header=f"{HEADER},tool", mapping=mapping)
    assert quarantined(result) == [(2, "TOO_LONG")]


def test_every_row_is_accounted_for_in_the_summary() -> None:
    result = table(ROW, ROW, row("r-2", "SQS"), row("r-3", "SQS", "Oregon"), "short")
    assert summary_json(result) == {
        "rows": 5,
        "facts": 1,
        "mapped": 1,
        "merged": 1,
        "ignored": {"not used here": [5]},
        "quarantined": {"NO_RULE": [4], "RAGGED_ROW": [6]},
        "problems": [
            {"line": one.line, "code": one.code, "message": one.message}
            for one in result.quarantined
        ],
        "unusedRules": [7, 8],
    }


# --- lines and characters ------------------------------------------------------------------------


def test_lines_are_counted_through_quoted_line_breaks_and_empty_lines() -> None:
    result = table(
        "",
        '"r-1",AWS,EC2,"Ire\nland",2018-01-01T00:00:00Z,2018-01-01T01:00:00Z',
        "",
        row("r-2", end="never"),
        '"r-3","AWS","E\n\nC2",Ireland,a,b',
        row("r-4", "SQS"),
    )
    assert quarantined(result) == [
        (3, "NO_RULE"),
        (6, "BAD_INSTANT"),
        (7, "BAD_INSTANT"),
        (10, "NO_RULE"),
    ]
    assert "lines 3 to 4" in result.quarantined[0].message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(end: str) -> None:
    text = end.join([HEADER, ROW, "", row("r-2", end="never"), ""])
    result = read_table(text.encode(), MAP)
    assert services(result) == {"r-1": "compute"}
    assert quarantined(result) == [(4, "BAD_INSTANT")]


@pytest.mark.parametrize("text", ["\ufeff" + HEADER, '\ufeff"id"' + HEADER[2:]])
def test_a_byte_order_mark_is_no_part_of_the_first_column(text: str) -> None:
    whole = f"{text}\n{ROW}\n"
    for form in (whole, whole.encode(), whole.splitlines(keepends=True)):
        assert services(read_table(form, MAP)) == {"r-1": "compute"}


def test_blanks_around_cells_and_column_names_say_nothing() -> None:
    result = table(" , ".join(ROW.split(",")), "   ", header=HEADER.replace(",", " ,"))
    assert services(result) == {"r-1": "compute"}
    assert result.rows == 1


def test_another_delimiter_can_be_declared() -> None:
    mapping = a_map('delimiter: ";"')
    result = table(ROW.replace(",", ";"), header=HEADER.replace(",", ";"), mapping=mapping)
    assert services(result) == {"r-1": "compute"}


def test_a_table_that_is_not_utf_8_is_refused_with_the_line() -> None:
    assert refused(f"{HEADER}\n{ROW}\n".encode() + b"caf\xe9") == [("BAD_ENCODING", 3, "")]
    assert refused(f"{HEADER}\n\ud800") == [("BAD_ENCODING", 2, "")]
    assert refused(f"{HEADER}\n{ROW}".encode("utf-16"))[0][0] == "BAD_ENCODING"


def test_a_nul_byte_is_refused_with_the_line() -> None:
    assert refused(f"{HEADER}\n{ROW}\nr-2,\0\n".encode()) == [("BAD_CHARACTER", 3, "")]


def test_a_quote_that_never_closes_is_refused_as_it_swallows_what_follows() -> None:
    text = "\n".join([HEADER, ROW, row("r-2", '"EC2'), row("r-3"), ""])
    assert refused(text) == [("BAD_SYNTAX", 3, "")]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_table_is_refused(text: str) -> None:
    assert refused(text) == [("EMPTY_DOCUMENT", 1, "")]


def test_a_header_alone_has_no_rows() -> None:
    assert (table().rows, table().facts.outages) == (0, ())


def test_every_column_that_the_map_names_must_be_in_the_header() -> None:
    assert refused(f"id,provider,service,start\n{ROW}") == [
        ("MISSING_COLUMN", 1, "end"),
        ("MISSING_COLUMN", 1, "region"),
    ]


def test_a_missing_column_comes_with_the_nearest_one() -> None:
    with pytest.raises(OrchestratorError, match="did you mean 'End'"):
        read_table(HEADER.replace("end", "End"), MAP)


def test_a_column_that_the_map_names_must_be_there_once() -> None:
    assert refused(f"{HEADER},region") == [("DUPLICATE_COLUMN", 1, "region")]
    assert table(f"{ROW},x,y", header=f"{HEADER},note,note").mapped == 1


# --- times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "text", "expected"),
    [
        (Times(), "2018-07-01T12:00:00.25+02:00", "2018-07-01T10:00:00.25Z"),
        (Times("Europe/Berlin"), "2018-07-01 12:00", "2018-07-01T10:00:00Z"),
        (Times("Europe/Berlin"), "2018-07-01T12:00:00Z", "2018-07-01T12:00:00Z"),
        (Times("Europe/Berlin", "%d.%m.%Y %H:%M"), "01.07.2018 12:00", "2018-07-01T10:00:00Z"),
        (Times("UTC", "%Y-%m-%d"), "2018-07-01", "2018-07-01T00:00:00Z"),
        (Times("UTC", "%m/%d/%Y %I:%M %p"), "07/01/2018 03:30 PM", "2018-07-01T15:30:00Z"),
        (Times("", "%Y%m%dT%H%M%S%z"), "20180701T120000+0200", "2018-07-01T10:00:00Z"),
    ],
)
def test_a_time_is_read_in_the_format_and_zone_that_the_map_declares(
    times: Times, text: str, expected: str
) -> None:
    assert format_instant(times.read(text)) == expected


def test_a_time_in_another_format_than_declared_is_no_time() -> None:
    with pytest.raises(OrchestratorError) as caught:
        Times("UTC", "%d.%m.%Y").read("2018-07-01")
    assert caught.value.problems[0].code == "BAD_INSTANT"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2018-10-28 02:30:00", "AMBIGUOUS_TIME"),
        ("2018-03-25 02:30:00", "AMBIGUOUS_TIME"),
        ("2018-07-01", "BAD_INSTANT"),
        ("0001-01-01 00:00:00", "BAD_INSTANT"),
        ("12:00", "BAD_INSTANT"),
    ],
)
def test_a_time_that_the_clock_shows_twice_or_never_is_not_guessed_at(text: str, code: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        Times("Europe/Berlin").read(text)
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    ("zone", "format"),
    [
        ("UTC", "%d.%m."),  # no year
        ("UTC", "%Y-%m-%d %I:%M"),  # which half of the day?
        ("UTC", "%Y-%m-%d %H:%M %Z"),  # a name of a zone is no zone
        ("", "%Y-%m-%d %H:%M"),  # no zone at all
        ("UTC", "%Q"),
        ("UTC", "noon"),
    ],
)
def test_a_format_that_does_not_tell_every_time_is_refused(zone: str, format: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        Times(zone, format)
    assert caught.value.problems[0].code == "BAD_FORMAT"


# --- the map -------------------------------------------------------------------------------------

GOOD = """apiVersion: orchestrator/v1
kind: CsvMap
columns: {id: id, from: start, to: end}
rules:
  - {when: {service: S3}, service: storage}
"""


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("kind: CsvMap", "kind: Facts", ("BAD_KIND", 2, "kind")),
        ("/v1", "/v2", ("BAD_VERSION", 1, "apiVersion")),
        ("columns:", "colums:", ("UNKNOWN_KEY", 3, "colums")),
        (", to: end", "", ("MISSING_KEY", 3, "columns")),
        ("to: end", 'to: " "', ("MISSING_VALUE", 3, "columns.to")),
        ("to: end", "to: end, color: x", ("UNKNOWN_KEY", 3, "columns.color")),
        ("service: storage}", "services: storage}", ("UNKNOWN_KEY", 5, "rules[0].services")),
        ("service: storage}", "ignore: a, service: b}", ("UNKNOWN_KEY", 5, "rules[0].ignore")),
        (", service: storage", "", ("MISSING_KEY", 5, "rules[0]")),
        ("service: storage", "service: Storage", ("BAD_ID", 5, "rules[0].service")),
        ("service: storage", "service: []", ("EMPTY_LIST", 5, "rules[0].service")),
        ("service: storage", "service: [a, b, a]", ("DUPLICATE_ID", 5, "rules[0]")),
        ("service: storage", 'ignore: " "', ("MISSING_VALUE", 5, "rules[0]")),
        ("service: storage", "ignore: x, part: own", ("UNKNOWN_KEY", 5, "rules[0].part")),
        ("when: {service: S3}, ", "", ("MISSING_KEY", 5, "rules[0]")),
        ("{service: S3}", "S3", ("BAD_TYPE", 5, "rules[0].when")),
        ("{service: S3}", "{service: []}", ("EMPTY_LIST", 5, "rules[0].when.service")),
        ("{service: S3}", "{service: true}", ("BAD_TYPE", 5, "rules[0].when.service")),
        ("rules:", "facts: tickets\nrules:", ("BAD_CHOICE", 4, "facts")),
        ("rules:", 'delimiter: "::"\nrules:', ("BAD_CHOICE", 4, "delimiter")),
        ("rules:", "times: {timezone: Mars}\nrules:", ("BAD_ZONE", 4, "times.timezone")),
        ("rules:", 'times: {format: "%Y"}\nrules:', ("BAD_FORMAT", 4, "times.format")),
        ("\n  - {when: {service: S3}, service: storage}", " []", ("EMPTY_LIST", 4, "rules")),
    ],
)
def test_a_malformed_map_is_refused_with_its_place(
    good: str, bad: str, expected: tuple[str, int, str]
) -> None:
    assert GOOD.count(good) >= 1
    assert expected in refused_map(GOOD.replace(good, bad, 1))


def test_all_that_is_wrong_with_a_map_is_said_at_once() -> None:
    text = GOOD.replace("to: end", "too: end").replace("service: storage", "service: A B")
    assert {code for code, _, _ in refused_map(text)} == {"UNKNOWN_KEY", "MISSING_KEY", "BAD_ID"}


def test_a_value_may_be_written_as_a_number() -> None:
    mapping = a_map(rules="\n  - {when: {region: 7}, service: compute}\n")
    assert services(table(row("r-1", region="7"), mapping=mapping)) == {"r-1": "compute"}


def test_a_map_keeps_keys_of_ones_own_and_reads_back_as_it_was_written() -> None:
    text = GOOD.replace("rules:", "x-owner: me\nignoreCase: true\nrules:")
    mapping = read_map(text)
    again = read_map(dump_yaml(write_map(mapping)))
    assert mapping.kept == (("x-owner", '"me"'),)
    assert write_map(again) == write_map(mapping)


def test_the_schema_of_a_map_takes_what_the_reader_takes() -> None:
    schema = Draft202012Validator(MAP_RECORD.schema())
    written = write_map(a_map("idPrefix: x-", rules="\n  - {when: {a: [b, c]}, service: d}\n"))
    for key in ("apiVersion", "kind"):
        del written[key]
    assert list(schema.iter_errors(written)) == []
    assert list(schema.iter_errors(written | {"rules": []}))
    assert list(schema.iter_errors(written | {"rules": [{"when": {}}]}))


# --- laws ----------------------------------------------------------------------------------------

CELLS = st.sampled_from(
    ["", "r-1", "r-2", "AWS", "EC2", "S3", "Global a", "Ireland", "Oregon", '"', "\n", "\r\n", ","]
    + [f"2018-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=7), max_size=12))
def test_every_row_of_any_table_is_mapped_merged_ignored_or_quarantined(
    rows: list[list[str]],
) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER.split(","))
    writer.writerows(rows)
    result = read_table(text.getvalue(), MAP)
    kept = result.mapped + result.merged + sum(map(len, result.ignored.values()))
    blank = sum(not any(cell.strip() for cell in cells) and len(cells) == 1 for cells in rows)
    assert kept + len(result.quarantined) == result.rows == len(rows) - blank


@given(st.text(st.sampled_from('id,"\n\r x;*'), max_size=60))
def test_any_text_is_read_or_refused_with_a_code(text: str) -> None:
    with suppress(OrchestratorError):
        result = read_table(f"{HEADER}\n{text}", MAP)
        assert len(result.quarantined) == result.rows
        return
    with pytest.raises(OrchestratorError) as caught:
        read_table(f"{HEADER}\n{text}", MAP)
    assert all(problem.code and problem.line for problem in caught.value.problems)


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_the_wildcard_does_what_the_shell_does(value: str, cell: str) -> None:
    positions = {0}
    for letter in value:
        if letter == "*":
            positions = {end for start in positions for end in range(start, len(cell) + 1)}
        else:
            positions = {at + 1 for at in positions if cell[at : at + 1] == letter}
    assert cell_fits(value, cell) is (len(cell) in positions)
