"""What values a recipe may have: a range for every number, and relations between fields; all errors are found at once.

A recipe class joins by a row in `RANGES` for each of its numbers, and in `relations.RELATIONS` where fields depend on
each other.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from genloom.errors import InputError, InputErrors, UnknownName
from genloom.recipes import fields
from genloom.recipes.relations import RELATIONS, SAMPLERS


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
    "options.Engine.patience": _COUNT_OR_NONE,
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
    "process.Diffusion.times_mean": Range(-100, 100),
    "process.Diffusion.times_std": _POSITIVE,
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
    "gan_points.Network.width": Range(1, 1 << 16),
    "gan_points.Network.depth": Range(2, 1000),
    "gan_points.Evaluation.samples": Range(10, 5000),
    "gan_points.Evaluation.seeds": Range(1, 1000),
    "gan_points.Evaluation.permutations": Range(1, 10**6),
    "images.Data.size": Range(8, 1024),
    "images.Data.zoom": Range(1, 2),
    "images.Data.scenes": Range(1, 200_000),
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
    "images.Evaluation.label_seeds": Range(1, 1000),
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
    "gans.Network.width": Range(1, 4096),
    "gans.Latent.size": Range(1, 1 << 16),
    "gans.Latent.categories": Range(0, 10**4),
    "gans.Latent.values": Range(0, 10**4),
    "gans.Loss.critic_steps": Range(1, 100),
    "gans.Loss.clip": Range(0, 1e6),
    "gans.Loss.labels": Range(0, 1e6),
    "gans.Loss.code": Range(0, 1e6),
    "gans.Loss.reading": Range(0, 1e6),
    "gans.Penalty.weight": Range(0, 1e9),
    "gans.Penalty.every": Range(1, 10**6),
    "gans.Penalty.drift": Range(0, 1e6),
    "gans.Evaluation.samples": Range(2, 10**6),
    "gans.Evaluation.quick": Range(2, 10**6),
    "gans.Evaluation.seeds": Range(1, 1000),
    "gans.Evaluation.label_seeds": Range(1, 1000),
    "evaluator.Network.width": Range(1, 4096),
    "evaluator.Augmentation.shift": Range(0, 64),
    "evaluator.Augmentation.brightness": _FRACTION,
    "evaluator.Evaluation.samples": Range(2, 10**6),
    "gpt.Data.valid": Range(0, 0.5),
    "gpt.Data.test": Range(0, 0.5, open_low=True),
    "gpt.Data.blocks": Range(1, 10**6),
    "gpt.Data.stride": Range(0, 1 << 20),
    "gpt.Tokenizer.vocabulary": Range(257, 1 << 20),
    "gpt.Network.width": Range(1, 1 << 16),
    "gpt.Network.blocks": Range(1, 1000),
    "gpt.Network.heads": Range(1, 1024),
    "gpt.Network.expansion": Range(1, 64),
    "gpt.Network.context": Range(1, 1 << 20),
    "gpt.Network.dropout": _DECAY,
    "gpt.Generation.count": Range(1, 10**6),
    "gpt.Generation.tokens": Range(1, 10**7),
    "gpt.Generation.temperature": Range(0, 1000),
    "gpt.Generation.top_k": Range(0, 10**7),
    "gpt.Generation.top_p": Range(0, 1, open_low=True),
    "gpt.Generation.min_p": _FRACTION,
    "gpt.Generation.repetition": Range(0, 1000, open_low=True),
    "gpt.Evaluation.stride": Range(0, 1 << 20),
    "gpt.Evaluation.order": Range(0, 32),
    "gpt.Evaluation.overlap": Range(1, 1 << 16),
    "gpt.Evaluation.texts": Range(0, 10**4),
    "forecaster.Data.hours": Range(100, 10**6),
    "forecaster.Data.valid": Range(0, 1, open_low=True, open_high=True),
    "forecaster.Data.test": Range(0, 1, open_low=True, open_high=True),
    "forecaster.Window.lookback": Range(1, 10**5),
    "forecaster.Window.horizon": Range(1, 10**5),
    "forecaster.Window.label": Range(1, 10**5),
    "forecaster.Network.cycle": Range(0, 10**5),
    "forecaster.Network.width": Range(2, 1 << 16),
    "forecaster.Network.heads": Range(1, 1024),
    "forecaster.Network.layers": Range(1, 100),
    "forecaster.Network.decoder_layers": Range(1, 100),
    "forecaster.Network.hidden": Range(1, 1 << 18),
    "forecaster.Network.dropout": _DECAY,
    "forecaster.Network.features": Range(0, 1 << 16),
    "forecaster.Network.reach": Range(0, 10**5),
    "forecaster.Network.patch": Range(1, 10**5),
    "forecaster.Network.stride": Range(1, 10**5),
    "forecaster.Network.average": Range(1, 10**5),
    "forecaster.Evaluation.batch": Range(1, 10**5),
    "forecaster.Evaluation.windows": Range(0, 10**7),
    "forecaster.Evaluation.draws": Range(100, 10**6),
    "forecaster.Evaluation.level": Range(0, 1, open_low=True, open_high=True),
    "options.SheetOptions.pictures": Range(1, 64),
    "options.SheetOptions.steps": Range(1, 1000),
    "options.SheetOptions.guidance": Range(0, 100),
    "options.SheetOptions.size": Range(0, 2048),
    "options.SheetOptions.batch": Range(1, 64),
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
        if leaf.name == "sampling.sampler" and number not in SAMPLERS:
            whole = False
            yield UnknownName(leaf.name, str(number), SAMPLERS)
    for relation in RELATIONS.get(type(recipe).__name__, ()) if relations and whole else ():
        yield from relation(recipe)


def flag(leaf: fields.Leaf) -> str:
    """The value's name on the command line."""
    return "--" + leaf.name.replace("_", "-")


def rule_name(leaf: fields.Leaf) -> str:
    """The key of a value in `RANGES`."""
    module = leaf.owner.__module__.rpartition(".")[2]
    return f"{module}.{leaf.owner.__name__}.{leaf.path[-1]}"


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
