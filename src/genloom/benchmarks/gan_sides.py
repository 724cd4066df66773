"""The two sides of `genloom bench gan`, each run in a process of its own; prints one line of JSON."""

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from genloom import machine
from genloom.benchmarks.gan import Setting, Task
from genloom.benchmarks.images_sides import Clocked
from genloom.benchmarks.peers import plain_gan
from genloom.data.images.augment import centre, to_floats
from genloom.data.images.images import digits_at_hand
from genloom.metrics.features import distance_name, extract, moments, reference
from genloom.metrics.frechet import frechet_distance
from genloom.studies.mnist_gans.written import copy_weights, course

if TYPE_CHECKING:
    from genloom.recipes.build_gans import GanExperiment
    from genloom.recipes.gans import GanRecipe

WARM = 10  # steps before the clock runs
SAMPLES, REFERENCES = 5000, 10_000


def recipe(task: Task) -> "GanRecipe":
    """`dcgan-mnist` on the digits at hand, for so many steps on the processor."""
    from genloom.recipes.gans import dcgan_mnist

    base = dcgan_mnist()
    source, _ = digits_at_hand()
    engine = replace(base.engine, steps=task.steps, seed=task.seed, accelerator="cpu", tensorboard=False,
                     precision="bf16-mixed" if task.setting.bf16 else "32")
    return replace(base, data=replace(base.data, source=source), engine=engine)


def experiment(task: Task) -> "GanExperiment":
    """The recipe's pictures and networks; equal weights for equal seeds."""
    from genloom.recipes.build_gans import GanExperiment

    return GanExperiment(recipe(task))


def formatted(network: nn.Module, setting: Setting) -> nn.Module:
    """The network in the setting's memory format, compiled where it says so."""
    if setting.last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if setting.compiled:
        network.compile()  # in place, so that the names of the weights stay
    return network


def train_genloom(task: Task) -> dict[str, Any]:
    """Training by the engine, as a recipe does it."""
    from genloom.training.engine import fit
    from genloom.training.run import RunFolder
    from genloom.training.screen import Screen

    machine.prepare()
    made = experiment(task)
    job = made.job()
    for network in job.networks.values():
        formatted(network, task.setting)
    method = Clocked(job.method)
    with TemporaryDirectory() as folder:
        run = RunFolder.create(Path(folder) / "run", "bench", ["bench"], {})
        fit(replace(job, method=method, draw=None, judge=None, watch=None), run, screen=Screen("quiet"))
    return _answer(task, made, method.begun)


def train_plain(task: Task) -> dict[str, Any]:
    """Training by the plain loop, of the networks as they are written of torch's own layers."""
    if task.setting.allocator:
        machine.prepare()
    made, written = experiment(task), course()
    plain: dict[str, nn.Module] = {"generator": written.generator, "discriminator": written.discriminator}
    for name, network in plain.items():
        copy_weights(made.networks[name], network)
        plain[name] = formatted(network, task.setting).train()
    begun = plain_gan(plain["generator"], plain["discriminator"], _floats(made), made.recipe,
                      autocast=_autocast(task.setting))
    for name, network in plain.items():
        copy_weights(network, made.networks[name])
    return _answer(task, made, begun)


def _floats(made: "GanExperiment") -> Tensor:
    return to_floats(centre(made.data.pictures, made.recipe.data.size))


def _answer(task: Task, made: "GanExperiment", begun: list[float]) -> dict[str, Any]:
    """The seconds from the first timed step's beginning to the last one's."""
    seconds = begun[-1] - begun[WARM]
    found: dict[str, Any] = {"seconds": seconds, "step": seconds / (len(begun) - 1 - WARM),
                             "memory_mb": machine.memory_mb()}
    return found | (_judged(task, made) if task.judged else {})


def _judged(task: Task, made: "GanExperiment") -> dict[str, Any]:
    """The Fréchet distance of new pictures from the training pictures, and that of other real ones."""
    networks: dict[str, nn.Module] = {name: network.eval() for name, network in made.networks.items()}
    extractor, size = made.extractor, made.recipe.data.size
    known = reference(centre(made.data.pictures[:REFERENCES], size), extractor).moments
    kept = centre(made.kept.pictures[:SAMPLES], size)

    def distance(pictures: Tensor) -> float:
        return frechet_distance(moments(extract(extractor, pictures)), known)

    return {"distance": distance(made.draw(networks, count=SAMPLES, seed=task.seed)), "floor": distance(kept),
            "floor_n": len(kept), "samples": SAMPLES, "distance_name": distance_name(extractor),
            "data": made.data.description, "batch": made.recipe.engine.batch_size,
            "about": f"{extractor.dim} features of {extractor.name}, sha256 {extractor.digest[:12]}; reference of "
                     f"{known.n} training pictures"}


def _autocast(setting: Setting) -> contextlib.AbstractContextManager[Any]:
    # one context for the whole training, entered for every step
    return torch.autocast("cpu", dtype=torch.bfloat16) if setting.bf16 else contextlib.nullcontext()


SIDES = {"genloom": train_genloom, "plain": train_plain}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Task.read(sys.argv[2]))))
