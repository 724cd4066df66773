"""What is said of a run's pictures beside as many real ones, and when a run is called stable."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import conv2d

from genloom.data.images.augment import centre
from genloom.metrics.features import distance_name
from genloom.metrics.interval import Interval, mean_interval
from genloom.metrics.modes import Modes
from genloom.metrics.picture_scores import PictureScores, compare
from genloom.recipes.build_gans import GanExperiment
from genloom.recipes.gans_parts import make_networks
from genloom.recipes.judge_gans import LEAST, classes_of, read, spread
from genloom.report.numbers import at_least, at_most, fixed, measured, number
from genloom.report.results import Result, Table
from genloom.studies.context import Context
from genloom.studies.mnist_gans import work
from genloom.studies.mnist_gans.work import Played, drawn

REAL = "other real digits, same N"
_FEW = 1000  # pictures of an untrained generator
_FIFTH = 5
SURE = 0.9
"""Below this probability the classifier is said to hesitate."""
_BRIGHT = 128  # of 255
VARIED = 0.5
"""Samples whose pixels vary less than this share of the data's are called alike."""
STABLE = (f"the training ended with finite numbers, every digit is at least {LEAST:.0%} as frequent as in the data, "
          f"and pixels vary at least {VARIED:.0%} as much")


class Judged(NamedTuple):
    """Pictures beside real ones.

    scores   distances and shares in the features of the classifier of digits
    classes  which digits the classifier sees
    sure     how sure it is: the mean of its largest probability
    doubted  share of pictures of which it is less than 90 % sure
    spread   standard deviation of the pixels over the pictures, in units of the data's
    specks   bright pixels without a bright neighbour, mean over the pictures
    """

    scores: PictureScores
    classes: Modes
    sure: Interval
    doubted: float
    spread: float
    specks: Interval

    @property
    def interval(self) -> Interval:
        """The Fréchet distance with its interval."""
        value = self.scores.frechet
        low, high = self.scores.frechet_interval or (value, value)
        return Interval(value, low, high, self.scores.n)

    @property
    def stable(self) -> bool:
        """Every digit is there, and the pictures vary."""
        return self.classes.seen == len(self.classes.counts) and self.spread >= VARIED


def judged(context: Context, played: Played) -> Judged:
    """The judgement of a run's new pictures, as many as there are real ones to compare with."""
    def work() -> Judged:
        context.screen.say(f"judging {played.name}")
        return judge(played.experiment, drawn(context, played, count(context, played.experiment)))

    return context.once(("judged", played.name), work)


def floor(context: Context, played: Played) -> Judged:
    """The judgement of as many pictures that were kept from training: the same for all runs."""
    here = played.experiment
    return context.once("floor", lambda: judge(here, centre(here.kept.pictures[: count(context, here)],
                                                            here.recipe.data.size)))


def count(context: Context, experiment: GanExperiment) -> int:
    """Pictures that are judged: no more than there are real ones that were kept from training."""
    return min(work.SIZES[context.tier].samples, len(experiment.kept))


def judge(experiment: GanExperiment, pictures: Tensor) -> Judged:
    """All that is said of pictures, bytes (N, 1, S, S)."""
    said = read(experiment, pictures)
    most = said.amax(1)
    return Judged(compare(pictures, experiment.reference, experiment.extractor), classes_of(experiment, said.argmax(1)),
                  mean_interval(most), float((most < SURE).double().mean()), spread(experiment, pictures),
                  mean_interval(specks(pictures)))


def specks(pictures: Tensor) -> Tensor:
    """How many bright pixels of each picture, bytes (N, 1, S, S), have none among their eight neighbours, (N,)."""
    bright = (pictures >= _BRIGHT).float()
    ring = bright.new_ones(1, 1, 3, 3)
    ring[..., 1, 1] = 0
    return (bright * (conv2d(bright, ring, padding=1) == 0)).sum((1, 2, 3)).double()


def distance(played: Played) -> str:
    """What the Fréchet distance is called."""
    return distance_name(played.experiment.extractor)


