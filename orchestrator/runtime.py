"""How the interpreter and numpy are set before any work begins, so that it is done faster."""

from __future__ import annotations

import gc
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "NPY_DISABLE_CPU_FEATURES"
SLOW: Final = "X86_V4 AVX512_ICL AVX512_SPR"
"""What numpy 2.4 and later call the sets of instructions that its AVX-512 sorts are built for."""

_COLLECT: Final = 100_000, 50, 100
"""New objects before the collector looks for cycles among the young, and how often it then looks
further."""

_CPUINFO: Final = Path("/proc/cpuinfo")
_FIRST_PROCESSOR: Final = 4096
"""Bytes that hold what Linux says of one processor."""


def spare_slow_sorts(environ: MutableMapping[str, str], cpuinfo: Path = _CPUINFO) -> None:
    """Have numpy sort without AVX-512 where that is the faster way: before it is first imported.

    On AMD Zen 4 the instruction with which numpy's AVX-512 sorts part an array is microcoded; they
    are five times slower there than its AVX2 ones (docs/adr/0013). Whoever has set the variable has
    decided already; where nothing is said of the processor nothing is done.
    """
    if VARIABLE in environ:
        return
    try:
        with cpuinfo.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_FIRST_PROCESSOR)
    except OSError:
        return
    if _is_zen4(text):
        environ[VARIABLE] = SLOW


def collect_seldom() -> None:
    """Look for cycles of garbage once for many objects: a program of frozen values makes a great
    many and hardly a cycle. To look as often as Python does of itself takes a quarter of the time
    of an assessment, and frees nothing."""
    gc.set_threshold(*_COLLECT)


def _is_zen4(text: str) -> bool:
    """Family 25 is Zen 3 and Zen 4; of the two, Zen 4 alone has AVX-512."""
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    said = {name.strip(): value.split() for name, _, value in lines}
    return (
        said.get("vendor_id") == ["AuthenticAMD"]
        and said.get("cpu family") == ["25"]
        and "avx512f" in said.get("flags", ())
    )
