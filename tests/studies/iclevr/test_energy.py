"""Energy is read where the machine tells, and nowhere made up."""

import math
from pathlib import Path

import pytest

from genloom.studies.iclevr import energy
from genloom.studies.iclevr.energy import Gpu, counters, spent


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch) -> None:
    monkeypatch.setattr(energy.shutil, "which", lambda name: None)


def _package(root: Path, name: str, used: int, words: str = "package-0") -> Path:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "name").write_text(f"{words}\n")
    (folder / "max_energy_range_uj").write_text("1000000000\n")
    (folder / "energy_uj").write_text(f"{used}\n")
    return folder / "energy_uj"


def test_joules_are_what_all_packages_have_counted(tmp_path: Path) -> None:
    first, second = _package(tmp_path, "intel-rapl:0", 100), _package(tmp_path, "intel-rapl:1", 5, "package-1")
    _package(tmp_path, "intel-rapl:0:0", 7, "core")

    def work() -> None:
        first.write_text("2000100")
        second.write_text("1000005")

    found = spent(work, tmp_path)
    assert found.joules == pytest.approx(3)
    assert found.seconds > 0
    assert "2 processor packages" in found.told
    assert list(counters(tmp_path)) == ["intel-rapl:0", "intel-rapl:1"]


def test_a_counter_that_begins_anew_has_gone_round_once(tmp_path: Path) -> None:
    place = _package(tmp_path, "intel-rapl:0", 999_000_000)
    assert spent(lambda: place.write_text("1000000"), tmp_path).joules == pytest.approx(2)


def test_a_machine_that_does_not_tell_gives_no_number_and_a_reason(tmp_path: Path) -> None:
    found = spent(lambda: None, tmp_path)
    assert found.joules is None
    assert "nothing tells" in found.told
    (tmp_path / "intel-rapl:0").mkdir()  # as where the counters may not be read
    assert spent(lambda: None, tmp_path).joules is None


def test_a_gpu_s_energy_is_its_mean_power_times_the_time(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Gpu, "here", classmethod(lambda cls: cls(lambda: 50.0)))
    found = spent(lambda: math.factorial(2000), tmp_path)
    assert found.joules == pytest.approx(50 * found.seconds)
    assert "GPU" in found.told


def test_a_gpu_that_tells_nothing_is_no_meter(monkeypatch) -> None:
    monkeypatch.setattr(energy.shutil, "which", lambda name: "/bin/nvidia-smi")

    def fails() -> float:
        raise ValueError("[N/A]")

    monkeypatch.setattr(energy, "power", fails)
    assert Gpu.here() is None
