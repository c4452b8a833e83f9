"""Formulas made small before they are compiled: hash-consed, flattened, cut into modules.

A network is a formula as numbers: inputs 0 .. n-1, then gates, each after what it is made of. A
module is a gate whose inputs occur nowhere else: it can be computed by itself and stands above as
one input (Dutuit and Rauzy 1996, linear time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.engine.formula import AtLeastDown, Formula, inside_out

Part = tuple[int, tuple[int, ...]]
"""A gate: down while at least so many of its parts are."""


@dataclass(frozen=True, slots=True)
class Network:
    """Gates over inputs; gate j is number `inputs + j`, and comes after its parts."""

    inputs: int
    gates: tuple[Part, ...]
    root: int


@dataclass(frozen=True, slots=True)
class Module:
    """A piece of a formula that shares no input with what lies outside it.

    `inputs` says what its inputs are: a leaf by its place among the formula's leaves, or, from the
    number of leaves on, an earlier module.
    """

    network: Network
    inputs: tuple[int, ...]


def interned(formula: Formula) -> tuple[tuple[int, ...], Network | bool]:
    """The formula's leaves, in the order of a depth-first walk, and its network, in which what is
    equal is one gate; a bool where it is known to be down or up."""
    parts = inside_out(formula)
    leaves = tuple(part for part in parts if isinstance(part, int))
    number: dict[Formula, int | bool] = {leaf: i for i, leaf in enumerate(leaves)}
    gates: dict[Part, int] = {}
    for part in parts:
        if isinstance(part, AtLeastDown):
            number[part] = _consed(part.k, [number[one] for one in part.parts], gates, len(leaves))
    root = number[formula]
    if isinstance(root, bool):
        return leaves, root
    return leaves, flattened(Network(len(leaves), tuple(gates), root))


def _consed(k: int, parts: Sequence[int | bool], gates: dict[Part, int], inputs: int) -> int | bool:
    """The number of a gate, new or known, of parts some of which may be known to be down or up."""
    k -= sum(part is True for part in parts)
    known = [part for part in parts if not isinstance(part, bool)]
    if k <= 0:
        return True
    if k > len(known):
        return False
    if k in {1, len(known)} and len(distinct := dict.fromkeys(known)) < len(known):
        k, known = (1 if k == 1 else len(distinct)), list(distinct)
    if len(known) == 1:
        return known[0]
    return gates.setdefault((k, tuple(sorted(known))), inputs + len(gates))


def flattened(network: Network) -> Network:
    """Series within series and parallel within parallel become one gate, where the inner one has
    no other use; gates without any use are left out."""
    inputs, gates = network.inputs, network.gates
    uses = [0] * len(gates)
    uses_all = _reached(network)
    for number in uses_all:
        for part in gates[number - inputs][1]:
            if part >= inputs:
                uses[part - inputs] += 1
    made: dict[Part, int] = {}
    # What a gate becomes: a number, or the parts that it adds to the gate above.
    number_of: dict[int, int] = {}
    parts_of: dict[int, tuple[int, ...]] = {}
    for number in uses_all:
        k, parts = gates[number - inputs]
        kind = _kind(k, len(parts))
        collected: list[int] = []
        for part in parts:
            if part in parts_of and kind and kind == _kind_of(gates[part - inputs]):
                collected.extend(parts_of[part])
            elif part in parts_of:
                inner, inner_parts = gates[part - inputs][0], parts_of[part]
                key = _ored(inner_parts, inner == 1)
                number_of[part] = _numbered(key, made, inputs)
                collected.append(number_of[part])
            else:
                collected.append(number_of.get(part, part))
        if kind and number != network.root and uses[number - inputs] == 1:
            parts_of[number] = tuple(collected)
            continue
        key = _ored(collected, k == 1) if kind else (k, tuple(sorted(collected)))
        number_of[number] = _numbered(key, made, inputs)
    return Network(inputs, tuple(made), number_of.get(network.root, network.root))


def _numbered(key: Part, made: dict[Part, int], inputs: int) -> int:
    if len(key[1]) == 1:
        return key[1][0]
    return made.setdefault(key, inputs + len(made))


def _ored(parts: Sequence[int], any_of: bool) -> Part:
    distinct = tuple(sorted(set(parts)))
    return (1 if any_of else len(distinct)), distinct


def _kind(k: int, many: int) -> int:
    """1 where any part suffices, 2 where all are needed, 0 between."""
    return 1 if k == 1 else 2 if k == many else 0


def _kind_of(gate: Part) -> int:
    return _kind(gate[0], len(gate[1]))


def _reached(network: Network) -> list[int]:
    """The gates beneath the root, ascending."""
    found: set[int] = set()
    stack = [network.root]
    while stack:
        number = stack.pop()
        if number >= network.inputs and number not in found:
            found.add(number)
            stack.extend(network.gates[number - network.inputs][1])
    return sorted(found)


# --- absorption ----------------------------------------------------------------------------------

_ROUNDS = 8
"""So often a formula is simplified by what stands directly under a module; each round is linear."""


def simplified(network: Network) -> Network | bool:
    """The network without what cannot matter: a part standing directly under a series module is up
    wherever else it occurs beneath that module, or the module would be down already; under a
    parallel one it is down."""
    for _ in range(_ROUNDS):
        after = _absorbed(network)
        if isinstance(after, bool) or after == network:
            return after
        network = flattened(after)
    return network


def _absorbed(network: Network) -> Network | bool:
    inputs = network.inputs
    if network.root < inputs:
        return network
    is_module = _module_gates(network)
    # The module that a gate lies in, which no gate of another module leads to.
    home: dict[int, int] = {}
    for number in reversed(_reached(network)):
        if is_module[number - inputs]:
            home[number] = number
        for part in network.gates[number - inputs][1]:
            if part >= inputs:
                home.setdefault(part, home[number])
    made: dict[Part, int] = {}
    becomes: dict[int, int | bool] = {}
    for number in _reached(network):
        k, parts = network.gates[number - inputs]
        given: dict[int, bool] = {}
        if not is_module[number - inputs]:
            above_k, above = network.gates[home[number] - inputs]
            if kind := _kind(above_k, len(above)):
                given = dict.fromkeys(set(parts).intersection(above), kind == 2)
        known = [given[part] if part in given else becomes.get(part, part) for part in parts]
        becomes[number] = _consed(k, known, made, inputs)
    root = becomes[network.root]
    return root if isinstance(root, bool) else Network(inputs, tuple(made), root)


def factored(network: Network) -> Network:
    """Parts that stand under the same gates, all of them series or all parallel, become one."""
    inputs = network.inputs
    if network.root < inputs:
        return network
    above: dict[int, list[int]] = {}
    for number in _reached(network):
        for part in network.gates[number - inputs][1]:
            above.setdefault(part, []).append(number)
    alike: dict[tuple[int, ...], list[int]] = {}
    for part, parents in above.items():
        if len(parents) > 1:
            alike.setdefault(tuple(parents), []).append(part)
    stands_for: dict[int, tuple[int, ...]] = {}
    for where, found in alike.items():
        kinds = {_kind_of(network.gates[parent - inputs]) for parent in where}
        if len(found) > 1 and kinds in ({1}, {2}):
            stands_for.update(dict.fromkeys(found, tuple(sorted(found))))
    if not stands_for:
        return network
    made: dict[Part, int] = {}
    becomes: dict[int, int] = {}
    for number in _reached(network):
        k, parts = network.gates[number - inputs]
        now: dict[int, None] = {}
        if not (kind := _kind(k, len(parts))):
            new = (k, tuple(sorted(becomes.get(part, part) for part in parts)))
            becomes[number] = _numbered(new, made, inputs)
            continue
        for part in parts:
            members = (becomes.get(one, one) for one in stands_for.get(part, (part,)))
            now[_numbered(_ored(tuple(members), kind == 1), made, inputs)] = None
        becomes[number] = _numbered(_ored(list(now), kind == 1), made, inputs)
    return Network(inputs, tuple(made), becomes[network.root])


# --- modules -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Visits:
    """When a walk enters and leaves each gate, and the first and last it sees of a part and of all
    beneath it; by number."""

    entered: list[int]
    left: list[int]
    first: list[int]
    last: list[int]


def _visits(network: Network) -> _Visits:
    inputs, gates = network.inputs, network.gates
    many = inputs + len(gates)
    entered, left, first, last = ([0] * many for _ in range(4))
    clock = 0
    stack = [network.root]
    while stack:
        number = stack.pop()
        clock += 1
        if number < 0:
            left[~number] = clock
            continue
        last[number] = clock
        if first[number]:
            continue
        first[number] = entered[number] = clock
        if number >= inputs:
            stack.append(~number)
            stack.extend(reversed(gates[number - inputs][1]))
    for number in _reached(network):
        parts = gates[number - inputs][1]
        # Its own return is not a use from outside.
        first[number] = min(first[number], *(first[part] for part in parts))
        last[number] = max(last[number], *(last[part] for part in parts))
    return _Visits(entered, left, first, last)


def _module_gates(network: Network) -> list[bool]:
    """Which gates share nothing with what lies outside them."""
    inputs, seen = network.inputs, _visits(network)
    found = [False] * len(network.gates)
    for number in _reached(network):
        parts = network.gates[number - inputs][1]
        found[number - inputs] = all(_private(seen, number, part) for part in parts)
    return found


def _private(seen: _Visits, gate: int, part: int) -> bool:
    """Whether a part and all beneath it is seen only while the walk is within a gate."""
    return seen.entered[gate] < seen.first[part] and seen.last[part] < seen.left[gate]


def grouped(network: Network) -> Network:
    """Parts of a series or parallel gate that share something with one another but with nothing
    else get a gate of their own, and so do all parts that share nothing with the rest."""
    inputs = network.inputs
    if network.root < inputs:
        return network
    seen = _visits(network)
    made: dict[Part, int] = {}
    becomes: dict[int, int] = {}
    for number in _reached(network):
        k, parts = network.gates[number - inputs]
        now = {part: becomes.get(part, part) for part in parts}
        if not (kind := _kind(k, len(parts))):
            becomes[number] = _numbered((k, tuple(sorted(now[p] for p in parts))), made, inputs)
            continue

        def gate(members: Sequence[int], any_of: bool = kind == 1) -> int:
            return _numbered(_ored(members, any_of), made, inputs)

        private = [part for part in parts if _private(seen, number, part)]
        alone = [gate([now[part] for part in cluster]) for cluster in _clusters(seen, private)]
        rest = [now[part] for part in parts if not _private(seen, number, part)]
        becomes[number] = gate([*rest, gate(alone)] if rest and alone else [*rest, *alone])
    return Network(inputs, tuple(made), becomes[network.root])


def _clusters(seen: _Visits, parts: Sequence[int]) -> list[list[int]]:
    """Parts whose visits overlap, together; what shares anything overlaps."""
    found: list[list[int]] = []
    end = 0
    for part in sorted(parts, key=seen.first.__getitem__):
        if found and seen.first[part] <= end:
            found[-1].append(part)
        else:
            found.append([part])
        end = max(end, seen.last[part])
    return found


def modules(network: Network) -> tuple[Module, ...]:
    """The modules of a network, each after those it is made of; the last is the whole."""
    inputs = network.inputs
    if network.root < inputs:
        return (Module(Network(1, (), 0), (network.root,)),)
    network = grouped(factored(network))
    is_module = _module_gates(network)
    found: list[Module] = []
    place: dict[int, int] = {}
    for number in _reached(network):
        if not is_module[number - inputs]:
            continue
        place[number] = inputs + len(found)
        found.append(_cut_out(network, number, place))
    return tuple(found)


def _cut_out(network: Network, root: int, place: dict[int, int]) -> Module:
    """The gates of one module, with its inputs numbered in the order in which they are met."""
    inner: list[int] = []
    inputs: dict[int, int] = {}
    seen = {root}
    stack = [root]
    while stack:
        number = stack.pop()
        if number != root and (number < network.inputs or number in place):
            inputs[number] = len(inputs)
            continue
        inner.append(number)
        for part in reversed(network.gates[number - network.inputs][1]):
            if part not in seen:
                seen.add(part)
                stack.append(part)
    number_of = dict(inputs)
    number_of.update({gate: len(inputs) + j for j, gate in enumerate(sorted(inner))})
    gates = (network.gates[gate - network.inputs] for gate in sorted(inner))
    return Module(
        Network(
            len(inputs),
            tuple((k, tuple(number_of[part] for part in parts)) for k, parts in gates),
            number_of[root],
        ),
        tuple(place.get(number, number) for number in inputs),
    )
