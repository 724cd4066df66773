"""`genloom bench points`: 2-D diffusion, trained and sampled by genloom and the way people do it without.

Each side runs as `python -m genloom.benchmarks.points SIDE FOLDER` in a process of its own and prints one line of JSON.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from genloom.benchmarks.sides import Comparison, compare, run

if TYPE_CHECKING:
    from genloom.recipes.build_points import PointsExperiment
    from genloom.recipes.points import PointsRecipe
    from genloom.report.results import Page, Result

SEED = 0
TRAINING_STEPS, TRAINING_POINTS = 3000, 2000
SAMPLES, SAMPLING_STEPS = 1000, 1000
TRAINING_GOAL, SAMPLING_GOAL = 1.5, 2.0


def bench(pairs: int, tell: Callable[[str], None]) -> "Page":
    """Both comparisons, `pairs` times each."""
    from genloom import machine
    from genloom.report.results import Item, Page

    here = "genloom.benchmarks.points"
    with TemporaryDirectory() as folder:
        tell(f"training: {TRAINING_STEPS} full-batch steps on {TRAINING_POINTS} points")
        training = compare([here, "train", folder], [here, "train-plain", folder], pairs, tell)
        run([here, "prepare-sampling", folder])
        tell(f"sampling: {SAMPLES} points in {SAMPLING_STEPS} DDPM steps")
        sampling = compare([here, "sample", folder], [here, "sample-diffusers", folder], pairs, tell)
    results = (
        _speed("training, seconds of a plain loop over genloom's", training, TRAINING_GOAL),
        _quality("training, gap to the Bayes optimum: genloom − plain loop", training),
        _speed("sampling, seconds of diffusers' loop over genloom's", sampling, SAMPLING_GOAL),
        _quality("sampling, energy distance to data: genloom − diffusers", sampling),
    )
    item = Item(number="points", title="2-D diffusion against its peers", results=results,
                text=(_seconds("training", training), _seconds("sampling", sampling)))
    about = machine.environment()
    facts = (("data", f"{TRAINING_POINTS} points uniform in [−1, 1]²"),
             ("machine", f"{about['device']}, {about['cores']} cores"),
             ("versions", ", ".join(f"{name} {version}" for name, version in about["packages"].items())))
    return Page(title="genloom bench points", kind="run", name="bench-points", facts=facts, items=(item,))


def _speed(name: str, found: Comparison, goal: float) -> "Result":
    from genloom.report.numbers import at_least
    from genloom.report.results import Result

    result = Result(name=name, value=found.ratio, known=goal, known_name="goal, at least", interval=found.spread,
                    n=len(found.pairs), seeds=(SEED,), unit="×",
                    formula="median over pairs of processes; in brackets the smallest and largest ratio")
    return at_least(result, goal)


def _quality(name: str, found: Comparison) -> "Result":
    from genloom.metrics.interval import mean_interval
    from genloom.report.results import Result

    interval = mean_interval([pair.ours["quality"] - pair.theirs["quality"] for pair in found.pairs])
    return Result(name=name, value=interval.value, known=0.0, known_name="equal quality", n=len(found.pairs),
                  interval=(interval.low, interval.high) if len(found.pairs) > 1 else None, seeds=(SEED,))


def _seconds(name: str, found: Comparison) -> str:
    ours, theirs = found.middle("ours", "seconds"), found.middle("theirs", "seconds")
    return (f"{name}: median {ours:.2f} s by genloom, {theirs:.2f} s by its peer, over {len(found.pairs)} pairs of "
            f"processes; quality {found.middle('ours', 'quality'):.5f} and {found.middle('theirs', 'quality'):.5f}.")


def _training_recipe() -> "PointsRecipe":
    from genloom.recipes.points import ve_square

    recipe = ve_square()
    return replace(recipe, data=replace(recipe.data, count=TRAINING_POINTS),
                   engine=replace(recipe.engine, steps=TRAINING_STEPS, seed=SEED))


def _sampling_recipe() -> "PointsRecipe":
    recipe = _training_recipe()
    return replace(recipe, schedule=replace(recipe.schedule, kind="linear", steps=SAMPLING_STEPS),
                   diffusion=replace(recipe.diffusion, times="table"),
                   sampling=replace(recipe.sampling, sampler="ddpm", steps=SAMPLING_STEPS))


def _experiment(recipe: "PointsRecipe") -> "PointsExperiment":
    from genloom.recipes.build_points import PointsExperiment

    return PointsExperiment(recipe)


def _fit(experiment: "PointsExperiment", folder: Path) -> float:
    from genloom import machine
    from genloom.training.engine import fit
    from genloom.training.run import RunFolder
    from genloom.training.screen import Screen

    machine.prepare(experiment.recipe.engine.threads)
    job = replace(experiment.job(), draw=None, judge=None)
    run_folder = RunFolder.create(folder, "bench", ["bench"], {})
    import lightning_fabric  # noqa: F401 # neither side's seconds hold its imports

    start = time.perf_counter()
    fit(job, run_folder, screen=Screen("quiet"))
    return time.perf_counter() - start


def _gap(experiment: "PointsExperiment") -> float:
    from genloom.recipes.judge_points import loss_gap

    return loss_gap(experiment, {"denoiser": experiment.network}, 200_000).value


def _train(folder: Path) -> dict[str, float]:
    with TemporaryDirectory(dir=folder) as run_folder:
        experiment = _experiment(_training_recipe())
        seconds = _fit(experiment, Path(run_folder) / "run")
    return {"seconds": seconds, "quality": _gap(experiment)}


def _train_plain(folder: Path) -> dict[str, float]:
    from genloom.benchmarks.peers import plain_training

    experiment = _experiment(_training_recipe())
    recipe = experiment.recipe
    seconds = plain_training(experiment.network, experiment.data.points, recipe.engine.steps, recipe.optimizer, SEED)
    return {"seconds": seconds, "quality": _gap(experiment)}


def _prepare_sampling(folder: Path) -> dict[str, float]:
    from safetensors.torch import save_file

    experiment = _experiment(_sampling_recipe())
    seconds = _fit(experiment, folder / "run")
    save_file(experiment.network.state_dict(), folder / "network.safetensors")
    return {"seconds": seconds, "quality": _gap(experiment)}


def _loaded(folder: Path) -> "PointsExperiment":
    from safetensors.torch import load_file

    experiment = _experiment(_sampling_recipe())
    experiment.network.load_state_dict(load_file(folder / "network.safetensors"))
    experiment.network.eval()
    return experiment


def _sample(folder: Path) -> dict[str, float]:
    from genloom import machine

    experiment = _loaded(folder)
    machine.prepare(experiment.recipe.engine.threads)
    start = time.perf_counter()
    points = experiment.draw({"denoiser": experiment.network}, count=SAMPLES, seed=SEED)
    return {"seconds": time.perf_counter() - start, "quality": _energy(experiment, points)}


def _sample_diffusers(folder: Path) -> dict[str, float]:
    from genloom.benchmarks.peers import scheduler_sampling

    experiment = _loaded(folder)
    points, seconds = scheduler_sampling(experiment.network, SAMPLES, SAMPLING_STEPS, SEED)
    return {"seconds": seconds, "quality": _energy(experiment, points)}


def _energy(experiment: "PointsExperiment", points: Any) -> float:
    from genloom.metrics.energy import energy_distance
    from genloom.recipes.judge_points import fresh

    return energy_distance(points, fresh(experiment, SAMPLES, SEED))


SIDES: dict[str, Callable[[Path], dict[str, float]]] = {
    "train": _train, "train-plain": _train_plain, "prepare-sampling": _prepare_sampling,
    "sample": _sample, "sample-diffusers": _sample_diffusers,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Path(sys.argv[2]))))
