"""What values a recipe may have: a range for every number, and relations between fields; all errors are found at once.

A recipe class joins by a row in `RANGES` for each of its numbers, and in `RELATIONS` where fields depend on each other.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from genloom.errors import InputError, InputErrors, UnknownName
from genloom.recipes import fields

SAMPLERS = ("ddpm", "ddpm-large", "ddim", "euler", "euler-t", "euler-maruyama", "heun", "edm-stochastic", "dpmpp-2m",
            "dpmpp-2m-sde", "unipc", "predictor-corrector", "langevin", "ode")
"""The names of `genloom.diffusion.samplers.registry`, here because that one imports torch; a test holds them equal."""


AT_ZERO_SNR = ("ddpm", "ddpm-large", "ddim", "euler-t", "predictor-corrector")
"""Samplers that need no signal at t = 1, likewise."""

SPACINGS = ("uniform", "quadratic", "karras", "log-snr")
"""The names of `genloom.diffusion.grid`, likewise."""


class Range(NamedTuple):
    """Numbers between two ends; an open end is not itself allowed."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, number: object) -> bool:
        assert isinstance(number, (int, float))
        above = number > self.low if self.open_low else number >= self.low
        return above and (number < self.high if self.open_high else number <= self.high)

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"greater than {self.low:g}" if self.open_low else f"at least {self.low:g}"
        left, right = "(" if self.open_low else "[", ")" if self.open_high else "]"
        return f"in {left}{_brief(self.low)}, {_brief(self.high)}{right}"


_POSITIVE = Range(0, open_low=True)
_FRACTION = Range(0, 1)
_DECAY = Range(0, 1, open_high=True)
_COUNT = Range(1, 10**12)
_COUNT_OR_NONE = Range(0, 10**12)
_SEED = Range(0, 2**63, open_high=True)

