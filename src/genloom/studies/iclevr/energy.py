"""How much energy a piece of work takes, where the machine tells: by the processor's counters or a GPU's meter."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import NamedTuple

POWERCAP = Path("/sys/class/powercap")
_EVERY = 0.2  # seconds between looks at a GPU's power


class Spent(NamedTuple):
    """Wall-clock seconds, and joules with where they are from; None and the reason where nothing tells."""

    seconds: float
    joules: float | None
    told: str


def spent(work: Callable[[], object], root: Path = POWERCAP) -> Spent:
    """Do some work, and say what it took.

    The processor's packages count their energy in microjoules, up to a largest number after which they begin anew
    [Linux kernel, Power Capping Framework]; other work of the machine is counted with it. A GPU's power is looked at
    five times a second and its mean taken.
    """
    meter = Gpu.here()
    before, begun = counters(root), time.perf_counter()
    with nullcontext() if meter is None else meter:
        work()
    seconds = time.perf_counter() - begun
    if meter is not None and meter.watts:
        return Spent(seconds, seconds * sum(meter.watts) / len(meter.watts), "nvidia-smi, mean power of the GPU")
    after = counters(root)
    if not before or before.keys() != after.keys():
        return Spent(seconds, None, f"nothing tells: {root} has no counter that may be read, and there is no GPU")
    used = sum(_passed(before[name], after[name]) for name in before) * 1e-6
    return Spent(seconds, used, f"{root}, {len(before)} processor package{'s' * (len(before) > 1)}, all of the "
                                "machine's work")


class Counter(NamedTuple):
    """Microjoules so far, and the largest number that is counted to."""

    used: int
    most: int


def counters(root: Path = POWERCAP) -> dict[str, Counter]:
    """The energy counters of the processor's packages that may be read; cores and other parts of them are left out."""
    found = {}
    for folder in sorted(root.glob("intel-rapl:*")):
        with suppress(OSError, ValueError):
            if (folder / "name").read_text().startswith("package"):
                found[folder.name] = Counter(int((folder / "energy_uj").read_text()),
                                             int((folder / "max_energy_range_uj").read_text()))
    return found


def _passed(before: Counter, after: Counter) -> int:
    """Microjoules between two looks; a counter that has begun anew has passed its largest number once."""
    used = after.used - before.used
    return used if used >= 0 else used + before.most


class Gpu:
    """The power of the first NVIDIA GPU in watts, looked at now and then inside a `with`."""

    def __init__(self, look: Callable[[], float]) -> None:
        self.watts: list[float] = []
        self._look, self._done = look, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @classmethod
    def here(cls) -> "Gpu | None":
        """The meter, or None where there is no GPU whose power can be asked for."""
        if shutil.which("nvidia-smi") is None:
            return None
        with suppress(OSError, ValueError, subprocess.SubprocessError):
            power()
            return cls(power)
        return None

    def __enter__(self) -> "Gpu":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            with suppress(OSError, ValueError, subprocess.SubprocessError):
                self.watts.append(self._look())
            if self._done.wait(_EVERY):
                return


def power() -> float:
    """Watts of the first GPU at this moment.

    Errors: those of running `nvidia-smi`; `ValueError` where it tells no number.
    """
    told = subprocess.run(["nvidia-smi", "--query-gpu=power.draw", "--format=csv,noheader,nounits", "--id=0"],
                          capture_output=True, text=True, check=True, timeout=10).stdout
    return float(told.strip().splitlines()[0])
