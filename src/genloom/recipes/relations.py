"""Rules between the fields of a recipe, and the names that some fields may have; free of torch."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from genloom.errors import InputError
from genloom.recipes.forecaster_relations import FORECASTER_RELATIONS
from genloom.recipes.gan_relations import (
    augment_relations,
    critic_relations,
    game_relations,
    idle_relations,
    pair_relations,
)

SAMPLERS = ("ddpm", "ddpm-large", "ddim", "euler", "euler-t", "euler-maruyama", "heun", "edm-stochastic", "dpmpp-2m",
            "dpmpp-2m-sde", "unipc", "predictor-corrector", "langevin", "ode")
"""The names of `genloom.diffusion.samplers.registry`, here because that one imports torch; a test holds them equal."""


AT_ZERO_SNR = ("ddpm", "ddpm-large", "ddim", "euler-t", "predictor-corrector")
"""Samplers that need no signal at t = 1, likewise."""

SPACINGS = ("uniform", "quadratic", "karras", "log-snr")
"""The names of `genloom.diffusion.grid`, likewise."""

_TABLES = ("linear", "cosine", "sigmoid", "table")  # schedules that are a table of `steps` entries


def _engine_relations(recipe: Any) -> Iterator[InputError]:
    engine = recipe.engine
    parts = engine.accumulate * engine.devices * engine.nodes
    if engine.batch_size and engine.batch_size % parts:
        yield InputError("engine.batch_size", engine.batch_size,
                         f"a multiple of accumulate × devices × nodes = {parts}",
                         f"pass --engine.batch-size {max(2, round(engine.batch_size / parts)) * parts}")
    if engine.patience and not engine.evaluate_every:
        yield InputError("engine.patience", engine.patience, "0 where nothing is evaluated on the way",
                         "pass --engine.evaluate-every 100")


def _data_relations(recipe: Any) -> Iterator[InputError]:
    data = recipe.data
    if data.pattern == "file" and not data.path:
        yield InputError("data.path", data.path, "a CSV or NPY file for the pattern 'file'", "pass --data.path FILE")
    if data.pattern == "text" and not data.text.strip():
        yield InputError("data.text", data.text, "some text", "pass --data.text CS446")
    if data.classes == 1:
        yield InputError("data.classes", 1, "0 for none, or at least 2", "pass --data.classes 0")


def _network_relations(recipe: Any) -> Iterator[InputError]:
    if recipe.network.kind == "scorenet" and recipe.data.classes:
        yield InputError("network.kind", "scorenet", "mlp where there are classes: scorenet knows none",
                         "pass --network.kind mlp")
    if recipe.network.kind == "scorenet" and recipe.diffusion.time_input != "sigma":
        yield InputError("diffusion.time_input", recipe.diffusion.time_input, "sigma for scorenet, which divides by it",
                         "pass --diffusion.time-input sigma")


def _schedule_relations(recipe: Any) -> Iterator[InputError]:
    schedule = recipe.schedule
    if schedule.kind in ("geometric", "edm") and not schedule.sigma_min < schedule.sigma_max:
        yield InputError("schedule.sigma_min", schedule.sigma_min,
                         f"less than schedule.sigma_max = {schedule.sigma_max:g}",
                         f"pass --schedule.sigma-max {10 * schedule.sigma_min:g}")
    if schedule.kind == "linear" and schedule.steps <= 20:
        yield InputError("schedule.steps", schedule.steps, "at least 21 for a linear β that is scaled by 1000/steps",
                         "pass --schedule.kind cosine, or --schedule.steps 1000")
    part = "classifying" if hasattr(recipe, "classifying") else "diffusion"
    if schedule.kind not in _TABLES and getattr(recipe, part).times == "table":
        yield InputError(f"{part}.times", "table", f"another law for a schedule without a table ({schedule.kind})",
                         f"pass --{part}.times uniform")


def _betas_relations(recipe: Any) -> Iterator[InputError]:
    """A table of one's own is whole, and no other schedule has one."""
    schedule = recipe.schedule
    wanted = schedule.steps if schedule.kind == "table" else 0
    if len(schedule.betas) != wanted or not all(0 < beta < 1 for beta in schedule.betas):
        yield InputError("schedule.betas", f"{len(schedule.betas)} numbers",
                         f"{wanted} numbers in (0, 1) for the schedule {schedule.kind}", "pass --schedule.kind cosine")


def _steps_relations(recipe: Any) -> Iterator[InputError]:
    schedule, sampling = recipe.schedule, recipe.sampling
    if schedule.kind in _TABLES and sampling.steps > schedule.steps and sampling.sampler != "langevin":
        yield InputError("sampling.steps", sampling.steps, f"at most schedule.steps = {schedule.steps}",
                         f"pass --sampling.steps {schedule.steps}")


def _langevin_relations(recipe: Any) -> Iterator[InputError]:
    schedule, sampling = recipe.schedule, recipe.sampling
    smallest = {"geometric": schedule.sigma_min, "edm": schedule.sigma_min, "exponential": math.exp(-schedule.rate)}
    limit = 2 * smallest.get(schedule.kind, math.inf) ** 2
    if sampling.sampler == "langevin" and sampling.epsilon >= limit:
        yield InputError("sampling.epsilon", sampling.epsilon,
                         f"below 2 σ_L² = {limit:.4g}, from where Langevin diverges",
                         f"pass --sampling.epsilon {limit / 10:.2g}")


def _picture_relations(recipe: Any) -> Iterator[InputError]:
    network = recipe.network
    if network.kind == "naive-unet" and recipe.diffusion.time_input != "t":
        yield InputError("diffusion.time_input", recipe.diffusion.time_input,
                         "t for naive-unet, which is told t in [0, 1]", "pass --diffusion.time-input t")
    if network.kind == "unet" and not recipe.latent.autoencoder and not network.details:
        yield from _halving_relations(recipe)