def about(played: Played, scores: PictureScores) -> str:
    """What a distance was taken in and against."""
    features = played.experiment.extractor
    said = (f"{features.dim} features of {features.name}, sha256 {features.digest[:12]}; reference of "
            f"{scores.references:,} training pictures, sha256 {scores.reference_digest[:12]}")
    return f"{said}; {scores.note}" if scores.note else said


def cells(each: Judged) -> tuple[str, ...]:
    """Distance, coverage, digits seen, balance, sureness and spread for a table; `header` names them."""
    return (measured(Result(name="", value=each.interval.value, interval=(each.interval.low, each.interval.high))),
            fixed(each.scores.coverage, 2), f"{each.classes.seen} of {len(each.classes.counts)}",
            fixed(each.classes.divergence, 3), fixed(each.sure.value, 3), fixed(each.spread, 2))


def header(played: Played) -> tuple[str, ...]:
    """The names of `cells`."""
    return (distance(played), "coverage", "digits seen", "KL of classes", "sureness", "spread")


def scores_table(context: Context, rows: Mapping[str, Played], caption: str) -> Table:
    """One row for each run, and one of real digits."""
    some = next(iter(rows.values()))
    body = [(name, *cells(judged(context, each))) for name, each in rows.items()]
    body.append(("real digits", *cells(floor(context, some))))
    n = floor(context, some).scores.n
    return Table(header=("pictures", *header(some)), rows=tuple(body),
                 caption=f"{caption} {n:,} pictures in each row; ± is a 95 % interval over pictures of this one "
                         "training, not over trainings. KL of classes is in nats, and sureness the mean of the "
                         "classifier's largest probability.")


def run_results(context: Context, played: Played, said: str) -> Sequence[Result]:
    """The distance of a run beside the floor, how sure the classifier is, and the digits that are seen."""
    found, real = judged(context, played), floor(context, played)
    n, seeds, digits = found.scores.n, (context.seed,), len(found.classes.counts)
    fresh = untrained(context, played)
    return (
        at_most(Result(name=f"{distance(played)}: {said}", value=found.scores.frechet, known=real.scores.frechet,
                       known_name=REAL, interval=found.scores.frechet_interval, n=n, seeds=seeds,
                       formula=about(played, found.scores), source="Heusel et al. 2017, Eq. 6",
                       tolerance=learned(fresh)), limit(fresh)),
        at_least(Result(name=f"digits seen: {said}", value=found.classes.seen, known=digits, known_name="all of them",
                        n=n, seeds=seeds, tolerance=f"each with {LEAST:.0%} of its due at least"), digits),
        Result(name=f"balance of digits, KL(samples ‖ data): {said}", value=found.classes.divergence, unit="nats",
               known=found.classes.expected, known_name="fair draws, same N", n=n, seeds=seeds),
        Result(name=f"sureness of the classifier: {said}", value=found.sure.value, known=real.sure.value,
               known_name=REAL, interval=(found.sure.low, found.sure.high), n=n, seeds=seeds,
               formula=f"mean of the largest probability; {fresh.sure.value:.0%} for the untrained generator: a "
                       "classifier is sure of much that is no digit"),
    )


def untrained(context: Context, played: Played) -> Judged:
    """What the networks make before their first step: once for each pair of networks."""
    def work() -> Judged:
        here = played.experiment
        fresh = {name: network.eval() for name, network in make_networks(here.recipe, here.classes).items()}
        return judge(here, here.draw(fresh, count=min(_FEW, count(context, here)), seed=context.seed))

    return context.once(("untrained", played.recipe.network.kind), work)


def limit(fresh: Judged) -> float:
    """The distance below which something was learned: a fifth of what it is before the first step."""
    return fresh.scores.frechet / _FIFTH


def learned(fresh: Judged) -> str:
    """The same in words."""
    return f"below {number(limit(fresh), 3)}, a fifth of the untrained generator's {number(fresh.scores.frechet, 3)}"
