"""S0.28: the metrics of image generation, each tried on real pictures that were made worse."""

from collections.abc import Callable
from typing import NamedTuple

import torch

from genloom.diffusion.bits import bits_per_dimension
from genloom.diffusion.denoiser import Denoiser
from genloom.metrics.interval import Interval, mean_interval
from genloom.metrics.picture_scores import NEIGHBOURS
from genloom.recipes.judge_images import linear_denoiser
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.results import Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.guided_sampling.corrupted import BLUR, COPIES, FAINT, KINDS, NOISE, REAL, Tried, tried
from genloom.studies.guided_sampling.judges import Judge, about, clean_judge, kept
from genloom.studies.guided_sampling.tables import with_interval
from genloom.studies.guided_sampling.work import Digits, digits
from genloom.studies.study import Answer, deliverable


@deliverable("S0.28", "Metrics of image generation",
             question="Describe the metrics of image generation, and what each of them sees.")
def metrics(context: Context) -> Answer:
    """What each metric means, and how it answers real pictures that were made worse in known ways."""
    found, judge, bits = tried(context), clean_judge(context), coded(context)
    return Answer(
        text=(
            "No metric sees everything. To know what one sees, give it real test digits that were made worse in a way "
            f"whose effect is known: blurred by {BLUR:g} pixels, with noise of {NOISE:g} of 255, without the ones, "
            f"sevens alone, every picture {COPIES} times, and pictures copied from the training set.",
            _blind(found, judge),
            f"The Inception score is taken with the digits' own classifier and called {_IS} for that reason; it is at "
            f"most the number of classes, {len(judge.classifier.class_names)}, and "
            f"{fixed(found[REAL].classes.value, 2)} for other real digits. It never looks at a real picture.",
            _bits_text(bits),
        ),
        tables=(_meanings(judge), _table(found, judge)),
        results=(*_known(found, judge), *_bits_results(bits, digits(context))),
        source="Heusel et al. 2017; Bińkowski et al. 2018; Kynkäänniemi et al. 2019; Naeem et al. 2020; Salimans "
               "et al. 2016; Ho et al. 2020, Eq. 5",
    )


_IS = "IS-digits"
_FAINTLY = "faintly noised"
_TEST, _LINEAR, _UNIFORM = "test digits", "test digits, best linear denoiser", "uniform noise"


def _blind(found: dict[str, Tried], judge: Judge) -> str:
    real, copied, faint = found[REAL].scores, found["training pictures"], found[_FAINTLY].scores
    sevens, twice = found["only sevens"].scores, found[f"each {COPIES} times"].scores
    return (f"Precision of sevens alone is {fixed(sevens.precision, 2)}, where other real digits have "
            f"{fixed(real.precision, 2)}: it does not ask for variety, which coverage does, with "
            f"{fixed(sevens.coverage, 2)} instead of {fixed(real.coverage, 2)}. Duplicates leave precision at "
            f"{fixed(twice.precision, 2)} and take coverage to {fixed(twice.coverage, 2)}. Copies of training pictures "
            f"have {judge.distance} {number(copied.scores.frechet, 3)}, where other real digits have "
            f"{number(real.frechet, 3)}: to a distance from the training set a copying machine is the best model. The "
            f"share of pictures that equal a training picture, {fixed(100 * copied.copied, 0)} %, is what tells. And "
            f"features see what they were made to see: noise of {FAINT:g} of 255, which nobody overlooks, has "
            f"{judge.distance} {number(faint.frechet, 3)}, and precision {fixed(faint.precision, 2)}.")


def _bits_text(bits: dict[str, Interval]) -> str:
    linear = bits.get(_LINEAR)
    beside = f"; the best linear denoiser has {number(linear.value, 3)}" if linear else ""
    return ("Bits per dimension say how well a model would compress pictures that it has not seen. The bound of this "
            f"model is {number(bits[_TEST].value, 3)} bits for a test digit{beside}. On uniform noise no model can "
            f"need fewer than 8, and this one needs {number(bits[_UNIFORM].value, 3)}.")


