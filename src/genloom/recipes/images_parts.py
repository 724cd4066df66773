"""The parts of an image recipe, made from its configuration: pictures, network, start, levels."""

import json
import math
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from genloom.data.images.augment import centre, to_floats
from genloom.data.images.images import has_test, images
from genloom.data.images.imageset import ImageSet, split
from genloom.diffusion.grid import grid
from genloom.diffusion.prior import GaussianPrior
from genloom.diffusion.schedule import Level, Schedule
from genloom.errors import InputError
from genloom.nn.dit import DiT, DiTShape
from genloom.nn.naive_unet import NaiveUNet, NaiveUNetShape
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.images import Data, Network, Sampling
from genloom.recipes.process import Diffusion
from genloom.rng import fold

_CONTINUOUS = 100  # steps where a schedule has no table and the recipe names no number
_GROUPS = 32  # of a normalisation, at most
_MOMENTS = 2048  # pictures whose mean and variance stand for the data's


class Pictures(NamedTuple):
    """Pictures to train on, and `kept` ones, which no training sees, to judge with."""

    train: ImageSet
    kept: ImageSet


def make_data(data: Data, data_root: Path | None = None) -> Pictures:
    """The pictures of a recipe: the set's own test split, or a share that is kept back, judges."""
    chosen: dict[str, Any] = {
        "size": data.size, "channels": data.channels, "zoom": data.zoom, "folder": data.folder,
        "category": data.category, "strict": data.strict, "data_root": data_root, "scenes": data.scenes,
        "without": data.without}
    source = "folder" if data.folder and data.source != "iclevr" else data.source
    whole = images(source, **chosen)
    if has_test(source, data.folder):
        return Pictures(whole, images(source, **chosen, split="test"))
    return Pictures(*split(whole, data.holdout))


def make_network(config: Network, *, size: int, channels: int, classes: int, seed: int, most: int = 0) -> nn.Module:
    """The network for states (channels, size, size), with weights that are a function of the seed.

    classes   number of classes, or of labels where pictures have sets of them
    most      the largest set of labels; 0 where each picture has one class

    Errors: `InputError` for sizes that do not fit, or classes for a network that knows none.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 0))
        if config.kind == "naive-unet":
            if most:
                raise InputError("network.kind", config.kind, "unet or dit, for pictures with sets of labels")
            return NaiveUNet(NaiveUNetShape(size=size, channels=channels, width=config.width, classes=classes))
        if config.kind == "dit":
            return DiT(DiTShape(size=size, channels=channels, width=config.width, blocks=config.blocks,
                                heads=config.heads, patch=config.patch, activation=config.activation,
                                modulation=config.modulation,
                                tokens=most if config.conditioning == "tokens" else 0, **_told(classes, most)))
        return UNet(_unet_shape(config, size, channels, _told(classes, most)))


def _told(classes: int, most: int) -> dict[str, int]:
    return {"label_set": classes} if most else {"classes": classes}


def _unet_shape(config: Network, size: int, channels: int, told: dict[str, int]) -> UNetShape:
    plain: dict[str, Any] = {
        "size": size, "channels": channels, "width": config.width, "multipliers": config.multipliers,
        "blocks": config.blocks, "attention": tuple(a for a in config.attention if a), "heads": config.heads,
        "head_channels": _head_channels(config, size), "scale_shift": config.scale_shift, "resample": config.resample,
        "groups": _groups(config.width), "dropout": config.dropout,
        "cross_attention": config.conditioning == "tokens", **told}
    return UNetShape(**plain | details(config.details))


def _groups(width: int) -> int:
    """As many groups at every level, also where two levels join; of two channels at least, whose mean survives."""
    most = math.gcd(_GROUPS, width)
    return most // 2 if most == width > 1 else most


def _head_channels(config: Network, size: int) -> int | None:
    """Channels of the middle's heads, for all attentions where they divide them all: other programs know one width."""
    widths = [config.width * each for each in config.multipliers]
    attending = [width for level, width in enumerate(widths) if size >> level in config.attention]
    middle, rest = divmod(widths[-1], config.heads)
    fits = not rest and middle and all(width % middle == 0 for width in attending)
    return middle if fits else None


def details(text: str) -> dict[str, Any]:
    """The fields of a `UNetShape` that an imported network states as JSON.

    Errors: `InputError` for text that is no JSON object of such fields.
    """
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InputError("network.details", text[:60], "a JSON object", f"it is not JSON: {error}") from None
    known = {field.name for field in fields(UNetShape)}
    if not isinstance(found, dict) or not set(found) <= known:
        raise InputError("network.details", text[:60], f"a JSON object with some of {', '.join(sorted(known))}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def make_prior(floats: Tensor, schedule: Schedule) -> GaussianPrior:
    """N(mean, std²) with one mean and one std for all coordinates: the moments of x_1 for these data (N, C, S, S)."""
    return prior_of(floats.double().mean(), floats.double().var(), schedule)


def prior_of(mean: Tensor, variance: Tensor, schedule: Schedule) -> GaussianPrior:
    """The same for data of this mean and variance, both of shape ()."""
    level = schedule.level(1.0)
    alpha, sigma = float(level.alpha), float(level.sigma)
    return GaussianPrior(alpha * mean, (alpha**2 * variance + sigma**2).sqrt())


def floats(pictures: ImageSet, size: int, count: int = _MOMENTS) -> Tensor:
    """The first pictures as the network sees them without augmentation, float32 (N, C, size, size) in [−1, 1]."""
    return to_floats(centre(pictures.pictures[:count], size))


def make_levels(sampling: Sampling, diffusion: Diffusion, schedule: Schedule) -> list[Level]:
    """The levels a sampler visits; 0 steps are all entries of the table; for langevin the noise levels of training."""
    if sampling.sampler == "langevin":
        return grid(schedule, diffusion.levels, "log-snr")
    return grid(schedule, sampling.steps or schedule.steps or _CONTINUOUS, sampling.spacing)


def sampler_options(sampling: Sampling) -> dict[str, Any]:
    """The options of the recipe's sampler beyond the levels."""
    return {"eta": sampling.eta} if sampling.sampler == "ddim" else {}
