"""Pictures beside real ones, whatever the labels: distances and shares, with the floor of kept-back pictures."""

from typing import NamedTuple

from torch import Tensor

from genloom.data.images.augment import centre
from genloom.metrics.features import distance_name
from genloom.metrics.interval import Interval
from genloom.metrics.picture_scores import PictureScores, compare
from genloom.report.numbers import fixed
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import cell
from genloom.studies.iclevr.work import Model, gan, gan_recipe, labels_of, pictures, sizes


class Beside(NamedTuple):
    """Pictures of label sets as frequent as in the data, and how they compare with training pictures."""

    pictures: Tensor
    scores: PictureScores


def beside_real(context: Context, model: Model) -> Beside:
    """A model's pictures of the label sets of kept-back pictures, one each, beside training pictures."""
    def work() -> Beside:
        context.screen.say(f"drawing {sizes(context).samples} pictures: {model.name}")
        drawn = model.draw(_sets(context), context.seed)
        return Beside(drawn, compare(drawn, model.experiment.reference, model.experiment.extractor))

    return context.once(("beside", model.name), work)


def floor(context: Context) -> Beside:
    """The kept-back pictures themselves, as many."""
    def work() -> Beside:
        here = gan(context).experiment
        kept = centre(pictures(context).kept.pictures[: len(_sets(context))], gan_recipe(context).data.size)
        return Beside(kept, compare(kept, here.reference, here.extractor))

    return context.once("floor", work)


def _sets(context: Context) -> Tensor:
    """The label sets of the first kept-back pictures: the models are asked for just these."""
    return labels_of(pictures(context).kept)[: sizes(context).samples]


def header(model: Model) -> tuple[str, ...]:
    """The names of `cells`."""
    return (distance_name(model.experiment.extractor), "precision", "coverage")


def cells(scores: PictureScores) -> tuple[str, ...]:
    """Distance with its interval, precision and coverage, for a table."""
    low, high = scores.frechet_interval or (scores.frechet, scores.frechet)
    return (cell(Interval(scores.frechet, low, high, scores.n)), fixed(scores.precision, 2), fixed(scores.coverage, 2))
