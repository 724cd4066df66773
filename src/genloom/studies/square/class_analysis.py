"""S2.18: how good the conditional samples are, class by class, and what the exact denoiser makes of the same starts."""

from typing import NamedTuple

import torch
from torch import Tensor

from genloom.metrics.energy import energy_test
from genloom.metrics.region import RegionAccuracy, region_accuracy
from genloom.metrics.twosample import TwoSample
from genloom.report.figures import COLORS, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, fixed, number
from genloom.report.plots import array, outlines, plane
from genloom.report.results import Figure, Result, Table
from genloom.rng import fold, generator
from genloom.studies.context import Context
from genloom.studies.square.class_guidance import guidance_figure, guidance_table, guidance_text, sweep
from genloom.studies.square.class_samples import class_prior, draw
from genloom.studies.square.setting import VIEW, Setting, setting
from genloom.studies.study import Answer, deliverable

PER_CLASS, GUIDED = 1000, 200
_PERMUTATIONS = 300


class Judged(NamedTuple):
    """Samples of one denoiser from one start, `PER_CLASS` of each class, with their tests.

    off   how far each sample is from the region of its class; 0 inside
    """

    points: Tensor
    accuracy: RegionAccuracy
    tests: tuple[TwoSample, ...]
    off: Tensor

    @property
    def energy(self) -> float:
        """Mean energy distance to fresh data over the classes."""
        return sum(test.value for test in self.tests) / len(self.tests)

    @property
    def passed(self) -> int:
        """Classes whose energy test has p > .05."""
        return sum(test.p_value > 0.05 for test in self.tests)


class Compared(NamedTuple):
    """The model and the exact denoiser, each from p_1(x | y) and, as a mistake, from p_1(x)."""

    labels: Tensor
    model: Judged
    exact: Judged
    model_blind: Judged
    exact_blind: Judged


@deliverable("S2.18", "Which classes are hard",
             question="Analyse the samples: are some classes more difficult, is the spatial distribution that of the "
                      "input, what else is there to find?")
def s2_18(context: Context) -> Answer:
    """Accuracy and energy tests by class, where the errors lie, the start, and the effect of guidance."""
    here = setting(context)
    found = context.once("S2.18 samples", lambda: compare(here, context.seed, PER_CLASS))
    swept = context.once("S2.18 guidance", lambda: sweep(here, context.seed, GUIDED))
    return Answer(
        text=(_hard_text(here, found), _distribution_text(here, found), _start_text(found), guidance_text(swept)),
        figures=[_accuracy_figure(context, here, found), guidance_figure(context, here, swept)],
        tables=[_class_table(here, found), _start_table(found), guidance_table(swept)],
        results=_results(context, here, found),
        formula="𝓔 = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, with a permutation test",
        source="Székely & Rizzo 2013; guidance: Ho & Salimans 2022, Eq. 6",
    )


def compare(here: Setting, seed: int, per_class: int) -> Compared:
    """Samples of model and oracle from both starts, all from the same noise, beside the same fresh data."""
    labels = torch.arange(here.classes).repeat_interleave(per_class)
    model, oracle = here.experiment.denoiser(here.trained.networks, labels), here.experiment.oracle.with_labels(labels)
    fresh = oracle.sample(len(labels), generator(seed, 18))
    right, blind = class_prior(here, labels), class_prior(here, torch.full_like(labels, here.classes))
    judged = [_judge(here, draw(here, denoiser, start, len(labels), fold(seed, 18)), labels, fresh)
              for start in (right, blind) for denoiser in (model, oracle)]
    return Compared(labels, *judged)


def _judge(here: Setting, points: Tensor, labels: Tensor, fresh: Tensor) -> Judged:
    boxes = here.boxes
    assert boxes.labels is not None
    accuracy = region_accuracy(points, labels, boxes.low, boxes.high, boxes.labels)
    tests = tuple(energy_test(points[labels == k], fresh[labels == k], permutations=_PERMUTATIONS, seed=k)
                  for k in range(here.classes))
    nearest = points.double().clamp(boxes.low[labels], boxes.high[labels])
    return Judged(points, accuracy, tests, (points - nearest).norm(dim=1))