def _meanings(judge: Judge) -> Table:
    rows = (
        (judge.distance, "distance of two normal distributions with the features' means and covariances",
         "0 for equal ones, more is worse; with N pictures never 0", "copies of training pictures"),
        ("KID", "squared maximum mean discrepancy with a cubic kernel", "0 on average for equal ones, at any N",
         "copies of training pictures"),
        ("precision", f"share of pictures within reach of a real one's {NEIGHBOURS} nearest neighbours", "0 to 1",
         "missing classes, duplicates"),
        ("recall", "share of real pictures within reach of generated ones", "0 to 1", "single bad pictures widen it"),
        ("density", "number of real pictures' reaches that a picture lies in, over their number of neighbours",
         "1 on average for equal ones", "missing classes, duplicates"),
        ("coverage", "share of real pictures with a generated one within reach", "0 to 1", "bad pictures beside good"),
        (_IS, "how sure a classifier is of each picture, and how many classes all of them fill",
         f"1 to {len(judge.classifier.class_names)}", "variety within a class; it sees no real picture"),
        ("class agreement", "share of pictures in which a classifier sees the class asked for", "0 to 1",
         "variety within a class"),
        ("bits per dimension", "bound on the bits per number of an unseen picture", "0 up; 8 is no knowledge",
         "whether samples look right"),
    )
    return Table(header=("metric", "what it is", "range", "blind to"), rows=rows, caption="What each metric means.")


def _table(found: dict[str, Tried], judge: Judge) -> Table:
    rows = []
    for name, each in found.items():
        s = each.scores
        low, high = s.frechet_interval or (s.frechet, s.frechet)
        rows.append((name, with_interval(Interval(s.frechet, low, high, s.n)), number(s.kid, 2),
                     *(fixed(value, 2) for value in (s.precision, s.recall, s.density, s.coverage, each.classes.value)),
                     fixed(100 * each.copied, 0), fixed(100 * each.alike, 0)))
    n = found[REAL].scores.n
    return Table(header=("pictures", judge.distance, judge.kernel, "precision", "recall", "density",
                         "coverage", _IS, "copied, %", "repeated, %"), rows=tuple(rows),
                 caption=f"{n} pictures in each row, against {found[REAL].scores.references:,} training pictures.")


class _Effect(NamedTuple):
    """What is known of a set beside other real pictures: `sign` is the direction of the metric, −1, 0 or 1."""

    kind: str
    metric: str
    take: Callable[[Tried], float]
    sign: int
    slack: float = 0.0


def _effects(judge: Judge) -> tuple[_Effect, ...]:
    twice, copied, sevens = f"each {COPIES} times", "training pictures", "only sevens"

    def distance(each: Tried) -> float:
        return each.scores.frechet

    return (
        *(_Effect(kind, judge.distance, distance, 1) for kind in KINDS if kind not in (REAL, copied, _FAINTLY)),
        *(_Effect(kind, "precision", lambda each: each.scores.precision, -1) for kind in ("blurred", "noised")),
        *(_Effect(kind, "coverage", lambda each: each.scores.coverage, -1) for kind in ("no ones", sevens, twice)),
        *(_Effect(kind, "precision", lambda each: each.scores.precision, 0, 0.1) for kind in (sevens, twice)),
        *(_Effect(kind, _IS, lambda each: each.classes.value, -1) for kind in ("no ones", sevens)),
        _Effect(copied, judge.distance, distance, -1),
    )