RANGES: dict[str, Range] = {
    "options.Optimizer.lr": _POSITIVE,
    "options.Optimizer.beta1": _DECAY,
    "options.Optimizer.beta2": _DECAY,
    "options.Optimizer.weight_decay": Range(0),
    "options.Optimizer.warmup": _COUNT_OR_NONE,
    "options.Optimizer.final": _FRACTION,
    "options.Engine.steps": _COUNT,
    "options.Engine.batch_size": _COUNT_OR_NONE,
    "options.Engine.accumulate": _COUNT,
    "options.Engine.clip": Range(0),
    "options.Engine.ema": _DECAY,
    "options.Engine.devices": Range(1, 4096),
    "options.Engine.nodes": Range(1, 4096),
    "options.Engine.threads": Range(0, 4096),
    "options.Engine.workers": Range(0, 256),
    "options.Engine.seed": _SEED,
    "options.Engine.log_every": _COUNT,
    "options.Engine.save_every": _COUNT_OR_NONE,
    "options.Engine.sample_every": _COUNT_OR_NONE,
    "options.Engine.evaluate_every": _COUNT_OR_NONE,
    "options.Engine.keep": Range(1, 10**6),
    "points.Data.count": Range(2, 10**7),
    "points.Data.classes": Range(0, 1000),
    "points.Data.seed": _SEED,
    "points.Network.width": Range(1, 1 << 16),
    "points.Network.depth": Range(2, 1000),
    "points.Network.frequencies": Range(0, 64),
    "points.Network.embedding": Range(1, 1 << 16),
    "process.Schedule.steps": Range(1, 10**6),
    "process.Schedule.rate": Range(0, 100, open_low=True),
    "process.Schedule.sigma_min": _POSITIVE,
    "process.Schedule.sigma_max": _POSITIVE,
    "process.Diffusion.gamma": _POSITIVE,
    "process.Diffusion.sigma_data": _POSITIVE,
    "process.Diffusion.levels": Range(2, 10**5),
    "process.Diffusion.label_dropout": _DECAY,
    "points.Sampling.steps": Range(1, 10**6),
    "points.Sampling.eta": _FRACTION,
    "points.Sampling.epsilon": _POSITIVE,
    "points.Sampling.guidance": Range(-1000, 1000),
    "points.Evaluation.samples": Range(2, 10**6),
    "points.Evaluation.seeds": Range(1, 1000),
    "points.Evaluation.permutations": Range(1, 10**6),
    "points.Evaluation.loss_points": Range(1, 10**9),
    "images.Data.size": Range(8, 1024),
    "images.Data.zoom": Range(1, 2),
    "images.Data.holdout": Range(0, 0.9, open_low=True),
    "images.Network.width": Range(1, 4096),
    "images.Network.blocks": Range(1, 100),
    "images.Network.heads": Range(1, 256),
    "images.Network.dropout": _DECAY,
    "images.Network.patch": Range(1, 64),
    "images.Sampling.steps": Range(0, 10**6),
    "images.Sampling.eta": _FRACTION,
    "images.Sampling.guidance": Range(-1000, 1000),
    "images.Sampling.guidance_low": Range(0),
    "images.Sampling.guidance_high": _POSITIVE,
    "images.Evaluation.samples": Range(2, 10**6),
    "images.Evaluation.seeds": Range(1, 1000),
    "autoencoder.Network.width": Range(1, 4096),
    "autoencoder.Network.blocks": Range(1, 100),
    "autoencoder.Network.latent_channels": Range(1, 4096),
    "autoencoder.Objective.beta": Range(0, 1e6),
    "autoencoder.Evaluation.samples": Range(4, 10**6),
    "inpainting.Network.width": Range(1, 4096),
    "inpainting.Network.blocks": Range(1, 100),
    "inpainting.Network.heads": Range(1, 1024),
    "inpainting.Discriminator.width": Range(1, 4096),
    "inpainting.Discriminator.layers": Range(1, 8),
    "inpainting.Discriminator.lr": _POSITIVE,
    "inpainting.Loss.weight": Range(0, 1e6),
    "inpainting.Evaluation.samples": Range(4, 10**6),
    "inpainting.Evaluation.seed": _SEED,
    "classifiers.Network.width": Range(2, 4096),
    "classifiers.Classifying.shift": Range(0, 64),
    "classifiers.Evaluation.samples": Range(2, 10**6),
    "classifiers.Evaluation.bins": Range(1, 1000),
    "classifiers.Evaluation.levels": Range(2, 1000),
    "classifiers.Evaluation.level_samples": Range(2, 10**6),
}
"""The range of each number by "module.Class.field"."""


def validate(recipe: Any) -> None:
    """Check every rule of a recipe before any data are read or anything is computed.

    Errors: the `InputError` where one rule is broken, `InputErrors` with all of them where there are more.
    """
    raise_all(list(problems(recipe)))


def raise_all(found: list[InputError]) -> None:
    """Raise nothing, the one error, or all of them as one."""
    if len(found) == 1:
        raise found[0]
    if found:
        raise InputErrors(found)


def problems(recipe: Any, relations: bool = True) -> Iterator[InputError]:
    """Every broken rule of a recipe; those between fields, where wanted, once each number is in its range."""
    whole = True
    for leaf in fields.leaves(type(recipe)):
        number = fields.value(recipe, leaf.path)
        allowed = RANGES.get(rule_name(leaf))
        if allowed is not None and number is not None and number not in allowed:
            remedy = f"pass {flag(leaf)} {_inside(leaf, allowed)}"
            whole = False
            yield InputError(leaf.name, number, str(allowed), remedy)
    for relation in RELATIONS.get(type(recipe).__name__, ()) if relations and whole else ():
        yield from relation(recipe)


def flag(leaf: fields.Leaf) -> str:
    """The value's name on the command line."""
    return "--" + leaf.name.replace("_", "-")


def rule_name(leaf: fields.Leaf) -> str:
    """The key of a value in `RANGES`."""
    module = leaf.owner.__module__.rpartition(".")[2]
    return f"{module}.{leaf.owner.__name__}.{leaf.path[-1]}"


