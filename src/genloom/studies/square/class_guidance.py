"""Classifier-free guidance on the five regions, by the model and by the exact denoiser."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.guidance import classifier_free
from genloom.metrics.region import region_accuracy
from genloom.report.figures import small_multiples, styled
from genloom.report.numbers import fixed
from genloom.report.plots import outlines, plane, scatter
from genloom.report.results import Figure, Table
from genloom.rng import fold
from genloom.studies.context import Context
from genloom.studies.square.class_samples import class_prior, draw
from genloom.studies.square.setting import VIEW, Setting, legend

SCALES = (0.0, 1.0, 2.0, 4.0, 8.0)
_SHOWN = (0.0, 1.0, 2.0, 8.0)


class Guided(NamedTuple):
    """Samples at one scale.

    accuracy   share in the region of their class
    spread     standard deviation over the region's own, mean over classes and coordinates; 1 for the right distribution
    """

    name: str
    scale: float
    points: Tensor
    labels: Tensor
    accuracy: float
    spread: float


def sweep(here: Setting, seed: int, per_class: int) -> list[Guided]:
    """Samples of the model and of the exact denoiser at each scale, from the same noise."""
    labels = torch.arange(here.classes).repeat_interleave(per_class)
    experiment, networks = here.experiment, here.trained.networks
    start = class_prior(here, labels)
    pairs = (("model", experiment.denoiser(networks, labels), experiment.denoiser(networks)),
             ("exact denoiser", experiment.oracle.with_labels(labels), experiment.oracle))
    return [
        _measure(
            here,
            name,
            scale,
            labels,
            draw(here, classifier_free(told, free, scale), start, len(labels), fold(seed, 19)),
        )
        for name, told, free in pairs
        for scale in SCALES
    ]


def _measure(here: Setting, name: str, scale: float, labels: Tensor, points: Tensor) -> Guided:
    boxes = here.boxes
    assert boxes.labels is not None
    accuracy = region_accuracy(points, labels, boxes.low, boxes.high, boxes.labels).overall.value
    known = (boxes.high - boxes.low) / 12**0.5
    ratios = torch.stack([points[labels == k].double().std(0) / known[k] for k in range(here.classes)])
    return Guided(name, scale, points, labels, accuracy, float(ratios.mean()))


def _at(swept: list[Guided], name: str, scale: float) -> Guided:
    return next(each for each in swept if each.name == name and each.scale == scale)


def guidance_text(swept: list[Guided]) -> str:
    """What the scales did."""
    one, two, top = (_at(swept, "model", scale) for scale in (1.0, 2.0, SCALES[-1]))
    exact = _at(swept, "exact denoiser", 2.0)
    return ("Guidance buys accuracy with diversity. From scale 1 to 2 the share in the right region goes from "
            f"{100 * one.accuracy:.1f} % to {100 * two.accuracy:.1f} %, and the spread within a region falls from "
            f"{fixed(one.spread, 2)} to {fixed(two.spread, 2)} of what it should be; at scale {top.scale:g} it is "
            f"{fixed(top.spread, 2)}. This too is no fault of the network: guided by 2 the exact denoiser has "
            f"{fixed(exact.spread, 2)}. The formula is often read as sampling from p(x) p(y | x)^w; here p(y | x) is 1 "
            "inside the region and 0 outside, so that this density is the uniform region at every w > 0, with spread "
            "1. Guidance does not sample from it, because p_t(x) p_t(y | x)^w is not that density blurred: the samples "
            "are pushed away from the classes next door, the arms against the outer border, and the centre, with "
            "neighbours on all sides, into its middle.")


def guidance_table(swept: list[Guided]) -> Table:
    """Accuracy and spread by scale, with what sampling the tilted density exactly would give."""
    rows = []
    for scale in SCALES:
        model, exact = _at(swept, "model", scale), _at(swept, "exact denoiser", scale)
        tilted = ("whole square", "whole square") if scale == 0 else ("100", "1.00")
        rows.append((f"{scale:g}", fixed(100 * model.accuracy, 1), fixed(100 * exact.accuracy, 1), tilted[0],
                     fixed(model.spread, 2), fixed(exact.spread, 2), tilted[1]))
    return Table(header=("scale w", "in region, %: model", "exact denoiser, guided", "p(x) p(y|x)^w", "spread: model",
                         "exact denoiser, guided", "p(x) p(y|x)^w"), rows=tuple(rows),
                 caption="Classifier-free guidance; spread is the standard deviation over that of the region.")


@styled()
def guidance_figure(context: Context, here: Setting, swept: list[Guided]) -> Figure:
    """Samples at some scales: the model above, the exact denoiser below."""
    chosen = [_at(swept, name, scale) for name in ("model", "exact denoiser") for scale in _SHOWN]
    figure, axes = small_multiples(len(chosen), columns=len(_SHOWN), size=2.15)
    for axis, each in zip(axes, chosen, strict=True):
        scatter(axis, each.points, each.labels, size=6)
        outlines(axis, here.boxes.low, here.boxes.high)
        plane(axis, *VIEW, f"{each.name}, w = {each.scale:g}")
    legend(figure, here.names)
    return context.figure(figure, "s2-18-guidance", run=here.trained,
                          caption="Classifier-free guidance at growing scales, from the same noise. w = 0 ignores the "
                                  "class, 1 is conditional sampling.",
                          alt="Coloured samples fill their regions at scale 1 and shrink towards fewer places as the "
                              "scale grows, in both rows alike")
