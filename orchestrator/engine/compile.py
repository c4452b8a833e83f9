"""Networks compiled into decision diagrams by oxidd, within a budget of nodes.

Every attempt has a manager of its own, whose capacity is the budget: what one attempt leaves behind
cannot spoil the next, and its memory goes with it. All orders are tried with a small budget before
any is tried with a larger one, then those first that came furthest; so what is easy under any of
the orders is found fast, and what is hard under all of them ends after a fixed amount of work. The
budgets are counted in nodes, not seconds: the outcome is the same on every machine.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from orchestrator.engine.network import Network
from orchestrator.engine.orders import Order, orders

if TYPE_CHECKING:
    from oxidd.bdd import BDDFunction, BDDManager

Indices = NDArray[np.intp]

Budgets = tuple[tuple[int, int], ...]

BUDGETS: Final[Budgets] = (
    (1 << 16, 8),
    (1 << 18, 8),
    (1 << 20, 6),
    (1 << 23, 2),
)
"""Nodes that an attempt may hold, and how many orders may try so much. Some 40 bytes a node."""

_COLLECT, _LIVE, _COLLECTIONS = 0.7, 0.5, 32
"""Garbage is collected where a manager is so full; an attempt is given up where so much of it is
then still in use, or garbage was collected so often."""

_LOCK: Final = threading.Lock()
"""One attempt at a time in the whole process, so that their memory does not add up."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """A diagram over a network's inputs, every node after those it leads to and those of one input
    in a row; 0 is up, 1 is down, and node i is number i + 2. The last node is the root."""

    variable: Indices
    if_down: Indices
    if_up: Indices


class _SpentError(Exception):
    """The budget is spent; `done` gates were compiled before."""

    def __init__(self, done: int) -> None:
        self.done = done


_REMEMBERED: Final = 1 << 19
"""Nodes and parts of gates that are remembered before all is forgotten; some 100 bytes each."""


class _Memory:
    """What networks were compiled to, as portfolios hold the same pattern over and over, and which
    are too hard, which takes longest to find out. Guards that it stays small."""

    def __init__(self) -> None:
        self._known: dict[tuple[Network, Budgets], Nodes | None] = {}
        self._size = 0
        self._lock = threading.Lock()

    def ask(self, network: Network, budgets: Budgets) -> Nodes | None:
        key = network, budgets
        with self._lock:
            if key in self._known:
                return self._known[key]
        found = _raced(network, budgets)
        size = sum(1 + len(parts) for _, parts in network.gates)
        size += 0 if found is None else len(found.variable)
        with self._lock:
            if self._size + size > _REMEMBERED:
                self._known, self._size = {}, 0
            if size <= _REMEMBERED and key not in self._known:
                self._known[key] = found
                self._size += size
        return found

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known, self._size = {}, 0


_MEMORY: Final = _Memory()


def forget() -> None:
    """Forget what was compiled, so that it can be measured again."""
    _MEMORY.forget()


def compiled(network: Network, budgets: Budgets = BUDGETS) -> Nodes | None:
    """The diagram of a network whose root is a gate; None where no order fits its budget."""
    if (simple := _without_sharing(network)) is not None:
        return simple
    return _MEMORY.ask(network, budgets)


def _raced(network: Network, budgets: Budgets) -> Nodes | None:
    last_use = _last_uses(network)
    # Orders are made when they are first tried, as the first of them often does.
    racing: Iterable[tuple[int, int, Order]] = (
        (0, place, order) for place, order in enumerate(orders(network))
    )
    for budget, many in budgets:
        failed = []
        for _, place, order in itertools.islice(racing, many):
            try:
                return _attempt(network, order, budget, last_use)
            except _SpentError as spent:
                failed.append((-spent.done, place, order))
        racing = sorted(failed)
    return None


# --- one gate ------------------------------------------------------------------------------------


def _without_sharing(network: Network) -> Nodes | None:
    """The diagram of an input, or of a single gate of distinct parts, written down as it is known
    to be."""
    if len(network.gates) > 1:
        return None
    k, parts = network.gates[0] if network.gates else (1, (network.root,))
    if len(set(parts)) < len(parts):
        return None
    many = len(parts)
    variables = np.array(parts[::-1], dtype=np.intp)
    if k == 1:
        numbers = np.arange(1, many + 1, dtype=np.intp)
        numbers[0] = 0
        return Nodes(variables, np.ones(many, dtype=np.intp), numbers)
    if k == many:
        numbers = np.arange(1, many + 1, dtype=np.intp)
        return Nodes(variables, numbers, np.zeros(many, dtype=np.intp))
    return _counted(k, parts)


def _counted(k: int, parts: Sequence[int]) -> Nodes | None:
    """At least k of distinct parts: from the last part on, how many more must be down."""
    many = len(parts)
    if k * (many - k + 1) > BUDGETS[-1][0]:
        return None
    found: list[tuple[int, int, int]] = []
    # By how many more must be down: the number of the node; more than there are left is up.
    below: dict[int, int] = {0: 1}
    for place in range(many - 1, -1, -1):
        here: dict[int, int] = {0: 1}
        left = many - place
        for need in range(max(1, k - place), min(k, left) + 1):
            found.append((parts[place], below.get(need - 1, 0), below.get(need, 0)))
            here[need] = len(found) + 1
        below = here
    columns = np.array(found, dtype=np.intp).T
    return Nodes(columns[0].copy(), columns[1].copy(), columns[2].copy())


# --- oxidd ---------------------------------------------------------------------------------------


def _last_uses(network: Network) -> list[int]:
    """The last gate that each part stands under."""
    last = [0] * (network.inputs + len(network.gates))
    for j, (_, parts) in enumerate(network.gates):
        for part in parts:
            last[part] = j
    return last


def _attempt(network: Network, order: Order, budget: int, last_use: Sequence[int]) -> Nodes:
    # The manager is gone before its answer is read, so that the two are not held together.
    return _read(_written(network, order, budget, last_use), order)


def _written(network: Network, order: Order, budget: int, last_use: Sequence[int]) -> _Written:
    # Imported here because most estates have no redundancy and need not load it.
    from oxidd.bdd import BDDManager  # noqa: PLC0415
    from oxidd.util import DDMemoryError  # noqa: PLC0415

    done = 0
    with _LOCK:
        manager = BDDManager(budget, budget >> 2, 1)
        try:
            watch = _Watch(manager, budget)
            known: list[BDDFunction | None] = [None] * len(last_use)
            manager.add_vars(network.inputs)
            for level, variable in enumerate(order):
                known[variable] = manager.var(level)
            for done, (k, parts) in enumerate(network.gates):
                functions = [one for part in parts if (one := known[part]) is not None]
                known[network.inputs + done] = _threshold(k, functions, watch)
                for part in parts:
                    if last_use[part] == done:
                        known[part] = None
            root = known[network.root]
            assert root is not None
            return _exported(manager, root)
        except (DDMemoryError, _SpentError):
            raise _SpentError(done) from None


class _Watch:
    """Keeps a manager within its budget between two operations; inside one the capacity does."""

    def __init__(self, manager: BDDManager, budget: int) -> None:
        self.manager = manager
        self._full = int(budget * _COLLECT)
        self._live = int(budget * _LIVE)
        self._collections = 0

    def look(self) -> None:
        """Collect garbage if there may be much of it."""
        if self.manager.approx_num_inner_nodes() > self._full:
            self.manager.gc()
            self._collections += 1
            live = self.manager.approx_num_inner_nodes()
            if live > self._live or self._collections > _COLLECTIONS:
                raise _SpentError(0)


def _threshold(k: int, parts: Sequence[BDDFunction], watch: _Watch) -> BDDFunction:
    """At least `k` of the parts; those whose inputs come last in the order are joined first."""
    ranked = sorted(parts, key=_level, reverse=True)
    if k in {1, len(parts)}:
        found = ranked[0]
        for part in ranked[1:]:
            found = found | part if k == 1 else found & part
            watch.look()
        return found
    counts = [watch.manager.true()] + [watch.manager.false()] * k
    for part in ranked:
        for i in range(k, 0, -1):
            counts[i] = counts[i] | (part & counts[i - 1])
            watch.look()
    return counts[k]


def _level(function: BDDFunction) -> int:
    level = function.node_level()
    assert level is not None
    return level


@dataclass(frozen=True, slots=True)
class _Written:
    """A diagram as the library writes it out: lines about the whole, and one for each node."""

    head: list[bytes]
    nodes: bytes


def _exported(manager: BDDManager, root: BDDFunction) -> _Written:
    """The nodes of a function. Written out by the library and read back as columns, which takes a
    hundredth of the time of asking for node after node; the file lives no longer than this."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "diagram"
        manager.export_dddmp(str(path), [root], ascii=True)
        with path.open("rb") as file:
            head = list(iter(file.readline, b".nodes\n"))
            # Nodes 1 and 2 are the ends.
            head += [file.readline(), file.readline()]
            return _Written(head, file.read())


def _read(written: _Written, order: Order) -> Nodes:
    false, true = (end.split()[1:] for end in written.head[-2:])
    if swapped := false[0] == b"T":
        false, true = true, false
    assert (false, true) == ([b"F", b"0", b"0"], [b"T", b"0", b"0"])
    assert written.nodes.endswith(b"\n.end\n")
    columns = np.fromstring(written.nodes[: -len(b".end\n")], dtype=np.intp, sep=" ")
    table = columns.reshape(-1, 4).T
    assert f".rootids {table.shape[1] + 2}\n".encode() in written.head
    assert (table[0] == np.arange(3, table.shape[1] + 3)).all()
    # Variables are counted among those that the function depends on.
    levels = next(line for line in written.head if line.startswith(b".permids"))
    variable = np.array(order, dtype=np.intp)[[int(one) for one in levels.split()[1:]]][table[1]]
    if_down, if_up = table[2] - 1, table[3] - 1
    if swapped:
        for column in (if_down, if_up):
            column[column < 2] ^= 1
    return Nodes(variable, if_down, if_up)
