"""How a completing network is judged: what was hidden, beside fills that need no learning, and beside real pictures."""

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.images.augment import to_pictures
from genloom.gan.inpainting import hidden_error
from genloom.metrics.features import Extractor, Moments, distance_name, extract, moments
from genloom.metrics.fills import biharmonic_fill, harmonic_fill, mean_fill
from genloom.metrics.frechet import frechet_distance, frechet_interval, small_sample_note
from genloom.metrics.interval import Interval, mean_interval
from genloom.report.numbers import at_least, near
from genloom.report.results import Result
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_inpainting import InpaintingExperiment, Questions

FILLS = {"mean of the known pixels": mean_fill, "mean of the neighbours": harmonic_fill, "thin plate": biharmonic_fill}
"""Completions without learning, by name."""
_BEST_FILL = "mean of the neighbours"
_PEAK = 255.0


class Judge(NamedTuple):
    """What the Fréchet distance of completed pictures is taken with.

    reference   other real pictures' moments
    floor       the distance of the uncovered pictures themselves from those: completed ones cannot be expected below
    """

    extractor: Extractor
    reference: Moments
    floor: float

    @property
    def name(self) -> str:
        """FID or FD-…."""
        return distance_name(self.extractor)

    def distance(self, completed: Tensor) -> Interval:
        """The distance of completed pictures, floats (N, C, S, S), with its jackknife interval."""
        return frechet_interval(extract(self.extractor, to_pictures(completed)), self.reference)


def judge_all(experiment: "InpaintingExperiment", networks: Networks) -> tuple[Result, ...]:
    """PSNR beside the fills' and the Fréchet distance beside its floor."""
    questions = experiment.questions()
    completed, judge = experiment.complete(networks, questions), make_judge(experiment)
    return (judge_psnr(completed, questions), *(fill_psnr(name, questions) for name in FILLS),
            judge_frechet(completed, judge), *(fill_frechet(name, questions, judge) for name in FILLS),
            unseen(experiment, networks, questions))


def hidden_psnr(completed: Tensor, questions: "Questions") -> Tensor:
    """20 log₁₀ 255 − 10 log₁₀ of the mean squared error of each picture's hidden bytes, (N,) in dB.

    Bytes, because a picture is kept in them; an error below half a level everywhere is taken as that of rounding.
    """
    error = hidden_error(to_pictures(completed).double(), to_pictures(questions.x).double(), questions.mask.double())
    return 20 * math.log10(_PEAK) - 10 * error.clamp(min=1 / 12).log10()


def judge_psnr(completed: Tensor, questions: "Questions", name: str = "PSNR of hidden pixels") -> Result:
    """The mean PSNR, which must not be below that of colours that diffuse inwards."""
    mine = mean_interval(hidden_psnr(completed, questions))
    fill = mean_interval(hidden_psnr(FILLS[_BEST_FILL](*questions), questions)).value
    return at_least(Result(name=name, value=mine.value, unit="dB", known=fill, known_name=f"{_BEST_FILL}, no learning",
                           interval=(mine.low, mine.high), n=mine.n, source="peak 255, mean over pictures"), fill)


def fill_psnr(name: str, questions: "Questions") -> Result:
    """The same of a fill."""
    found = mean_interval(hidden_psnr(FILLS[name](*questions).clamp(-1, 1), questions))
    return Result(name=f"PSNR of hidden pixels, {name}", value=found.value, unit="dB", n=found.n,
                  interval=(found.low, found.high))


def make_judge(experiment: "InpaintingExperiment") -> Judge:
    """Kept-back pictures that are not completed are the reference, and those that are, uncovered, are the floor."""
    count, extractor = experiment.judged, experiment.extractor
    own, others = (moments(extract(extractor, to_pictures(experiment.floats(first, count)))) for first in (0, count))
    return Judge(extractor, others, frechet_distance(own, others))


def judge_frechet(completed: Tensor, judge: Judge, name: str = "completed pictures from other real ones") -> Result:
    """The Fréchet distance of completed pictures beside that of the pictures that they were made of."""
    found = judge.distance(completed)
    return Result(name=f"{judge.name} of {name}", value=found.value, known=judge.floor, n=found.n,
                  known_name="the same pictures, nothing hidden", interval=(found.low, found.high),
                  formula=small_sample_note(found.n, judge.extractor.dim) or f"extractor {judge.extractor.digest[:12]}",
                  source="Heusel et al. 2017; interval of the delete-a-group jackknife")


def fill_frechet(name: str, questions: "Questions", judge: Judge) -> Result:
    """The same of a fill."""
    return judge_frechet(FILLS[name](*questions).clamp(-1, 1), judge, f"pictures filled by the {name}")


@torch.no_grad()
def unseen(experiment: "InpaintingExperiment", networks: Networks, questions: "Questions") -> Result:
    """How much the network's answer changes when hidden pixels do: exactly nothing, if they are never shown to it."""
    other = questions._replace(x=torch.where(questions.mask == 1, questions.x, -questions.x.flip(0)))
    hidden = (1 - questions.mask).expand_as(questions.x)
    change = (experiment.complete(networks, questions) - experiment.complete(networks, other)) * hidden
    value = float(change.abs().max())
    result = Result(name="largest change of the answer when hidden pixels change", value=value, known=0.0,
                    known_name="hidden pixels are never shown", n=len(hidden), tolerance="exactly")
    return near(result, 0.0)
