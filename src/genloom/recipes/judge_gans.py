"""How a GAN of pictures is judged: its samples beside real ones, their classes, its codes, and its discriminator."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import centre
from genloom.metrics.features import Reference, distance_name, extract, moments, reference
from genloom.metrics.frechet import frechet_distance
from genloom.metrics.interval import mean_interval, wilson_interval
from genloom.metrics.modes import Modes, agreement, modes
from genloom.metrics.ranking import told_apart
from genloom.recipes.judge_labels import judge_labels
from genloom.recipes.judge_pictures import REAL, REFERENCES, judge_samples
from genloom.report.numbers import at_least
from genloom.report.results import Result
from genloom.rng import generator
from genloom.training.method import Networks
from genloom.training.precision import for_inference

if TYPE_CHECKING:
    from genloom.recipes.build_gans import GanExperiment

CHOOSING = 1 << 40
"""Seed of the samples that are looked at in training, which choose the best checkpoint: no other samples have it."""
LEAST = 0.1
"""A class is seen from this share of its due on: fewer may be mistakes of the classifier."""
CODES = 4
"""Values of InfoGAN's code that are judged and shown, at most."""
_ASKED = 2000  # pictures of each kind that the discriminator and the classifier are asked about, at most
_BATCH = 256
_TOGETHER = 4  # pictures whose variation a progressive discriminator looks at, in training as here