def _halving_relations(recipe: Any) -> Iterator[InputError]:
    data, multipliers = recipe.data, recipe.network.multipliers
    if not multipliers or min(multipliers) < 1:
        yield InputError("network.multipliers", multipliers, "one or more positive numbers",
                         "pass --network.multipliers 1 2 4")
    elif data.size % (factor := 2 ** (len(multipliers) - 1)):
        yield InputError("data.size", data.size,
                         f"a multiple of {factor}, as each of {len(multipliers)} levels halves it",
                         f"pass --data.size {max(1, round(data.size / factor)) * factor}")


def _interval_relations(recipe: Any) -> Iterator[InputError]:
    low, high = recipe.sampling.guidance_low, recipe.sampling.guidance_high
    if low > high:
        yield InputError("sampling.guidance_low", low, f"at most sampling.guidance_high = {high:g}",
                         f"pass --sampling.guidance-low {high / 2:g}")


def _zero_snr_relations(recipe: Any) -> Iterator[InputError]:
    """What divides by α must not be asked for where no signal is left at t = 1."""
    if recipe.schedule.kind != "rectified":
        return
    chosen, sampling, where = recipe.diffusion, recipe.sampling, "where no signal is left at t = 1 (rectified)"
    if chosen.prediction in ("noise", "score"):
        yield InputError("diffusion.prediction", chosen.prediction, f"another one {where}",
                         "pass --diffusion.prediction flow")
    if chosen.time_input == "log-sigma":
        yield InputError("diffusion.time_input", "log-sigma", f"t or sigma {where}", "pass --diffusion.time-input t")
    if sampling.sampler in SAMPLERS and sampling.sampler not in AT_ZERO_SNR:
        yield InputError("sampling.sampler", sampling.sampler, f"one of {', '.join(AT_ZERO_SNR)} {where}",
                         "pass --sampling.sampler ddim")
    if sampling.spacing in ("karras", "log-snr"):
        yield InputError("sampling.spacing", sampling.spacing, f"uniform or quadratic {where}",
                         "pass --sampling.spacing uniform")


def _points_told_relations(recipe: Any) -> Iterator[InputError]:
    """Who is told a class needs classes; what a batch is shared out among must divide it."""
    data, network, critic_steps = recipe.data, recipe.network, recipe.loss.critic_steps
    for name in ("told", "judging"):
        if getattr(network, name) != "none" and not data.classes and data.pattern != "file":
            yield InputError(f"network.{name}", getattr(network, name), "none for points without classes",
                             "pass --data.classes 5")
    if recipe.engine.batch_size == 0 and data.pattern != "file" and data.count % critic_steps:
        yield InputError("engine.batch_size", 0, f"a number: {data.count} points cannot be shared out among "
                         f"{critic_steps} critic steps", "pass --engine.batch-size 256")


def _blocks_relations(recipe: Any) -> Iterator[InputError]:
    blocks = recipe.network.blocks
    if not blocks or min(blocks) < 1:
        yield InputError("network.blocks", blocks, "one or more positive numbers", "pass --network.blocks 2 2 2 2")


def _text_relations(recipe: Any) -> Iterator[InputError]:
    """Heads share the width, windows fit into the context, and patience needs validation text."""
    network, data = recipe.network, recipe.data
    if network.width % network.heads:
        yield InputError("network.width", network.width, f"a multiple of the {network.heads} heads",
                         f"pass --network.width {max(1, round(network.width / network.heads)) * network.heads}")
    elif network.positions == "rotary" and network.width // network.heads % 2:
        yield InputError("network.positions", "rotary", f"learned for heads of {network.width // network.heads} "
                         "channels, which cannot be paired", "pass --network.positions learned")
    for name, stride in (("data.stride", data.stride), ("evaluation.stride", recipe.evaluation.stride)):
        if stride > network.context:
            yield InputError(name, stride, f"at most network.context = {network.context}",
                             f"pass --{name} {network.context}")
    if data.valid + data.test > 0.5:
        yield InputError("data.valid", data.valid, f"at most {0.5 - data.test:g}: half of the text is for training",
                         "pass --data.valid 0.05 --data.test 0.1")
    if recipe.engine.patience and not data.valid:
        yield InputError("engine.patience", recipe.engine.patience, "0 where no text is kept for validation",
                         "pass --data.valid 0.05")


RELATIONS: dict[str, tuple[Callable[[Any], Iterator[InputError]], ...]] = {
    "PointsRecipe": (_engine_relations, _data_relations, _network_relations, _schedule_relations, _steps_relations,
                     _langevin_relations, _zero_snr_relations, _betas_relations),
    "GanPointsRecipe": (_engine_relations, _data_relations, _points_told_relations, critic_relations,
                        idle_relations),
    "ImagesRecipe": (_engine_relations, _picture_relations, _schedule_relations, _steps_relations, _interval_relations,
                     _zero_snr_relations, _betas_relations),
    "AutoencoderRecipe": (_engine_relations, _halving_relations),
    "InpaintingRecipe": (_engine_relations, _halving_relations),
    "GanRecipe": (_engine_relations, critic_relations, game_relations, idle_relations, augment_relations,
                  pair_relations),
    "GptRecipe": (_engine_relations, _text_relations),
    "EvaluatorRecipe": (_engine_relations, _blocks_relations),
    "ForecasterRecipe": (_engine_relations, *FORECASTER_RELATIONS),
    "ClassifierRecipe": (_engine_relations, _halving_relations, _schedule_relations),
}
"""Rules between fields, by the recipe's class: each yields an error for each one that is broken."""