def _results(context: Context, here: Setting, found: Compared) -> list[Result]:
    share, exact = found.model.accuracy.overall, found.exact.accuracy.overall
    seeds = (context.seed,)
    return [
        at_least(
            Result(
                name="samples in the region of their class",
                value=share.value,
                interval=(share.low, share.high),
                known=exact.value,
                known_name="exact denoiser, same noise",
                n=share.n,
                seeds=seeds,
            ),
            0.95,
        ),
        at_least(
            Result(
                name="classes whose energy test has p > .05",
                value=found.model.passed,
                known=found.exact.passed,
                known_name="exact denoiser, same noise",
                n=PER_CLASS,
                seeds=seeds,
            ),
            (here.classes + 1) // 2,
        ),
        at_most(
            Result(
                name="mean energy distance to fresh data",
                value=found.model.energy,
                known=found.exact.energy,
                known_name="exact denoiser, same noise",
                n=PER_CLASS,
                seeds=seeds,
            ),
            0.01,
        ),
        Result(
            name="the same, all classes started from p_1(x)",
            value=found.model_blind.energy,
            n=PER_CLASS,
            seeds=seeds,
            known=found.exact_blind.energy,
            known_name="exact denoiser, same mistake",
        ),
    ]


def _rates(here: Setting, found: Compared) -> list[tuple[str, float, float, float]]:
    """Of each class: name, error rate, perimeter over area, and the width of the border band that loses as much."""
    rows = []
    for k, share in enumerate(found.model.accuracy.classes):
        assert share is not None
        sides = here.boxes.high[k] - here.boxes.low[k]
        ratio = float(2 * sides.sum() / sides.prod())
        rows.append((here.names[k], 1 - share.value, ratio, (1 - share.value) / ratio))
    return rows


def _class_table(here: Setting, found: Compared) -> Table:
    rows = []
    for k, (name, error, ratio, band) in enumerate(_rates(here, found)):
        share, test, known = found.model.accuracy.classes[k], found.model.tests[k], found.exact.tests[k]
        assert share is not None
        rows.append(
            (
                name,
                f"{100 * share.value:.1f} [{100 * share.low:.1f}, {100 * share.high:.1f}]",
                fixed(error, 3),
                fixed(ratio, 2),
                number(band, 2),
                f"{number(1e3 * test.value, 2)} (p = {test.p_value:.3f})",
                f"{number(1e3 * known.value, 2)} (p = {known.p_value:.3f})",
            )
        )
    return Table(header=("class", "in their region, %", "error rate", "perimeter/area", "error · area/perimeter",
                         "10³ energy, model", "10³ energy, exact denoiser"), rows=tuple(rows),
                 caption=f"{PER_CLASS:,} samples of each class, beside as many of the exact denoiser from the same "
                         "noise; energy distances to fresh data.")


def _start_table(found: Compared) -> Table:
    pairs = (("model", "p_1(x | y)", found.model), ("exact denoiser", "p_1(x | y)", found.exact),
             ("model", "p_1(x), wrong", found.model_blind), ("exact denoiser", "p_1(x), wrong", found.exact_blind))
    return Table(header=("denoiser", "start", "in their region, %", "mean 10³ energy", "classes with p > .05"),
                 rows=tuple((name, start, fixed(100 * each.accuracy.overall.value, 1), number(1e3 * each.energy, 3),
                             f"{each.passed} of {len(each.tests)}") for name, start, each in pairs),
                 caption="The start must be conditional too: what starting every class from the blurred whole square "
                         "costs.")


def _hard_text(here: Setting, found: Compared) -> str:
    rates = sorted(_rates(here, found), key=lambda row: row[1])
    (easy, low, low_ratio, _), (_, high, high_ratio, _) = rates[0], rates[-1]
    bands = sorted(band for *_, band in rates)
    hard = " and ".join(name for name, error, *_ in rates if error == high)
    off = found.model.off[found.model.off > 0]
    typical, far = (float(off.quantile(q)) for q in (0.5, 0.95)) if len(off) else (0.0, 0.0)
    return (
        f"Easiest is {easy} with {100 * low:.1f} % of its samples outside its region, hardest is {hard} with "
        f"{100 * high:.1f} %. The errors are no confusion of classes but blurred borders: half of the {len(off)} "
        f"misplaced samples are within {fixed(typical, 3)} of their region, 95 % within {fixed(far, 3)}. A border "
        f"band of equal width costs a region in proportion to perimeter over area, which is {fixed(low_ratio, 2)} "
        f"for {easy} and {fixed(high_ratio, 2)} for {hard}. That is not all: the bands themselves are between "
        f"{number(bands[0], 2)} and {number(bands[-1], 2)} wide, and the four arms, which are one shape turned, differ "
        "from each other. Geometry cannot tell them apart: this is the network, its training points, or chance. "
        f"{_chance(found)} The exact denoiser has "
        f"{100 * (1 - found.exact.accuracy.overall.value):.1f} % errors."
    )


