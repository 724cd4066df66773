"""What an autoencoder keeps of the pictures, whose latents could be diffused: of their pixels and of their labels."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import to_floats, to_pictures
from genloom.metrics.interval import mean_interval
from genloom.metrics.linear_code import principal
from genloom.metrics.pictures import psnr
from genloom.recipes.build_autoencoder import AutoencoderExperiment
from genloom.recipes.images_parts import floats
from genloom.report.grids import rows_figure
from genloom.report.numbers import number
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import Judged
from genloom.studies.iclevr.spent import minutes
from genloom.studies.iclevr.work import autoencoder_recipe, ddpm, judge, labels_of, pictures

_KEPT, _SHOWN, _FITTED = 256, 9, 2000


class Codes(NamedTuple):
    """Kept-back pictures and what two codes of as many numbers keep of them, bytes (N, 3, S, S).

    numbers   of a code, and `parameters` of the autoencoder, 0 where it is not known
    minutes   that its training took
    """

    originals: Tensor
    sets: Tensor
    autoencoder: Tensor
    linear: Tensor
    numbers: int
    parameters: int
    minutes: float


def coded(context: Context) -> Codes:
    """Kept-back pictures through two codes, once."""
    return context.once("codes", lambda: _coded(context))


def _coded(context: Context) -> Codes:
    """Through the recipe's own latent space where it has one, otherwise through an autoencoder of a small budget."""
    own = ddpm(context).experiment
    kept = pictures(context).kept
    x = to_floats(kept.pictures[:_KEPT])
    if own.space is not None:
        made, count, spent = own.pictures(own.states(x)), 0, float("nan")
        whole = own.shape[0] * own.shape[1] * own.shape[2]
    else:
        trained = context.run(autoencoder_recipe(context), "autoencoder")
        experiment = trained.experiment
        assert isinstance(experiment, AutoencoderExperiment)
        made = to_pictures(experiment.reconstruct(trained.networks, x))
        count = sum(p.numel() for p in trained.networks["autoencoder"].parameters())
        spent, whole = minutes(trained), experiment.numbers
    linear = principal(floats(pictures(context).train, kept.size, _FITTED), whole)
    return Codes(kept.pictures[:_KEPT], labels_of(kept)[:_KEPT], made, to_pictures(linear(x)), whole, count, spent)


def judged_codes(context: Context) -> dict[str, Judged]:
    """What the judge names in the originals and after each code."""
    return context.once("codes judged", lambda: _judged(context, coded(context)))


def _judged(context: Context, codes: Codes) -> dict[str, Judged]:
    each = {"originals": codes.originals, "autoencoder": codes.autoencoder, "linear": codes.linear}
    return {name: Judged(judge(context).accuracy(made, codes.sets), torch.arange(len(codes.sets)))
            for name, made in each.items()}


def decibels(codes: Codes, made: Tensor) -> float:
    """Mean peak signal-to-noise ratio of what a code keeps."""
    return float(psnr(made, codes.originals).clamp(max=100).mean())


def code_results(codes: Codes, said: dict[str, Judged]) -> Iterator[Result]:
    """What the autoencoder keeps, of pixels and of labels."""
    found = mean_interval(psnr(codes.autoencoder, codes.originals).clamp(max=100))
    yield Result(name="kept-back pictures through the autoencoder", value=found.value, unit="dB", n=found.n,
                 known=decibels(codes, codes.linear), known_name="best linear code of as many numbers",
                 interval=(found.low, found.high))
    share = said["autoencoder"].micro
    yield Result(name="labels that the judge names after the autoencoder", value=share.value, n=share.n,
                 known=said["originals"].micro.value, known_name="before it", interval=(share.low, share.high))


def codes_figure(context: Context, codes: Codes) -> Figure:
    """Pictures beside what the codes keep of them."""
    rows = {"kept-back": codes.originals[:_SHOWN], "autoencoder": codes.autoencoder[:_SHOWN],
            "linear code": codes.linear[:_SHOWN]}
    return context.figure(rows_figure(rows, cell=0.85), "codes",
                          caption=f"Kept-back pictures, and what codes of {number(codes.numbers)} numbers keep of "
                                  "them.",
                          alt="Three rows of the same pictures: as they are, through an autoencoder, and through the "
                              "best linear code")
