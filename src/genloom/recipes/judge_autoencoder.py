"""How an autoencoder is judged: by what it loses, beside codes that need no network, and by how its latents lie."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.diffusion.latent import LatentSpace, kl_to_standard
from genloom.diffusion.loss import DISTANCES
from genloom.metrics.features import distance_name, extract, moments
from genloom.metrics.frechet import frechet_interval, small_sample_note
from genloom.metrics.interval import mean_interval
from genloom.metrics.linear_code import area_average
from genloom.metrics.pictures import WINDOW, psnr, ssim
from genloom.recipes.build_autoencoder import device_of
from genloom.report.numbers import at_least
from genloom.report.results import Result
from genloom.rng import SampleNoise
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_autoencoder import AutoencoderExperiment

_EXACT = 100.0  # dB; the smallest error that a picture of 32 × 32 can have is 83 dB
_LARGEST = 512  # features up to which the jackknife of a Fréchet distance takes seconds


class Codes(NamedTuple):
    """Kept-back pictures, and what three codes of as many numbers keep of them: uint8, each (N, C, S, S)."""

    originals: Tensor
    autoencoder: Tensor
    linear: Tensor
    average: Tensor


class Latents(NamedTuple):
    """How the latents of kept-back pictures lie.

    nats          KL divergence of each channel from N(0, I), summed over its places, mean over pictures, (c,)
    mean, std     of each standardised channel, (c,)
    correlation   between channels, (c, c)
    """

    nats: Tensor
    mean: Tensor
    std: Tensor
    correlation: Tensor


def judge_all(experiment: "AutoencoderExperiment", networks: Networks) -> tuple[Result, ...]:
    """Three measures of what is lost, each beside the baselines, and three of the latents."""
    codes, space = codes_of(experiment, networks), experiment.space(networks)
    latents = latents_of(experiment, space, device_of(networks))
    return (*judge_psnr(experiment, codes), *judge_ssim(experiment, codes), *judge_frechet(experiment, codes),
            *judge_latents(latents, len(codes.originals)))


def missed(experiment: "AutoencoderExperiment", networks: Networks) -> float:
    """The objective's distance between kept-back pictures and their reconstructions, mean over all numbers."""
    x = experiment.judged()
    return float(DISTANCES[experiment.recipe.objective.distance](experiment.reconstruct(networks, x) - x).mean())


def codes_of(experiment: "AutoencoderExperiment", networks: Networks, count: int | None = None) -> Codes:
    """The first kept-back pictures as each code returns them."""
    x = experiment.judged(count)
    return Codes(*map(to_pictures, (x, experiment.reconstruct(networks, x), experiment.linear(x),
                                    area_average(x, experiment.numbers))))


def judge_psnr(experiment: "AutoencoderExperiment", codes: Codes) -> tuple[Result, ...]:
    """The mean PSNR over the pictures, which must not be below the linear code's, and that of averages."""
    each = [psnr(seen, codes.originals).clamp_max(_EXACT) for seen in codes[1:]]
    result, beside = _beside_linear(experiment, each, "PSNR", "dB",
                                    f"10 log₁₀(255²/MSE), mean over pictures; equal ones count as {_EXACT:g}")
    return at_least(result, result.known or 0.0), beside


def judge_ssim(experiment: "AutoencoderExperiment", codes: Codes) -> tuple[Result, ...]:
    """The mean structural similarity over the pictures, where they are as large as its window."""
    if codes.originals.shape[-1] < WINDOW:
        return ()
    each = [ssim(seen, codes.originals) for seen in codes[1:]]
    return _beside_linear(experiment, each, "SSIM", "", "mean over pictures", "Wang et al. 2004, Eq. 13")


def judge_frechet(experiment: "AutoencoderExperiment", codes: Codes) -> tuple[Result, ...]:
    """The Fréchet distance of reconstructions from their own originals, for which 0 is perfect."""
    extractor = experiment.extractor
    reference = moments(extract(extractor, codes.originals))
    found = []
    for seen in codes[1:]:
        features = extract(extractor, seen)
        groups = 20 if extractor.dim <= _LARGEST else 2
        found.append(frechet_interval(features, reference, groups=groups))
    mine, linear, average = found
    name, note = distance_name(extractor), small_sample_note(len(codes.originals), extractor.dim)
    result = Result(name=f"{name} of reconstructions from their originals", value=mine.value, known=linear.value,
                    known_name=linear_name(experiment), interval=(mine.low, mine.high), n=mine.n,
                    formula=note or f"extractor {extractor.digest[:12]}, {extractor.dim} features",
                    source="Heusel et al. 2017; interval of the delete-a-group jackknife")
    return result, replace(result, name=f"{name} of area averages from their originals", value=average.value,
                           known=None, known_name="", interval=(average.low, average.high))


@torch.no_grad()
def latents_of(experiment: "AutoencoderExperiment", space: LatentSpace, device: torch.device) -> Latents:
    """The latents of kept-back pictures, drawn with noise, standardised over the training pictures."""
    x = experiment.judged().to(device)
    z = space.encode(x, SampleNoise(0, len(x), experiment.shape, device=device)()).double().cpu()
    nats = torch.cat([kl_to_standard(*space.encoder(part)).double().cpu().sum((2, 3))
                      for part in torch.split(x, space.batch)]).mean(0)
    channels = z.transpose(0, 1).flatten(1)
    correlation = torch.corrcoef(channels).reshape(len(channels), len(channels))
    return Latents(nats, channels.mean(1), channels.std(1), correlation)


def judge_latents(found: Latents, count: int) -> tuple[Result, ...]:
    """The length of the code, and how far kept-back latents are from mean 0, deviation 1 and no correlation."""
    apart = found.correlation - torch.eye(len(found.mean), dtype=torch.float64)
    each = ", ".join(f"{nats:.0f}" for nats in found.nats.tolist())
    worst = (found.std - 1).abs().argmax()
    return (
        Result(name="KL divergence of the latents from N(0, I)", value=float(found.nats.sum()), unit="nats a picture",
               n=count, formula=f"by channel: {each}", source="Kingma & Welling 2014, App. B"),
        Result(name="largest mean of a standardised channel", value=float(found.mean.abs().max()), known=0.0,
               known_name="training pictures", n=count, formula="max_c |mean z_c|"),
        Result(name="deviation of the standardised channel that is farthest from 1", value=float(found.std[worst]),
               known=1.0, known_name="training pictures", n=count, source="Rombach et al. 2022, App. G"),
        Result(name="largest correlation between two channels", value=float(apart.abs().max()), known=0.0,
               known_name="N(0, I)", n=count, formula="max_{c ≠ d} |corr(z_c, z_d)|"),
    )


def _beside_linear(experiment: "AutoencoderExperiment", each: list[Tensor], name: str, unit: str, formula: str,
                   source: str = "") -> tuple[Result, Result]:
    """The mean of a measure of each picture: the autoencoder's beside the linear code's, and that of averages."""
    mine, linear, average = map(mean_interval, each)
    result = Result(name=f"{name} of reconstructions of kept-back pictures", value=mine.value, unit=unit,
                    known=linear.value, known_name=linear_name(experiment), interval=(mine.low, mine.high), n=mine.n,
                    formula=formula, source=source)
    return result, replace(result, name=f"{name} of area averages of as many numbers", value=average.value,
                           interval=(average.low, average.high), known=None, known_name="")


def linear_name(experiment: "AutoencoderExperiment") -> str:
    """What the best linear code is, in words."""
    code = experiment.linear
    return f"best linear code: {code.basis.shape[1]} principal components of {code.n:,} training pictures"
