"""`genloom bench images`: the U-Net of pictures, trained and sampled by genloom and by diffusers, weight for weight.

Both sides hold the same architecture with the same initial weights, and see the same pictures, noise and times in
batches of the same size. Each side first looks for its own best setting; then the two are compared in turns. Each
measurement runs as `python -m genloom.benchmarks.images_sides SIDE SETTING` in a process of its own.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from genloom.benchmarks.sides import Best, Comparison, Search, best, compare, run

if TYPE_CHECKING:
    from genloom.report.results import Item, Page, Result, Table

SEED, BATCH = 0, 32
GOAL = 1.3
MODELS: dict[str, dict[str, object]] = {
    "small": {"block_out_channels": (32, 32, 64), "layers_per_block": 2, "attention": False},
    "large": {"block_out_channels": (64, 128, 256), "layers_per_block": 1, "attention": True},
}
"""Networks of 1.09 and 10.9 million parameters."""
GROWTH = (16, 32, 64)


@dataclass(frozen=True)
class Setting:
    """How one side computes.

    model       a name of `MODELS`, at pictures of `size` × `size`
    bf16        under bfloat16 autocast instead of float32
    last        channels last in memory
    compiled    by torch.compile
    allocator   with the C library's memory thresholds that genloom always sets
    """

    model: str = "small"
    size: int = 32
    bf16: bool = False
    last: bool = False
    compiled: bool = False
    allocator: bool = False

    def __str__(self) -> str:
        words = ["bf16" if self.bf16 else "fp32", "channels last" if self.last else "contiguous"]
        return ", ".join(words + ["compiled"] * self.compiled + ["allocator set"] * self.allocator)


def bench(pairs: int, tell: Callable[[str], None]) -> "Page":
    """Training and sampling of both networks, and how time and memory grow with the size."""
    from genloom import machine
    from genloom.report.results import Page

    tables: list[Table] = []
    results: list[Result] = []
    for model in MODELS:
        for work in ("train", "sample"):
            ours, theirs = (fastest(f"{work}-{side}", model, tell) for side in ("genloom", "diffusers"))
            tables.append(_tried(model, work, ours, theirs))
            tell(f"{model}, {work}: {ours.setting} against {theirs.setting}")
            found = compare(_command(f"{work}-genloom", ours.setting), _command(f"{work}-diffusers", theirs.setting),
                            pairs, tell)
            fairer = compare(_command(f"{work}-genloom", ours.setting),
                             _command(f"{work}-diffusers", replace(theirs.setting, allocator=True)), pairs, tell)
            results += _results(model, work, found, fairer)
    item = _item(results, tables, _growth(tell))
    about = machine.environment()
    facts = (("data", "uniform noise pictures: what is measured is time, not quality"), ("batch", str(BATCH)),
             ("machine", f"{about['device']}, {about['cores']} cores"),
             ("versions", ", ".join(f"{name} {version}" for name, version in about["packages"].items())))
    return Page(title="genloom bench images", kind="run", name="bench-images", facts=facts, items=(item,))


def fastest(side: str, model: str, tell: Callable[[str], None]) -> Best[Setting]:
    """A side's best setting: of fp32 and bf16 with either memory format, and of that compiled.

    Errors: as of `sides.best`.
    """
    first = [Setting(model, bf16=bf16, last=last) for bf16 in (False, True) for last in (False, True)]
    return best(f"{model}, {side}", Search(first, [{"compiled": True}]), lambda setting: _command(side, setting), tell,
                unit="a picture")


def _command(side: str, setting: Setting) -> list[str]:
    return ["genloom.benchmarks.images_sides", side, json.dumps(asdict(setting))]


def _results(model: str, work: str, found: Comparison, fairer: Comparison) -> "list[Result]":
    from genloom.report.numbers import at_least, near
    from genloom.report.results import Result

    doing = "training" if work == "train" else "sampling step"
    how = "median over pairs of processes; in brackets the smallest and largest ratio"
    ratio = Result(name=f"{model}, {doing}: time of diffusers over genloom's", value=found.ratio, known=GOAL,
                   known_name="goal, at least", interval=found.spread, n=len(found.pairs), seeds=(SEED,), unit="×",
                   formula=how)
    same = Result(name=f"{model}, {doing}: the same, diffusers given genloom's allocator settings", value=fairer.ratio,
                  interval=fairer.spread, n=len(fairer.pairs), seeds=(SEED,), unit="×")
    rate = Result(name=f"{model}, {doing}: pictures per second by genloom", value=1 / found.middle("ours", "seconds"),
                  known=1 / found.middle("theirs", "seconds"), known_name="diffusers", n=len(found.pairs))
    ours, theirs = found.middle("ours", "answer"), found.middle("theirs", "answer")
    agree = near(Result(name=f"{model}, {doing}: mean of what is computed", value=ours, known=theirs,
                        known_name="diffusers, the same weights and draws", n=len(found.pairs)), 0.02 * abs(theirs))
    return [at_least(ratio, GOAL), same, rate, agree]


def _growth(tell: Callable[[str], None]) -> "Table":
    """Seconds and memory of a training step on each side as pictures grow."""
    from genloom.report.results import Table

    rows = []
    for size in GROWTH:
        setting = Setting("small", size=size, bf16=True)
        ours, theirs = (run(_command(f"train-{side}", setting)) for side in ("genloom", "diffusers"))
        tell(f"{size} × {size}: {ours['seconds'] * 1e3:.2f} and {theirs['seconds'] * 1e3:.2f} ms a picture, "
             f"{ours['memory_mb']:.0f} and {theirs['memory_mb']:.0f} MB")
        rows.append((f"{size} × {size}", f"{ours['seconds'] * 1e3:.2f}", f"{theirs['seconds'] * 1e3:.2f}",
                     f"{ours['memory_mb']:.0f}", f"{theirs['memory_mb']:.0f}"))
    return Table(header=("pictures", "ms a picture, genloom", "diffusers", "peak MB, genloom", "diffusers"),
                 rows=tuple(rows), caption=f"Training of the small network in bf16, batches of {BATCH}, as pictures "
                                           "grow: one process each.")


def _tried(model: str, work: str, ours: Best[Setting], theirs: Best[Setting]) -> "Table":
    from genloom.report.results import Table

    def cell(side: Best[Setting], setting: Setting) -> str:
        if setting in side.failed:
            return f"not to be had: {side.failed[setting][-160:]}"
        return f"{side.tried[setting]['seconds'] * 1e3:.2f}" if setting in side.tried else "—"

    settings = dict.fromkeys([*ours.tried, *theirs.tried, *ours.failed, *theirs.failed])
    rows = tuple((str(setting), cell(ours, setting), cell(theirs, setting)) for setting in settings)
    doing = "training" if work == "train" else "a sampling step"
    return Table(header=("setting", "ms a picture, genloom", "ms a picture, diffusers"), rows=rows,
                 caption=f"{model}: {doing}, one process for each setting.")


def _item(results: "list[Result]", tables: "list[Table]", growth: "Table") -> "Item":
    from genloom.report.results import Item

    text = ("Both sides hold the same network: genloom's U-Net takes diffusers' weights. Each is compared in its own "
            "best setting. genloom keeps freed memory (glibc's thresholds); the second ratio gives that to diffusers.",)
    return Item(number="images", title="U-Nets of pictures against diffusers", text=text, results=tuple(results),
                tables=(*tables, growth))


if __name__ == "__main__":
    sys.exit("this module is run by `genloom bench images`")