def judge_all(experiment: "GanExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every metric that applies to a GAN of pictures, or to its generator alone."""
    count = experiment.recipe.evaluation.samples
    labels = experiment.labels_for(count, 0)
    drawn = experiment.draw(networks, count=count, seed=0, labels=labels)
    found = judge_samples(experiment, lambda seed: drawn if seed == 0 else experiment.draw(
        networks, count=count, seed=seed))
    found.append(judge_spread(experiment, drawn))
    if experiment.readable:
        found += judge_classes(experiment, drawn, labels)
    found += judge_labels(experiment, networks)
    if "discriminator" not in networks:  # a generator that came alone
        return tuple(found)
    found += judge_codes(experiment, networks, drawn, labels)
    return (*found, *judge_discriminator(experiment, networks, drawn, labels))


def quick(experiment: "GanExperiment", networks: Networks) -> dict[str, float]:
    """What is looked at during training. The distance comes first and decides which checkpoint is best.

    It is that of other samples from other real pictures than the reported ones: to choose by a number and then to
    report it would report the least of several. Samples are those of `CHOOSING`, and stand beside kept-back pictures;
    what is reported is the distance of fresh samples from the training pictures.
    """
    count = experiment.recipe.evaluation.quick
    drawn = experiment.draw(networks, count=count, seed=CHOOSING)
    seen, known = extract(experiment.extractor, drawn), choosing_reference(experiment).moments
    found = {distance_name(experiment.extractor): frechet_distance(moments(seen), known),
             "spread": spread(experiment, drawn)}
    if experiment.readable:
        found["modes"] = float(classes_of(experiment, told(experiment, seen).argmax(1)).seen)
    return found


def quick_floor(experiment: "GanExperiment") -> float:
    """The same distance of as many training pictures."""
    own = centre(experiment.data.pictures[: experiment.recipe.evaluation.quick], experiment.recipe.data.size)
    return frechet_distance(moments(extract(experiment.extractor, own)), choosing_reference(experiment).moments)


def choosing_reference(experiment: "GanExperiment") -> Reference:
    """The kept-back pictures as the extractor sees them, which the first use keeps for the next."""
    from genloom.data.store import cache

    kept = centre(experiment.kept.pictures[:REFERENCES], experiment.recipe.data.size)
    return reference(kept, experiment.extractor, folder=cache() / "features")


def spread(experiment: "GanExperiment", drawn: Tensor) -> float:
    """Mean over pixels of the standard deviation over samples, in units of that of as many training pictures."""
    real = centre(experiment.data.pictures[: len(drawn)], experiment.recipe.data.size)
    return float(_deviation(drawn) / _deviation(real).clamp(min=1e-9))


def judge_spread(experiment: "GanExperiment", drawn: Tensor) -> Result:
    """Whether samples differ as much as pictures do, in the simplest sense."""
    return Result(name="spread of the samples' pixels, over that of the data", value=spread(experiment, drawn),
                  known=1.0, known_name="as varied as the data", n=len(drawn), seeds=(0,),
                  formula="mean over pixels of the standard deviation over samples; near 0 all samples are alike")


def read(experiment: "GanExperiment", pictures: Tensor) -> Tensor:
    """What the classifier of digits says of pictures, bytes (N, C, H, W): float64 probabilities (N, K)."""
    return told(experiment, extract(experiment.extractor, pictures))


def told(experiment: "GanExperiment", features: Tensor) -> Tensor:
    """The same of pictures whose features (N, D) are known."""
    from genloom.recipes.extractors import NetworkFeatures

    assert isinstance(experiment.extractor, NetworkFeatures)
    return experiment.extractor.told(features).softmax(1)


def shares(experiment: "GanExperiment") -> Tensor:
    """How often the classifier finds each class among training pictures, (K,), at least once each.

    Its own findings, not the labels: samples are not to be blamed for its mistakes.
    """
    found = told(experiment, experiment.reference.features).argmax(1)
    return torch.bincount(found, minlength=experiment.readable).clamp(min=1)


def classes_of(experiment: "GanExperiment", found: Tensor) -> Modes:
    """The classes that the classifier finds among samples (N,), beside those it finds among training pictures."""
    return modes(found, experiment.readable, experiment.shares, least=LEAST)


def judge_classes(experiment: "GanExperiment", drawn: Tensor, labels: Tensor | None) -> list[Result]:
    """Classes seen, their balance, how sure the classifier is of them, and whether they are those asked for."""
    said = read(experiment, drawn)
    real = read(experiment, centre(experiment.kept.pictures[: len(drawn)], experiment.recipe.data.size))
    counted, floor = (classes_of(experiment, each.argmax(1)) for each in (said, real))
    sure, total, n = mean_interval(said.amax(1)), experiment.readable, len(drawn)
    results = [
        at_least(Result(name=f"classes seen, of {total}", value=counted.seen, known=total, known_name="all of them",
                        n=n, seeds=(0,), tolerance=f"each with {100 * LEAST:.0f} % of its due at least"), total),
        Result(name="balance of classes, KL(samples ‖ training pictures)", value=counted.divergence, unit="nats",
               known=floor.divergence, known_name=REAL if len(real) == n else f"{len(real)} other real pictures", n=n,
               seeds=(0,), formula=f"Σ s log(s/q), for fair draws {counted.expected:.2g} on average; "
                                   f"χ² = {counted.chi2:.3g}, {total - 1} degrees of freedom, p = "
                                   f"{counted.p_value:.2g}"),
        Result(name="sureness of the classifier of digits", value=sure.value, known=float(real.amax(1).mean()),
               known_name="of real pictures that were kept back", interval=(sure.low, sure.high), n=n, seeds=(0,),
               formula="mean of the largest probability"),
    ]
    if labels is not None:
        hits, kept = int((said.argmax(1) == labels).sum()), experiment.kept.labels
        assert kept is not None
        share = wilson_interval(hits, n)
        results.append(Result(
            name="samples of the class that was asked for", value=share.value, n=n, seeds=(0,),
            known=float((real.argmax(1) == kept[: len(real)]).double().mean()), interval=(share.low, share.high),
            known_name="real pictures that the classifier takes for their class"))
    return results


@torch.no_grad()
def judge_codes(experiment: "GanExperiment", networks: Networks, drawn: Tensor,
                labels: Tensor | None) -> list[Result]:
    """Whether InfoGAN's codes can be read from the pictures, and whether categories are the classes of the data."""
    latent = experiment.latent
    if not latent.read:
        return []
    n = min(_ASKED, len(drawn))
    code = latent.code(experiment.z(n, 0))
    heard = _verdicts(experiment, networks, drawn[:n], labels).code
    found = [] if code.category is None else _of_categories(experiment, code.category, heard, drawn[:n])
    return found if code.values is None else [*found, *_of_values(code.values, heard[:, latent.categories :])]


def _of_categories(experiment: "GanExperiment", category: Tensor, heard: Tensor, drawn: Tensor) -> list[Result]:
    latent, n = experiment.latent, len(drawn)
    share = wilson_interval(int((heard[:, : latent.categories].argmax(1) == category).sum()), n)
    results = [Result(name="categories that the discriminator reads from the picture", value=share.value, n=n,
                      known=1 / latent.categories, known_name="chance", interval=(share.low, share.high), seeds=(0,),
                      source="Chen et al. 2016, Eq. 5")]
    if experiment.readable:
        classes = read(experiment, drawn).argmax(1)
        found = agreement(category, classes)
        blind = agreement(category[torch.randperm(n, generator=generator(0, n))], classes)
        results += [
            Result(name="categories that are classes of the data, best matching", value=found.matched, n=n, seeds=(0,),
                   known=blind.matched, known_name="the same categories, shuffled",
                   formula="share of samples whose class is their category's partner"),
            Result(name="information of categories about classes, normalised", value=found.information, n=n, seeds=(0,),
                   known=blind.information, known_name="the same categories, shuffled",
                   formula="I(c; class) over the mean of both entropies"),
        ]
    return results


def _of_values(values: Tensor, heard: Tensor) -> list[Result]:
    """How far what is read of each value (N, n) is from it: no more than chance where the pictures do not show it."""
    results = []
    for k in range(min(CODES, values.shape[1])):
        error = mean_interval((heard[:, k].double() - values[:, k].double()).square())
        results.append(Result(
            name=f"squared error of reading the code's value {k + 1} from the picture", value=error.value, known=1 / 3,
            known_name="chance, who always says 0: the variance of U(−1, 1)", interval=(error.low, error.high),
            n=len(values), seeds=(0,), formula="mean of (ĉ − c)², 0 where the picture shows the value",
            source="Chen et al. 2016, Eq. 5"))
    return results


class Asked(NamedTuple):
    """The discriminator's logits, float64, of training pictures, kept-back ones and samples."""

    training: Tensor
    kept: Tensor
    samples: Tensor


def asked(experiment: "GanExperiment", networks: Networks, drawn: Tensor, labels: Tensor | None) -> Asked:
    """What the discriminator says of at most `_ASKED` pictures of each kind, each with its own class."""
    size = experiment.recipe.data.size
    count = min(_ASKED, len(drawn), len(experiment.kept), len(experiment.data))
    training, kept = (_verdicts(experiment, networks, centre(each.pictures[:count], size),
                                None if each.labels is None else each.labels[:count]).logits
                      for each in (experiment.data, experiment.kept))
    return Asked(training, kept, _verdicts(experiment, networks, drawn[:count], labels).logits)


def judge_discriminator(experiment: "GanExperiment", networks: Networks, drawn: Tensor,
                        labels: Tensor | None) -> list[Result]:
    """Whether the discriminator tells samples from pictures that it never saw, and those from its training pictures.

    The second is its overfitting: a discriminator that knows its pictures by heart no longer says what is wrong with
    fakes. [Karras et al. 2020, §2.1]
    """
    found = asked(experiment, networks, drawn, labels)
    if min(map(len, found)) < 2:
        return []
    rows = (("kept-back pictures that the discriminator ranks above samples", found.kept, found.samples,
             "samples cannot be told from pictures"),
            ("training pictures that it ranks above kept-back ones", found.training, found.kept, "no overfitting"))
    results = []
    for name, first, second, known_name in rows:
        share = told_apart(first, second)
        results.append(Result(name=name, value=share.value, known=0.5, known_name=known_name, n=len(first), seeds=(0,),
                              interval=(share.low, share.high), formula="P(D(a) > D(b)), the area under the ROC curve",
                              source="interval by DeLong et al. 1988"))
    return results


class _Said(NamedTuple):
    """Logits (N,), and what is read of the codes (N, R), float64; R is 0 where there are none."""

    logits: Tensor
    code: Tensor


@torch.no_grad()
def _verdicts(experiment: "GanExperiment", networks: Networks, pictures: Tensor, labels: Tensor | None) -> _Said:
    """What is said of each picture; where the last four are not whole, the first pictures are asked about once more."""
    discriminator = for_inference(networks["discriminator"], experiment.recipe.engine.precision)
    device, count = next(discriminator.parameters()).device, len(pictures)
    y = experiment.y(None if labels is None else labels[:count])
    logits, codes = [], []
    for first in range(0, count, _BATCH):
        last = min(first + _BATCH, -(-count // _TOGETHER) * _TOGETHER)
        rows = torch.arange(first, last) % count
        x = experiment.scale.floats(pictures[rows]).to(device)
        verdict = discriminator(x, None if y is None else y[rows].to(device))
        logits.append(verdict.logits.double().cpu())
        codes.append(x.new_zeros(len(x), 0) if verdict.code is None else verdict.code.double().cpu())
    return _Said(torch.cat(logits)[:count], torch.cat(codes)[:count])


def _deviation(pictures: Tensor) -> Tensor:
    lines = [pictures[:, :, row].double().std(0, correction=0).mean() for row in range(pictures.shape[2])]
    return torch.stack(lines).mean()  # a line at a time: eight bytes for each of many pictures are too many
