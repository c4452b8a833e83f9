"""Numpy is told to sort without AVX-512 on Zen 4 alone; the collector of garbage to be lazy."""

import gc
import weakref
from pathlib import Path

import pytest

from orchestrator.runtime import SLOW, VARIABLE, collect_seldom, spare_slow_sorts

ZEN_4 = ("AuthenticAMD", "25", "fpu avx2 avx512f avx512dq")
ZEN_3 = ("AuthenticAMD", "25", "fpu avx2")
ZEN_5 = ("AuthenticAMD", "26", "fpu avx2 avx512f avx512dq")
ICE_LAKE = ("GenuineIntel", "6", "fpu avx2 avx512f avx512dq")


def _cpuinfo(folder: Path, *processors: tuple[str, str, str]) -> Path:
    path = folder / "cpuinfo"
    path.write_text(
        "\n".join(
            f"processor\t: {number}\nvendor_id\t: {vendor}\ncpu family\t: {family}\n"
            f"model name\t: any\nflags\t\t: {flags}\n"
            for number, (vendor, family, flags) in enumerate(processors)
        )
    )
    return path


@pytest.mark.parametrize(
    ("processor", "told"), [(ZEN_4, True), (ZEN_3, False), (ZEN_5, False), (ICE_LAKE, False)]
)
def test_zen_4_alone(tmp_path: Path, processor: tuple[str, str, str], told: bool) -> None:
    environ: dict[str, str] = {}
    spare_slow_sorts(environ, _cpuinfo(tmp_path, processor, ICE_LAKE))
    assert environ == ({VARIABLE: SLOW} if told else {})


@pytest.mark.parametrize("chosen", ["", "AVX2"])
def test_who_has_set_the_variable_has_decided(tmp_path: Path, chosen: str) -> None:
    environ = {VARIABLE: chosen}
    spare_slow_sorts(environ, _cpuinfo(tmp_path, ZEN_4))
    assert environ == {VARIABLE: chosen}


@pytest.mark.parametrize("text", ["", "processor\t: 0\nBogoMIPS\t: 100.00\n", "no colon"])
def test_other_machines_say_other_things(tmp_path: Path, text: str) -> None:
    environ: dict[str, str] = {}
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    spare_slow_sorts(environ, path)
    spare_slow_sorts(environ, tmp_path / "missing")
    assert environ == {}


def test_cycles_of_garbage_are_looked_for_seldom_and_found_all_the_same() -> None:
    class Knot:
        itself: object = None

    before = gc.get_threshold()
    try:
        gc.set_threshold(700, 10, 10)
        collect_seldom()
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 700
        knot = Knot()
        knot.itself = knot
        gone = weakref.ref(knot)
        del knot
        held = [[] for _ in range(2 * gc.get_threshold()[0])]
        assert gone() is None
        assert held
    finally:
        gc.set_threshold(*before)