def _engine_relations(recipe: Any) -> Iterator[InputError]:
    engine = recipe.engine
    parts = engine.accumulate * engine.devices * engine.nodes
    if engine.batch_size and engine.batch_size % parts:
        yield InputError("engine.batch_size", engine.batch_size,
                         f"a multiple of accumulate × devices × nodes = {parts}", f"pass --engine.batch-size {parts}")


def _data_relations(recipe: Any) -> Iterator[InputError]:
    data = recipe.data
    if data.pattern == "file" and not data.path:
        yield InputError("data.path", data.path, "a CSV or NPY file for the pattern 'file'", "pass --data.path FILE")
    if data.pattern == "text" and not data.text.strip():
        yield InputError("data.text", data.text, "some text", "pass --data.text CS446")
    if recipe.network.kind == "scorenet" and data.classes:
        yield InputError("network.kind", "scorenet", "mlp where there are classes: scorenet knows none",
                         "pass --network.kind mlp")
    if data.classes == 1:
        yield InputError("data.classes", 1, "0 for none, or at least 2", "pass --data.classes 0")


def _network_relations(recipe: Any) -> Iterator[InputError]:
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
    if sampling.sampler not in SAMPLERS:
        yield UnknownName("sampling.sampler", sampling.sampler, SAMPLERS)
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
    data, network = recipe.data, recipe.network
    if network.kind != "unet" or recipe.latent.autoencoder or network.details:
        return
    if not network.multipliers or min(network.multipliers) < 1:
        yield InputError("network.multipliers", network.multipliers, "one or more positive numbers",
                         "pass --network.multipliers 1 2 4")
    elif data.size % (factor := 2 ** (len(network.multipliers) - 1)):
        yield InputError("data.size", data.size,
                         f"a multiple of {factor}, as each of {len(network.multipliers)} levels halves it",
                         f"pass --data.size {max(1, round(data.size / factor)) * factor}")


def _halving_relations(recipe: Any) -> Iterator[InputError]:
    data, multipliers = recipe.data, recipe.network.multipliers
    if not multipliers or min(multipliers) < 1:
        yield InputError("network.multipliers", multipliers, "one or more positive numbers",
                         "pass --network.multipliers 1 2 4")
    elif data.size % (factor := 2 ** (len(multipliers) - 1)):
        yield InputError("data.size", data.size, f"a multiple of {factor}, as each of {len(multipliers)} levels halves it",
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


_TABLES = ("linear", "cosine", "sigmoid", "table")  # schedules that are a table of `steps` entries

RELATIONS: dict[str, tuple[Callable[[Any], Iterator[InputError]], ...]] = {
    "PointsRecipe": (_engine_relations, _data_relations, _network_relations, _schedule_relations, _steps_relations,
                     _langevin_relations, _zero_snr_relations, _betas_relations),
    "ImagesRecipe": (_engine_relations, _picture_relations, _schedule_relations, _steps_relations, _interval_relations,
                     _zero_snr_relations, _betas_relations),
    "AutoencoderRecipe": (_engine_relations, _halving_relations),
    "InpaintingRecipe": (_engine_relations, _halving_relations),
    "ClassifierRecipe": (_engine_relations, _halving_relations, _schedule_relations),
}
"""Rules between fields, by the recipe's class: each yields an error for each one that is broken."""


def _inside(leaf: fields.Leaf, allowed: Range) -> str:
    """An example of an allowed value: the field's default where it has one, else an end of the range."""
    default = next(field.default for field in dataclasses.fields(leaf.owner) if field.name == leaf.path[-1])
    if isinstance(default, (int, float)) and default in allowed:
        return f"{default:g}" if isinstance(default, float) else str(default)
    return _brief(allowed.low if allowed.low > -math.inf else allowed.high)


def _brief(number: float) -> str:
    if number == 2**63:
        return "2⁶³"
    return f"{number:g}"
