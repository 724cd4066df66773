"""The sides of `genloom bench forecasting`, each run in a process of its own; prints one line of JSON."""

import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from genloom import machine
from genloom.benchmarks.forecasting import KINDS, Setting, Task
from genloom.benchmarks.forecasting_layers import materialised
from genloom.benchmarks.images_sides import Clocked
from genloom.forecasting.transformer import Transformer
from genloom.recipes.build_forecaster import NAME, ForecasterExperiment
from genloom.recipes.forecaster import ForecasterRecipe, Window, transformer_etth1
from genloom.studies.forecasting.series import at_hand
from genloom.studies.forecasting.written import layered
from genloom.training.feed import Order
from genloom.training.lr import rate
from genloom.training.optimizers import trainable

LAST = 4  # steps whose loss is told


def recipe(task: Task) -> ForecasterRecipe:
    """The standard Transformer on the series at hand, for so few steps on the processor."""
    base = transformer_etth1("gpu")
    network = replace(base.network, width=task.width, hidden=task.hidden, heads=task.heads, layers=task.layers,
                      dropout=task.dropout)
    engine = replace(base.engine, steps=task.warm + task.steps + 1, batch_size=task.batch, accelerator="cpu",
                     precision="bf16-mixed" if task.setting.bf16 else "32", tensorboard=False, evaluate_every=0,
                     patience=0)
    return replace(base, data=at_hand(None).data, network=network, engine=engine,
                   window=Window(lookback=task.lookback, horizon=task.horizon, label=task.label),
                   optimizer=replace(base.optimizer, warmup=min(base.optimizer.warmup, task.warm)))


def experiment(task: Task) -> ForecasterExperiment:
    """The windows, and a network whose weights are a function of the seed."""
    return ForecasterExperiment(recipe(task))


def train_genloom(task: Task) -> dict[str, Any]:
    """Training by the engine, as a recipe does it."""
    from genloom.training.engine import fit
    from genloom.training.run import RunFolder
    from genloom.training.screen import Screen

    machine.prepare()
    made = experiment(task)
    job = made.job()
    _compile(job.networks[NAME], task.setting)
    method = Clocked(job.method)
    with TemporaryDirectory() as folder:
        run = RunFolder.create(Path(folder) / "run", "bench", ["bench"], {})
        fit(replace(job, method=method, judge=None), run, screen=Screen("quiet"))
    return _answer(task, made, method.begun, [loss.item() for loss in method.losses])


def train_layers(task: Task) -> dict[str, Any]:
    """Training by a plain loop of the network of torch's own layers."""
    return _loop(task, layered)


def train_materialised(task: Task) -> dict[str, Any]:
    """Training by a plain loop of the network whose attention is written out."""
    return _loop(task, materialised)


def _loop(task: Task, make: Callable[[Transformer], nn.Module]) -> dict[str, Any]:
    """The loop that people write; its batches are those that the engine takes, cut before the clock runs."""
    if task.setting.allocator:
        machine.prepare()
    made = experiment(task)
    ours = made.network.network
    assert isinstance(ours, Transformer)
    network, options, engine = make(ours).train(), made.recipe.optimizer, made.recipe.engine
    _compile(network, task.setting)
    order = Order(len(made.parts.train), engine)
    batches = [made.parts.train.batch(order.indices(step)[0]) for step in range(engine.steps)]
    parameters = trainable(network)
    adam = torch.optim.Adam(parameters, options.lr, (options.beta1, options.beta2), fused=task.setting.fused or None)
    begun, losses = list[float](), list[float]()
    for step, batch in enumerate(batches):
        begun.append(time.perf_counter())
        for group in adam.param_groups:
            group["lr"] = rate(options, step, engine.steps)
        with torch.autocast("cpu", dtype=torch.bfloat16) if task.setting.bf16 else contextlib.nullcontext():
            forecast = network(batch["x"], batch["x_marks"], batch["y_marks"])
        loss = nn.functional.mse_loss(forecast[..., 0].float(), batch["y"])
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch gives no type
        nn.utils.clip_grad_norm_(parameters, engine.clip)
        adam.step()
        losses.append(loss.item())
    return _answer(task, made, begun, losses)


def _answer(task: Task, made: ForecasterExperiment, begun: list[float], losses: list[float]) -> dict[str, Any]:
    """Seconds of a step, and the mean loss of the last ones that the clock saw."""
    seconds = (begun[task.warm + task.steps] - begun[task.warm]) / task.steps
    seen = losses[: task.warm + task.steps]
    last = seen[-min(LAST, len(seen)) :]
    return {"seconds": seconds, "loss": sum(last) / len(last), "losses": seen, "steps": len(seen), "last": len(last),
            "memory_mb": machine.memory_mb(), "data": made.series.description,
            "parameters": sum(p.numel() for p in made.network.parameters())}


def attention(task: Task) -> dict[str, Any]:
    """Seconds and memory of each kind of attention as the length grows, causal, with gradients."""
    from genloom.forecasting.attention.cost import Work, costs

    machine.prepare()
    work = Work(heads=task.heads, size=max(1, task.width // task.heads), causal=True, repeats=task.repeats)
    found = costs(KINDS, task.lengths, work, most_bytes=4e9)
    return {"seconds": sum(cost.seconds for cost in found), "costs": [asdict(cost) for cost in found]}


def _compile(made: nn.Module, setting: Setting) -> None:
    if setting.compiled:
        made.compile()  # in place, so that the names of the weights stay


SIDES: dict[str, Callable[[Task], dict[str, Any]]] = {
    "genloom": train_genloom, "layers": train_layers, "materialised": train_materialised, "attention": attention}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Task.read(sys.argv[2]))))
