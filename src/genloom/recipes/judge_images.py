"""How a model of pictures is judged: its loss beside the best linear denoiser's, its samples beside real pictures."""

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.data.images.augment import centre
from genloom.data.images.imageset import ImageSet
from genloom.diffusion.bits import bits_per_dimension
from genloom.diffusion.denoiser import Denoiser
from genloom.metrics.features import distance_name, extract, moments
from genloom.metrics.frechet import frechet_distance
from genloom.metrics.interval import mean_interval
from genloom.metrics.picture_scores import PictureScores, compare
from genloom.recipes.images_parts import floats
from genloom.recipes.judge_labels import judge_labels
from genloom.recipes.judge_pictures import judge_samples
from genloom.recipes.linear_baseline import LARGEST, LinearDenoiser
from genloom.report.numbers import at_most
from genloom.report.results import Result
from genloom.rng import SampleNoise
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_images import ImagesExperiment

TIMES = tuple((k + 0.5) / 16 for k in range(16))
"""Where the loss is looked at: the middles of equal parts of [0, 1]."""
_CODED, _LEVELS = 32, 100  # pictures whose bits are counted, and levels at which they are
_KEPT = 256  # pictures of the loss on those that were kept back


def judge_all(experiment: "ImagesExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every metric that applies to a model of pictures."""
    found = [judge_loss(experiment, networks), judge_fit(experiment, networks)]
    found += judge_samples(experiment, lambda seed: drawn_for(experiment, networks, seed))
    found += judge_labels(experiment, networks)
    if experiment.space is None:
        found.append(judge_bits(experiment, networks))
    return (*found, Result(name="terminal SNR α(1)²/σ(1)²", value=experiment.schedule.terminal_snr,
                           formula="what is left of the data's signal where sampling starts"))


def quick(experiment: "ImagesExperiment", networks: Networks) -> dict[str, float]:
    """What is looked at during training. The loss comes first and decides which checkpoint is best: to choose by the
    Fréchet distance and then to report it would report the least of several."""
    others = choosing(experiment.kept)
    losses = losses_by_time(experiment, kept_denoiser(experiment, networks, others), list(TIMES), pictures=others,
                            device=next(networks["denoiser"].parameters()).device)
    found = {"loss on kept pictures": sum(losses) / len(losses)}
    if experiment.recipe.evaluation.track:
        found[distance_name(experiment.extractor)] = frechet(experiment, networks, 0)
    return found


@torch.no_grad()
def losses_by_time(experiment: "ImagesExperiment", denoiser: Denoiser, times: list[float], *,
                   pictures: ImageSet | None = None, device: torch.device | str = "cpu") -> list[float]:
    """E‖ε̂ − ε‖²/D at each time on the same pictures with the same noise; the table's nearest entry where there is one.

    pictures   those that were kept back by default
    device     where the denoiser computes
    """
    x0 = experiment.states(floats(pictures or judged(experiment.kept), experiment.recipe.data.size, _KEPT))
    noise, found = SampleNoise(0, len(x0), experiment.shape), []
    for t in times:
        level, eps = experiment.schedule.level(on_table(experiment, t)), noise()
        x = float(level.alpha) * x0 + float(level.sigma) * eps
        found.append((denoiser(x.to(device), level.t).eps.cpu() - eps).double().square().mean().item())
    return found


def baseline_by_time(experiment: "ImagesExperiment", times: list[float]) -> list[float] | None:
    """The same of the best linear denoiser; None for pictures of too many coordinates."""
    linear = linear_denoiser(experiment)
    return None if linear is None else losses_by_time(experiment, linear, times)


def linear_denoiser(experiment: "ImagesExperiment") -> LinearDenoiser | None:
    """The Wiener filter of the training pictures; None for one picture, or for too many coordinates."""
    coordinates = experiment.shape[0] * experiment.shape[1] * experiment.shape[2]
    if coordinates > LARGEST or len(experiment.data) < 2:
        return None
    x0 = experiment.states(floats(experiment.data, experiment.recipe.data.size, 10_000))
    return LinearDenoiser(experiment.schedule, x0)


def on_table(experiment: "ImagesExperiment", t: float) -> float:
    """The nearest time that the schedule has noise at."""
    steps = experiment.schedule.steps
    return max(1, round(t * steps)) / steps if steps else max(t, experiment.schedule.first)


def judge_loss(experiment: "ImagesExperiment", networks: Networks) -> Result:
    """The mean loss over t on pictures that were kept back."""
    times = list(TIMES)
    model = losses_by_time(experiment, kept_denoiser(experiment, networks), times)
    linear = baseline_by_time(experiment, times)
    value = sum(model) / len(model)
    result = Result(name="ε loss on pictures that were kept back", value=value, n=len(judged(experiment.kept)),
                    seeds=(0,), formula="mean over t of E‖ε̂ − ε‖²/D",
                    known=sum(linear) / len(linear) if linear else 1.0,
                    known_name="best linear denoiser, the exact one of normal data" if linear else "guessing 0")
    assert result.known is not None
    return at_most(result, result.known)


def judge_fit(experiment: "ImagesExperiment", networks: Networks) -> Result:
    """How much higher the loss is on pictures that were not trained on."""
    times = list(TIMES)
    own = losses_by_time(experiment, kept_denoiser(experiment, networks, experiment.data), times,
                         pictures=experiment.data)
    kept = losses_by_time(experiment, kept_denoiser(experiment, networks), times)
    ratio = sum(kept) / sum(own)
    result = Result(name="that loss over the loss on training pictures", value=ratio, known=1.0,
                    known_name="no overfitting", n=len(judged(experiment.kept)), seeds=(0,),
                    tolerance="at most 1.15: above it the model remembers its pictures")
    return at_most(result, 1.15)


def judge_bits(experiment: "ImagesExperiment", networks: Networks) -> Result:
    """Bits per dimension of pictures that were kept back, beside those of the best linear denoiser.

    Both are bounds of at most `_LEVELS` levels, each taken once, since a few that are drawn have a heavy tail.
    """
    linear, steps = linear_denoiser(experiment), min(_LEVELS, experiment.schedule.steps or _LEVELS)
    pictures = centre(judged(experiment.kept).pictures[:_CODED], experiment.recipe.data.size).contiguous()
    device = next(networks["denoiser"].parameters()).device
    own = bits_per_dimension(kept_denoiser(experiment, networks, count=len(pictures)), pictures.to(device),
                             experiment.prior, steps=steps, draws=steps).total
    found = mean_interval(own.cpu())
    known, beside = 8.0, "8 bits a byte"
    if linear is not None:
        known = bits_per_dimension(linear, pictures, experiment.prior, steps=steps, draws=steps).total.mean().item()
        beside = "best linear denoiser"
    return at_most(Result(name="bits per dimension of kept pictures, upper bound", value=found.value, unit="bits",
                          formula=f"the bound of {steps} levels", known=known, known_name=beside,
                          interval=(found.low, found.high), n=len(pictures), seeds=(0,),
                          source="Ho et al. 2020, Eq. 5 and 13"), known)


def scores(experiment: "ImagesExperiment", networks: Networks, seed: int) -> PictureScores:
    """All scores of fresh samples against the training pictures."""
    drawn = drawn_for(experiment, networks, seed)
    return compare(drawn, experiment.reference, experiment.extractor)


def frechet(experiment: "ImagesExperiment", networks: Networks, seed: int) -> float:
    """The Fréchet distance alone."""
    seen = extract(experiment.extractor, drawn_for(experiment, networks, seed))
    return frechet_distance(moments(seen), experiment.reference.moments)


def drawn_for(experiment: "ImagesExperiment", networks: Networks, seed: int) -> Tensor:
    """As many samples as the recipe judges by, with classes as often as in the data."""
    count = experiment.recipe.evaluation.samples
    return experiment.draw(networks, count=count, seed=seed, labels=experiment.labels_for(count, seed))


def kept_denoiser(experiment: "ImagesExperiment", networks: Networks, pictures: ImageSet | None = None,
                  count: int = _KEPT) -> Denoiser:
    """The denoiser, neither guided nor clipped, that is told the classes of the first pictures: those of the loss."""
    chosen = pictures or judged(experiment.kept)
    told = chosen.labels[:count] if experiment.classes and chosen.labels is not None else None
    return experiment.denoiser(networks, told, replace(experiment.recipe.sampling, guidance=1.0, clip=False))


def judged(kept: ImageSet) -> ImageSet:
    """The first half of the kept pictures, or as many as are looked at: those of the numbers that are reported."""
    return _part(kept, slice(0, min(_KEPT, (len(kept) + 1) // 2)))


def choosing(kept: ImageSet) -> ImageSet:
    """As many from the other half: those by which the best checkpoint is chosen, and nothing is reported."""
    half = len(kept) // 2
    return _part(kept, slice(len(kept) - min(_KEPT, half), len(kept))) if half else kept


def _part(pictures: ImageSet, rows: slice) -> ImageSet:
    labels = None if pictures.labels is None else pictures.labels[rows]
    return replace(pictures, pictures=pictures.pictures[rows], labels=labels)
