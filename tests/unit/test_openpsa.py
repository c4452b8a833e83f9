"""Fault trees of the Open-PSA format: what is read, what is refused, and where."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from textwrap import dedent

import pytest

from orchestrator.errors import OrchestratorError, Problem
from orchestrator.formats import openpsa_xml
from orchestrator.formats.openpsa import read_fault_tree
from orchestrator.model.faulttrees import FaultTree

DATA = """\
<model-data>
<define-basic-event name="a"><float value="0.1"/></define-basic-event>
<define-basic-event name="b"><float value="0.01"/></define-basic-event>
<define-basic-event name="c"><float value="1e-3"/></define-basic-event>
</model-data>"""


def document(body: str, data: str = DATA) -> str:
    """A file of one fault tree, which begins in line 3."""
    return (
        '<?xml version="1.0"?>\n<opsa-mef>\n<define-fault-tree name="tree">\n'
        f"{dedent(body).strip()}\n</define-fault-tree>\n{data}\n</opsa-mef>\n"
    )


def gate(name: str, formula: str) -> str:
    return f'<define-gate name="{name}">{formula}</define-gate>'


def to_gate(name: str) -> str:
    return f'<gate name="{name}"/>'


def refused(text: str | bytes, top: str = "") -> Problem:
    with pytest.raises(OrchestratorError) as caught:
        read_fault_tree(text, "file.xml", top=top)
    (problem,) = caught.value.problems
    assert problem.file == "file.xml"
    assert problem.advice
    return problem


def fails(tree: FaultTree, down: set[str]) -> bool:
    """Whether the top event occurs while exactly those basic events have."""
    failed = [event in down for event in tree.events]
    for one in tree.gates:
        failed.append(sum(failed[part] for part in one.parts) >= one.k)
    return failed[tree.top]


def cuts(tree: FaultTree) -> list[set[str]]:
    """Every set of events that brings the top about."""
    sets: Sequence[set[str]] = [
        set(chosen)
        for size in range(len(tree.events) + 1)
        for chosen in itertools.combinations(sorted(tree.events), size)
    ]
    return [chosen for chosen in sets if fails(tree, chosen)]


AB, AC, BC, ABC = {"a", "b"}, {"a", "c"}, {"b", "c"}, {"a", "b", "c"}
EVENTS = '<basic-event name="a"/><basic-event name="b"/><basic-event name="c"/>'


# --- what is read ---


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (f"<or>{EVENTS}</or>", [{"a"}, {"b"}, {"c"}, AB, AC, BC, ABC]),
        (f"<and>{EVENTS}</and>", [ABC]),
        (f'<atleast min="2">{EVENTS}</atleast>', [AB, AC, BC, ABC]),
        (f'<vote min="2">{EVENTS}</vote>', [AB, AC, BC, ABC]),
        (
            '<or><basic-event name="a"/><and><basic-event name="b"/><event name="c"/></and></or>',
            [{"a"}, AB, AC, BC, ABC],
        ),
        ('<event name="a" type="basic-event"/>', [{"a"}]),
        ('<and><basic-event name="a"/><constant value="true"/></and>', [{"a"}]),
        ('<or><basic-event name="a"/><constant value="false"/></or>', [{"a"}]),
        ('<atleast min="2"><basic-event name="a"/><basic-event name="a"/></atleast>', [{"a"}]),
    ],
)
def test_a_gate_fails_with_the_sets_of_events_that_its_formula_names(
    formula: str, expected: list[set[str]]
) -> None:
    assert cuts(read_fault_tree(document(gate("top", formula)))) == expected


def test_events_are_numbered_as_they_are_met_with_the_decimals_that_stand_there() -> None:
    tree = read_fault_tree(
        document(gate("top", '<or><basic-event name="c"/><basic-event name="a"/></or>'))
    )
    assert tree.name == "tree"
    assert tree.events == ("c", "a")
    assert tree.probabilities == (Fraction(1, 1000), Fraction(1, 10))
    assert tree.name_of(tree.top) == "top"


def test_the_top_event_is_the_gate_that_no_other_refers_to_wherever_it_stands() -> None:
    body = gate("g", '<gate name="h"/>') + gate("top", '<gate name="g"/>')
    tree = read_fault_tree(document(body + gate("h", '<basic-event name="b"/>')))
    assert [one.name for one in tree.gates] == ["h", "g", "top"]


def test_an_argument_names_the_top_event_and_leaves_out_what_is_not_beneath() -> None:
    body = gate("one", '<basic-event name="a"/>') + gate("two", '<basic-event name="b"/>')
    assert read_fault_tree(document(body), top="two").events == ("b",)


def test_house_events_are_constants() -> None:
    body = gate("top", '<and><basic-event name="a"/><house-event name="h"/></and>')
    house = '<define-house-event name="h"><constant value="{}"/></define-house-event>'
    assert cuts(read_fault_tree(document(body + house.format("true")))) == [{"a"}]
    assert cuts(read_fault_tree(document(body + house.format("false")))) == []


def test_an_event_declared_in_the_tree_may_get_its_probability_in_the_data() -> None:
    body = gate("top", '<basic-event name="a"/>') + '<define-basic-event name="a"/>'
    assert read_fault_tree(document(body)).probabilities == (Fraction(1, 10),)


def test_labels_and_attributes_are_passed_over() -> None:
    remarks = (
        "<label>all <b>of</b> it</label>"
        '<attributes><attribute name="x" value="<not/>"/></attributes>'
    ).replace("<not/>", "&lt;not/&gt;")
    body = f'<define-gate name="top">{remarks}<basic-event name="a"/></define-gate>'
    assert cuts(read_fault_tree(document(body))) == [{"a"}]


def test_private_names_of_two_components_are_two_events() -> None:
    part = """
        <define-component name="{0}" role="private">
        <define-gate name="fails" role="public">
        <or><event name="x"/><event name="a"/></or>
        </define-gate>
        <define-basic-event name="x"><float value="0.5"/></define-basic-event>
        </define-component>"""
    left = part.format("left").replace('name="fails"', 'name="left-fails"')
    right = part.format("right").replace('name="fails"', 'name="right-fails"')
    top = gate("top", '<and><gate name="left-fails"/><gate name="right-fails"/></and>')
    tree = read_fault_tree(document(top + left + right))
    assert set(tree.events) == {"tree.left.x", "tree.right.x", "a"}
    assert min(map(len, cuts(tree))) == 1


def test_a_private_name_is_reached_from_outside_by_its_full_name_alone() -> None:
    part = """
        <define-component name="part" role="private">
        <define-basic-event name="x"><float value="0.5"/></define-basic-event>
        </define-component>"""
    full = gate("top", '<event name="tree.part.x"/>')
    assert read_fault_tree(document(full + part)).events == ("tree.part.x",)
    assert refused(document(gate("top", '<event name="x"/>') + part)).code == "UNKNOWN_REFERENCE"


def test_a_chain_of_fifty_thousand_gates_is_read_without_recursion() -> None:
    many = 50_000
    chain = "".join(gate(f"g{i}", f'<gate name="g{i + 1}"/>') for i in range(many))
    tree = read_fault_tree(document(chain + gate(f"g{many}", '<basic-event name="a"/>')))
    assert len(tree.gates) == many + 1
    assert tree.name_of(tree.top) == "g0"


def test_bytes_are_read_in_the_encoding_they_declare() -> None:
    text = document(gate("größe", '<basic-event name="a"/>'))
    latin = text.replace('version="1.0"', 'version="1.0" encoding="iso-8859-1"').encode("latin-1")
    assert read_fault_tree(latin) == read_fault_tree(text)


# --- what is refused ---


@pytest.mark.parametrize("word", ["not", "xor", "nand", "nor", "iff", "imply", "cardinality"])
def test_what_is_not_coherent_is_refused_by_name_and_line(word: str) -> None:
    body = f'<define-gate name="top">\n<{word}><basic-event name="a"/></{word}>\n</define-gate>'
    problem = refused(document(body))
    assert problem.code == "NOT_COHERENT"
    assert problem.line == 5
    assert problem.path == f"opsa-mef/define-fault-tree[tree]/define-gate[top]/{word}"
    assert f"<{word}>" in problem.message


A = '<basic-event name="a"/>'
TOP = gate("top", A)
NO_EVENT = '<basic-event name="top"/>'
HOUSE = gate("top", '<event name="h"/>') + '\n<define-house-event name="h"/>'

REFUSALS = {
    "no XML": ("services: []", "BAD_SYNTAX", 1),
    "a tag left open": ("<opsa-mef>\n<define-fault-tree name='t'>\n</opsa-mef>", "BAD_SYNTAX", 3),
    "nothing": (" \n", "EMPTY_DOCUMENT", 1),
    "another kind of XML": ("<html/>", "BAD_KIND", 1),
    "half a character": ("<opsa-mef name='\ud800'/>", "BAD_ENCODING", 1),
    "an unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', "BAD_ENCODING", 1),
    "bytes that are none": (b'<?xml version="1.0"?>\n<opsa-mef name="\xff"/>', "BAD_SYNTAX", 2),
    "no fault tree": ("<opsa-mef/>", "NO_TOP_EVENT", 1),
    "two tops": (document(f"{TOP}\n{gate('other', A)}"), "NO_TOP_EVENT", 5),
    "an undefined gate": (
        document(f"{TOP}\n{gate('g', to_gate('nowhere'))}"),
        "UNKNOWN_REFERENCE",
        5,
    ),
    "an undefined event": (document(gate("top", '<event name="z"/>')), "UNKNOWN_REFERENCE", 4),
    "a gate named as an event": (
        document(f"{TOP}\n{gate('g', NO_EVENT)}"),
        "UNKNOWN_REFERENCE",
        5,
    ),
    "a gate twice": (document(f"{TOP}\n{TOP}"), "DUPLICATE_ID", 5),
    "an event twice": (document(TOP, f"{DATA}\n{DATA}"), "DUPLICATE_ID", 12),
    "a gate named as an event is": (document(gate("a", A)), "DUPLICATE_ID", 7),
    "a gate in itself": (document(gate("top", '<gate name="top"/>')), "CYCLE", 4),
    "a circle beside the top": (
        document(f"{TOP}\n{gate('g', to_gate('h'))}\n{gate('h', to_gate('g'))}"),
        "CYCLE",
        5,
    ),
    "no probability": (
        document(TOP, '<model-data>\n<define-basic-event name="a"/>\n</model-data>'),
        "MISSING_VALUE",
        7,
    ),
    "a house event of no state": (
        document(HOUSE),
        "MISSING_VALUE",
        5,
    ),
    "a probability above one": (document(TOP, DATA.replace("0.1", "1.1")), "OUT_OF_RANGE", 7),
    "a negative probability": (document(TOP, DATA.replace("0.1", "-1e-9")), "OUT_OF_RANGE", 7),
    "a probability in words": (document(TOP, DATA.replace("0.1", "nan")), "BAD_NUMBER", 7),
    "a number of a billion digits": (
        document(TOP, DATA.replace("0.1", "1e-999999999")),
        "BAD_NUMBER",
        7,
    ),
    "an expression": (
        document(TOP, DATA.replace('<float value="0.1"/>', '<parameter name="p"/>')),
        "NOT_SUPPORTED",
        7,
    ),
    "a group of common causes": (
        document(f'{TOP}\n<define-CCF-group name="x" model="beta-factor"/>'),
        "NOT_SUPPORTED",
        5,
    ),
    "another file": (document(f'{TOP}\n<include file="/etc/passwd"/>'), "NOT_SUPPORTED", 5),
    "at least none": (
        document(gate("top", f'<atleast min="0">{A}</atleast>')),
        "K_OUT_OF_RANGE",
        4,
    ),
    "at least two of one": (
        document(gate("top", f'\n<atleast min="2">{A}</atleast>')),
        "K_OUT_OF_RANGE",
        5,
    ),
    "at least a half": (
        document(gate("top", f'<atleast min="0.5">{A}</atleast>')),
        "BAD_NUMBER",
        4,
    ),
    "at least of no number": (document(gate("top", f"<atleast>{A}</atleast>")), "MISSING_KEY", 4),
    "an empty gate": (document(gate("top", "")), "EMPTY_GROUP", 4),
    "an empty formula": (document(gate("top", "<or/>")), "EMPTY_GROUP", 4),
    "two formulas": (document(gate("top", f"{A}\n{A}")), "BAD_SYNTAX", 5),
    "a gate without a name": (document(f"<define-gate>{A}</define-gate>"), "MISSING_KEY", 4),
    "a name with a point": (document(gate("a.b", A)), "BAD_ID", 4),
    "a name of a page": (document(gate("g" * 1001, A)), "TOO_LONG", 4),
    "an attribute of another format": (
        document(gate("top", '<basic-event name="a" x="1"/>')),
        "UNKNOWN_KEY",
        4,
    ),
    "a role of its own": (
        document(f'<define-gate name="top" role="secret">{A}</define-gate>'),
        "BAD_CHOICE",
        4,
    ),
    "a gate in the data": (document(TOP, f"<model-data>\n{TOP}\n</model-data>"), "BAD_SYNTAX", 7),
    "text between elements": (document(f"{TOP}\nand so on"), "BAD_SYNTAX", 5),
    "bottomless nesting": (
        document(gate("top", "\n<or>" * 200 + A + "</or>" * 200)),
        "TOO_DEEP",
        102,  # the hundredth level is the 97th of them, the first of which stands in line 5
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_wrong_is_refused_with_its_code_and_line(case: str) -> None:
    text, code, line = REFUSALS[case]
    problem = refused(text)
    assert (problem.code, problem.line) == (code, line)


def test_a_cycle_is_named_in_full() -> None:
    names = ["g", "h", "i"]
    ring = "".join(
        gate(a, f'<gate name="{b}"/>') for a, b in zip(names, [*names[1:], "g"], strict=True)
    )
    assert "g > h > i > g" in refused(document(ring)).message


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE opsa-mef [\n<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE opsa-mef [\n<!ENTITY file SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE opsa-mef SYSTEM "http://example.com/mef.dtd">',
        "<!DOCTYPE opsa-mef>",
    ],
)
def test_a_document_type_is_refused_before_any_entity_is_declared(declared: str) -> None:
    problem = refused(f'<?xml version="1.0"?>\n{declared}\n<opsa-mef name="&b;"/>')
    assert problem.code == "DTD_NOT_ALLOWED"
    assert problem.line == 2


def test_a_file_is_refused_by_its_size_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openpsa_xml, "LIMIT_BYTES", 100)
    assert refused("<" * 101).code == "TOO_LARGE"


def test_a_file_of_too_many_elements_is_refused_where_they_become_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openpsa_xml, "LIMIT_ELEMENTS", 4)
    problem = refused(document(f"{TOP}\n{gate('g', A)}"))
    assert (problem.code, problem.line) == ("TOO_LARGE", 5)


def test_elements_inside_remarks_count_towards_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpsa_xml, "LIMIT_ELEMENTS", 50)
    problem = refused(document(f"<label>{'<b/>' * 100}</label>{TOP}"))
    assert problem.code == "TOO_LARGE"