def _known(found: dict[str, Tried], judge: Judge) -> list[Result]:
    """Each known direction as a verdict, and the numbers that are known exactly."""
    results = [_verdict(found, effect) for effect in _effects(judge)]
    real, copied, twice = found[REAL], found["training pictures"], found[f"each {COPIES} times"]
    n, kinds = real.scores.n, len(judge.classifier.class_names)
    results += [
        at_most(Result(name=f"{_IS} of other real digits", value=real.classes.value, known=kinds,
                       known_name="number of classes, the most it can be", n=n, source="Salimans et al. 2016, §4"),
                kinds),
        near(Result(name="share of training pictures found to be copies", value=copied.copied, known=1.0,
                    known_name="they are", n=n), 0.0),
        near(Result(name="precision of training pictures", value=copied.scores.precision, known=1.0,
                    known_name="each lies in its own reach", n=n), 0.0),
        near(Result(name=f"share repeated of pictures {COPIES} times", value=twice.alike, known=1 - 1 / COPIES,
                    known_name=f"all but one in {COPIES}", n=n, tolerance="within 1 %"), 0.01),
        Result(name=f"{judge.distance} of other real digits", value=real.scores.frechet,
               interval=real.scores.frechet_interval, n=n, formula=about(judge, real.scores)),
    ]
    return results


def _verdict(found: dict[str, Tried], effect: _Effect) -> Result:
    value, beside = effect.take(found[effect.kind]), effect.take(found[REAL])
    result = Result(name=f"{effect.metric}, {effect.kind}", value=value, known=beside, known_name=REAL,
                    n=found[effect.kind].scores.n,
                    tolerance={1: "above other real digits", -1: "below other real digits",
                               0: f"unmoved, within {effect.slack:g}"}[effect.sign])
    if effect.sign == 0:
        return near(result, effect.slack)
    return at_least(result, beside) if effect.sign > 0 else at_most(result, beside)


def coded(context: Context) -> dict[str, Interval]:
    """Bits per dimension of the bound, mean over pictures with Student's interval, by what is coded."""
    return context.once("bits", lambda: _coded(context))


def _coded(context: Context) -> dict[str, Interval]:
    here, own = digits(context), kept(digits(context))
    count = min(here.sizes.counted, len(own.labels))
    first, told = own.pictures[:count], own.labels[:count]
    shape, random = first[: max(2, count // 4)].shape, generator(context.seed, 42)
    uniform = torch.randint(256, shape, generator=random).to(torch.uint8)
    linear = linear_denoiser(here.experiment)
    found = {_TEST: _bits(here, here.raw(told), first),
             _UNIFORM: _bits(here, here.raw(told[: len(uniform)]), uniform)}
    if linear is not None:
        found[_LINEAR] = _bits(here, linear, first, cpu=True)
    return found


def _bits(here: Digits, denoiser: Denoiser, pictures: torch.Tensor, *, cpu: bool = False) -> Interval:
    """Every level once: a few drawn ones would seldom meet the first levels, which hold most of the bits."""
    device = "cpu" if cpu else next(here.networks["denoiser"].parameters()).device
    bits = bits_per_dimension(denoiser, pictures.to(device), here.experiment.prior, draws=here.recipe.schedule.steps)
    return mean_interval(bits.total.cpu())


def _bits_results(bits: dict[str, Interval], here: Digits) -> list[Result]:
    said = f"the variational bound, all {here.recipe.schedule.steps} levels for each picture"
    linear = bits.get(_LINEAR)
    test, noise = bits[_TEST], bits[_UNIFORM]
    return [
        at_most(Result(name="bits per dimension of test digits", value=test.value, unit="bits",
                       known=linear.value if linear else 8.0, interval=(test.low, test.high), n=test.n, formula=said,
                       known_name="best linear denoiser" if linear else "no knowledge", source="Ho et al. 2020, Eq. 5",
                       tolerance="fewer than 8, those of no knowledge"), 8.0),
        at_least(Result(name="bits per dimension of uniform noise", value=noise.value, unit="bits", known=8.0,
                        known_name="its entropy", interval=(noise.low, noise.high), n=noise.n), 8.0),
    ]
