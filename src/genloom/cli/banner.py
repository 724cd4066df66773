"""What stands above a run: how it differs from its recipe, data, parameters, device, expected time, folder."""

import textwrap
import time
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genloom.recipes.fields import differences
from genloom.report.numbers import duration

if TYPE_CHECKING:
    import torch

    from genloom.recipes.experiment import Experiment
    from genloom.training.engine import Job

_WIDTH, _MOST = 100, 3
_TRIES, _PATIENCE = 6, 1.5  # updates to time, and seconds after which to stop timing


def lines(experiment: "Experiment", base: Any, folder: Path, job: "Job") -> list[tuple[str, str]]:
    """The banner's lines; the engine's screen shows at most 15."""
    changed = [f"{name} {mine} (was {theirs})" for name, mine, theirs in differences(experiment.recipe, base)]
    said = textwrap.wrap(", ".join(changed) or "nothing: the recipe as it is", _WIDTH, max_lines=_MOST,
                         placeholder=" … (all in recipe.yaml)")
    steps = job.options.steps
    each = seconds_per_step(job)
    return [("changed", said[0]), *(("", more) for more in said[1:]), *experiment.facts(), ("device", _device(job)),
            ("time", f"about {duration(each * steps)} for {steps} steps, {each * 1e3:.3g} ms each"),
            ("folder", str(folder))]


def seconds_per_step(job: "Job") -> float:
    """Time of a training step, from a few on copies of the networks; nothing that the run depends on is touched."""
    import torch

    from genloom.rng import StepRng
    from genloom.training import optimizers
    from genloom.training.precision import for_inference

    device = _place(job)
    copies = {name: deepcopy(network).to(device).train() for name, network in job.networks.items()}
    held = {name: optimizers.build(option, copies[name]) for name, option in job.optimizers.items()}
    networks = {name: for_inference(copy, job.options.precision) for name, copy in copies.items()}
    batch = {name: tensor.to(device) for name, tensor in job.source.batch(_indices(job)).items()}
    began, best = time.perf_counter(), float("inf")
    state = torch.get_rng_state()
    for trial in range(_TRIES):
        start = time.perf_counter()
        for update in job.method.updates(networks, batch, StepRng(job.options.seed, trial, device=device)):
            copies[update.optimizer].zero_grad()
            update.loss.backward()  # type: ignore[no-untyped-call]
            for part in held[update.optimizer]:
                part.step()
            update.loss.item()  # waits for the device
        best = min(best, time.perf_counter() - start)
        if trial and time.perf_counter() - began > _PATIENCE:
            break  # the first step alone says too little: what is lazy, as some penalties are, is due in it
    torch.set_rng_state(state)
    return best * job.options.accumulate


def _indices(job: "Job") -> "torch.Tensor":
    import torch

    whole = job.options.batch_size or len(job.source)
    parts = job.options.accumulate * job.options.devices * job.options.nodes
    return torch.arange(max(1, min(whole, len(job.source)) // parts))


def _place(job: "Job") -> str:
    import torch

    if job.options.accelerator in ("auto", "cuda") and torch.cuda.is_available():
        return "cuda"
    if job.options.accelerator in ("auto", "mps") and torch.backends.mps.is_available():
        return "mps"
    return "cpu"


def _device(job: "Job") -> str:
    from genloom import machine

    known: Mapping[str, Any] = machine.environment()
    several = job.options.devices * job.options.nodes
    where = known["device"] if _place(job) == "cuda" else f"{known['processor']}, CPU threads: {known['threads']}"
    return f"{several} × {where}" if several > 1 else str(where)