def _chance(found: Compared) -> str:
    """Whether the error rates of the classes differ by more than chance."""
    from scipy import stats

    wrong = [
        (round(share.n * (1 - share.value)), share.n) for share in found.model.accuracy.classes if share is not None
    ]
    if not any(k for k, _ in wrong):
        return "No class has an error."
    p_value = float(stats.chi2_contingency([[k, n - k] for k, n in wrong]).pvalue)
    verdict = "differ by more than chance" if p_value < 0.05 else "differ by no more than chance would have it"
    return f"With this many samples the classes' rates {verdict} (χ² test, p = {p_value:.2g})."


def _distribution_text(here: Setting, found: Compared) -> str:
    def fail(judged: Judged) -> str:
        return (
            ", ".join(name for name, test in zip(here.names, judged.tests, strict=True) if test.p_value <= 0.05)
            or "none"
        )

    return (f"Is the distribution that of the input? With {PER_CLASS:,} samples against as many fresh points of each "
            f"class, the energy test finds a difference (p ≤ .05) for: {fail(found.model)}. The exact denoiser from "
            f"the same noise is told apart for: {fail(found.exact)} (its start is made of the training points, whose "
            f"own chance is then in it). Mean energy distances are {number(found.model.energy, 2)} and "
            f"{number(found.exact.energy, 2)}.")


def _start_text(found: Compared) -> str:
    return ("A finding: started from p_1(x), the blurred square, instead of p_1(x | y), the model's samples in the "
            f"right region fall from {100 * found.model.accuracy.overall.value:.1f} % to "
            f"{100 * found.model_blind.accuracy.overall.value:.1f} %, and the mean energy distance rises from "
            f"{number(found.model.energy, 2)} to {number(found.model_blind.energy, 2)}. It is no fault of the network: "
            f"the exact denoiser goes from {number(found.exact.energy, 2)} to {number(found.exact_blind.energy, 2)}. "
            "At σ(1) = 1 the noise has not swallowed the class, so that a start that ignores it shifts every class "
            "towards the centre of the square.")


@styled()
def _accuracy_figure(context: Context, here: Setting, found: Compared) -> Figure:
    figure, (left, right) = canvas(8.6, 3.9, 1, 2, width_ratios=(1.0, 1.0))
    for shift, judged, color, name in ((-0.13, found.model, COLORS[0], "start p_1(x | y)"),
                                       (0.13, found.model_blind, COLORS[1], "start p_1(x), wrong")):
        for k, share in enumerate(judged.accuracy.classes):
            assert share is not None
            left.plot([k + shift] * 2, [100 * share.low, 100 * share.high], color=color, linewidth=2)
            left.plot(k + shift, 100 * share.value, marker="o" if shift < 0 else "s", color=color, linestyle="",
                      label=name if k == 0 else None)
    left.axhline(100, color="#111111", linewidth=1.1, linestyle=(0, (5, 2.5)), label="exact denoiser")
    left.set_xticks(range(here.classes), here.names)
    left.set(ylabel="in the region of their class, %")
    left.set_title("Accuracy, 95 % intervals", loc="left", fontsize=10)
    left.grid(axis="x", visible=False)
    low = min(100 * share.low for share in found.model_blind.accuracy.classes if share is not None)
    left.set_ylim(low - 0.55 * (100 - low), 100 + 0.05 * (100 - low))  # room for the legend
    left.legend(loc="lower left")
    wrong = found.model.off > 0
    outlines(right, here.boxes.low, here.boxes.high)
    for k, name in enumerate(here.names):
        mine = found.model.points[wrong & (found.labels == k)]
        right.scatter(
            array(mine[:, 0]),
            array(mine[:, 1]),
            color=COLORS[k % len(COLORS)],
            marker=MARKERS[k % len(MARKERS)],
            s=16,
            linewidths=0,
            zorder=4,
            label=f"{name}: {len(mine)}",
        )
    plane(right, *VIEW, f"The {int(wrong.sum())} misplaced samples, by the class asked for")
    right.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return context.figure(figure, "s2-18-accuracy", run=here.trained,
                          caption="Left: accuracy by class, with the right and the wrong start. Right: samples outside "
                                  "the region of their class.",
                          alt="Accuracies by class: each is higher with the right start than with the wrong one. "
                              "Misplaced samples lie along the borders.")
