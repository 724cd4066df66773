"""S4.9: what a representation is worth is seen on later tasks: in closed form, and on digits."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.metrics.interval import Interval, mean_interval
from genloom.metrics.linear_code import principal
from genloom.report.figures import COLORS, DASHED, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.digit_features import LABELS, Seen, pretrained, probes, read
from genloom.studies.written.proof import Checked, Written

WIDE, NOISE = 2.0, 0.5
"""Standard deviation s of the coordinate that tells nothing of y, and τ of the noise on the one that does."""
POINTS = 40_000
STEPS, DRAWS = 2000, 12


def check(context: Context, *, points: int = POINTS, steps: int = STEPS, draws: int = DRAWS) -> Checked:
    """Two codes whose order by reconstruction and by use is the opposite; a masked autoencoder on its way."""
    data = read()
    way = pretrained(data, steps, draws, context.seed)
    pixels = probes(data.x, data.kept_x, data, draws, context.seed)
    return Checked(
        results=(*_closed(points, context.seed), *_digits(way, pixels)),
        figures=(_figure(context, way, pixels),),
        tables=(_table(way, pixels),),
        text=_text(way, pixels))


class Code(NamedTuple):
    """One number kept of two: what it loses, and how often it tells two labels."""

    lost: float
    label: float
    sign: float


def codes(points: int, seed: int, stretch: float = 1.0) -> tuple[Code, Code]:
    """The first principal component, and the second coordinate alone, of x = (s n₁, c (y + τ n₂)).

    lost    mean squared error of the reconstruction
    label   accuracy of the best threshold for y; `sign` the same for the sign of the first coordinate

    stretch   c, the unit in which the second coordinate is told
    """
    random = generator(seed, 161)
    y = 1 - 2 * torch.randint(2, (points,), generator=random).double()
    first, second = torch.randn(2, points, generator=random, dtype=torch.float64)
    x = torch.stack((WIDE * first, stretch * (y + NOISE * second)), 1)
    code = principal(x, 1)
    component = (x - code.mean) @ code.basis[:, 0]
    component = component * component.dot(x[:, 0] + x[:, 1]).sign()
    mean = x.mean(0)
    left = torch.stack((torch.full((points,), float(mean[0]), dtype=torch.float64), x[:, 1]), 1)
    found = [Code(float((x - again).square().sum(1).mean()), _told(kept, y), _told(kept, x[:, 0].sign()))
             for again, kept in ((code(x), component), (left, x[:, 1]))]
    return found[0], found[1]


def _told(code: Tensor, label: Tensor) -> float:
    return float((code.sign() == label).double().mean())


def _closed(points: int, seed: int) -> list[Result]:
    """The two codes beside their closed forms."""
    component, second = codes(points, seed)
    told = 0.5 * (1 + math.erf(1 / NOISE / math.sqrt(2)))
    kept, lost = WIDE**2, 1 + NOISE**2
    error = 4 * math.sqrt(0.25 / points)
    drawn = "within 4 standard errors"
    fourth = 1 + 6 * NOISE**2 + 3 * NOISE**4 - lost**2  # variance of (y + τ n)²
    rows = [("first principal component: mean squared error", component.lost, lost, "1 + τ²",
             4 * math.sqrt(fourth / points), drawn),
            ("second coordinate alone: mean squared error", second.lost, kept, "s², which is more",
             4 * math.sqrt(2 * kept**2 / points), drawn),
            ("first principal component: accuracy for y", component.label, 0.5, "½: it is independent of y", error,
             drawn),
            ("second coordinate alone: accuracy for y", second.label, told, "Φ(1/τ)", error, drawn),
            ("first principal component: accuracy for the other task, the sign of x₁", component.sign, 1.0, "1", 0.02,
             "within 0.02: its direction is estimated"),
            ("second coordinate alone: accuracy for the other task", second.sign, 0.5, "½", error, drawn),
            ("first principal component if x₂ is told in thirds of its unit: accuracy for y",
             codes(points, seed, 3.0)[0].label, told, "Φ(1/τ): a change of units changes what is kept", error, drawn)]
    return [near(Result(name=name, value=value, known=known, known_name=why, n=points, seeds=(seed,),
                        tolerance=said), within) for name, value, known, why, within, said in rows]


def _digits(way: list[Seen], pixels: dict[int, Tensor]) -> list[Result]:
    """The autoencoder's features beside those before training and beside the pixels, for equal draws of labels."""
    before, after, few = way[0], way[-1], LABELS[-1]
    gain, over = (mean_interval(after.probes[few] - other) for other in (before.probes[few], pixels[few]))
    mean = mean_interval(after.probes[few])
    return [
        at_least(Result(name=f"digits, {few} labels of each class: accuracy of a linear probe of the features",
                        value=mean.value, known=0.1, known_name="chance, 1/10", interval=(mean.low, mean.high),
                        n=len(after.probes[few])), 0.7),
        at_least(Result(name="what pretraining adds to it", value=gain.value, known=0.0, n=gain.n,
                        known_name="the same network untrained, with the same labels",
                        interval=(gain.low, gain.high), tolerance="more than nothing"), 0.0),
        at_least(Result(name="what it adds to a probe of the pixels", value=over.value, known=0.0, n=over.n,
                        known_name="the pixels themselves, with the same labels", interval=(over.low, over.high),
                        tolerance="more than nothing"), 0.0),
        at_most(Result(name="pretext loss of the trained network, as a share of that of the untrained one",
                       value=after.loss / before.loss, known=1.0, known_name="nothing learned"), 0.5)]


def _table(way: list[Seen], pixels: dict[int, Tensor]) -> Table:
    rows = [("pixels", "—", *(_mean(pixels[count]) for count in LABELS))]
    rows += [(f"after {each.step:,} steps" if each.step else "untrained", number(each.loss, 3),
              *(_mean(each.probes[count]) for count in LABELS)) for each in way]
    return Table(header=("representation", "pretext loss", *(f"{count} of each class" for count in LABELS)),
                 rows=tuple(rows),
                 caption="Accuracy of a linear probe on digits that were kept, with 1 to 80 labelled digits of "
                         f"each of 10 classes; means over {len(pixels[LABELS[0]])} draws of the labels, the same for "
                         "all rows. The pretext loss is the squared error of hidden pixels, half of the patches are.")


def _mean(values: Tensor) -> str:
    found: Interval = mean_interval(values)
    return f"{100 * found.value:.1f} ± {50 * (found.high - found.low):.1f} %"


@styled()
def _figure(context: Context, way: list[Seen], pixels: dict[int, Tensor]) -> Figure:
    figure, (left, right) = canvas(9.0, 3.5, 1, 2)
    shown = [max(each.step, 20) for each in way]
    left.plot(shown, [each.loss for each in way], color=COLORS[0], marker=MARKERS[0])
    left.set(xscale="log", xlabel="steps of the pretext task (at 20: none)", ylabel="pretext loss", ylim=(0, None))
    for k, count in enumerate(LABELS):
        means = [mean_interval(each.probes[count]) for each in way]
        right.errorbar(shown, [100 * each.value for each in means], color=COLORS[k], marker=MARKERS[k], capsize=2,
                       yerr=[50 * (each.high - each.low) for each in means], label=f"{count} of each class")
        right.axhline(100 * float(pixels[count].mean()), color=COLORS[k], linewidth=1.1, linestyle=DASHED)
    right.set(xscale="log", xlabel="steps of the pretext task (at 20: none)", ylabel="right, %", ylim=(40, 100))
    right.legend(loc="lower right", title="labels for the probe", ncols=2)
    return context.figure(
        figure, "transfer",
        caption="A masked autoencoder of digits on its way. Left, its own loss; right, what a linear probe makes of "
                "its features with few labels, beside probes of the pixels (dashed); chance is 10 %.",
        alt="Left, a falling curve; right, four curves, higher with more labels, each with the dashed line of the "
            "pixels beside it")


def _text(way: list[Seen], pixels: dict[int, Tensor]) -> tuple[str, ...]:
    few, worst = LABELS[-1], min(way[1:], key=lambda each: float(each.probes[LABELS[-1]].mean()))
    return (
        "Two numbers, one of which tells y and has the smaller variance: the code that reconstructs best keeps the "
        "other one. Its pretext loss is the best possible for one number, and for y it is a coin. In other units it "
        "is the other way round, so the loss cannot be what decides; the two tasks can, and they disagree, which is "
        "why there must be several and why they must be those that matter.",
        f"On digits the pretext loss falls from {number(way[0].loss, 2)} before training to {number(way[1].loss, 2)} "
        f"after {way[1].step:,} steps and {number(way[-1].loss, 2)} in the end. The probe with {few} labels of each "
        f"class has {_mean(way[0].probes[few])} before any training, {_mean(worst.probes[few])} after {worst.step:,} "
        f"steps and {_mean(way[-1].probes[few])} at the end. What random features are worth has to stand beside every "
        "such number: much of it is the probe's. With one label of each class it is "
        f"{_mean(way[-1].probes[LABELS[0]])} for the trained features and {_mean(pixels[LABELS[0]])} for the pixels, "
        f"with {few} it is {_mean(way[-1].probes[few])} and {_mean(pixels[few])}: what is gained depends on what is "
        "asked.")


TRANSFER = Written(
    number="S4.9",
    title="Downstream tasks as the measure",
    statement="True or false: how good unsupervised learning is can be judged by choosing several important downstream "
              "tasks and reporting the performance on them.",
    derivation=(
        r"True. What can be measured without labels is the loss of the pretext task, and that does not put "
        r"representations in the order of their use. An example that can be worked out: $x_1 \sim \mathcal{N}(0, "
        r"s^2)$, and $x_2 = y + \tau n$ with a fair coin $y = \pm 1$ and $n \sim \mathcal{N}(0, 1)$, all independent. "
        r"A code may keep one number of the two, and its pretext task is to reconstruct both.",
        r"The covariance matrix is diagonal, with $s^2$ and $\mathrm{Var}(x_2) = 1 + \tau^2$. The linear code of one "
        r"number with the least squared error keeps the direction of the largest eigenvalue (the first principal "
        r"component) and loses the others. For $s^2 > 1 + \tau^2$ it keeps $x_1$:",
        r"$$\begin{align*} \text{keep } x_1: \quad & \text{error } 1 + \tau^2, \quad \text{accuracy for } y \; = "
        r"\tfrac{1}{2} \\ \text{keep } x_2: \quad & \text{error } s^2, \quad \text{accuracy for } y \; = P(1 + \tau n "
        r"> 0) = \Phi(1/\tau) . \end{align*}$$",
        r"The better pretext loss belongs to the code that is of no use for $y$. If $x_2$ is told in another unit, $c "
        r"\, x_2$ with $c^2 (1 + \tau^2) > s^2$, the order turns round, though nothing was changed about what the "
        r"numbers mean. And losses of different pretext tasks, such as nats per hidden word and squared errors of "
        r"hidden pixels, cannot be compared at all.",
        r"What a task measures. Let $z = f(x)$ be a representation and $h$ the best probe of some class, such as the "
        r"linear ones, for a label $y$. Its mean logarithmic loss is, with $p(y \mid z)$ put in and taken out,",
        r"$$\begin{align*} -\mathbb{E} \log h(y \mid z) &= H(y \mid z) + \mathbb{E} \, \mathrm{KL}(p(y \mid z), h(y "
        r"\mid z)) \\ &= H(y \mid x) + I(x; y \mid z) + \mathbb{E} \, \mathrm{KL}(p(y \mid z), h(y \mid z)) . "
        r"\end{align*}$$",
        r"The second line holds because $z$ is a function of $x$: $H(y \mid z) - H(y \mid x) = H(y \mid z) - H(y \mid "
        r"x, z) = I(x; y \mid z)$. The first term is the same for all representations. The second is what this one "
        r"has lost of $y$, the third what it has and a simple probe cannot read or few labels cannot teach. Both are "
        r"what is asked of a representation: to keep what matters, where it is easily found. (A probe of any strength "
        r"would remove the third term, and then the pixels themselves could not be beaten.)",
        r"The measurement itself is sound: on $n$ labelled examples that took no part in any training the share $a$ "
        r"of right answers is the mean of independent zeros and ones, with the standard error $\sqrt{a (1 - a) / n}$.",
        r"Why several tasks. In the example let the other task be the sign of $x_1$: now the first code is always "
        r"right, and the second one is a coin. No single task puts the two codes in an order that holds for the "
        r"other. The measure speaks for the tasks that were chosen, so they must be the important ones, and chosen "
        r"beforehand.",
    ),
    source="problem 3.1; Alain & Bengio 2017 on linear probes; Vincent et al. 2008 on the autoencoder; the example is "
           "worked out here",
    carried=(("metrics.linear_code.principal", "metrics/test_linear_code.py::test_no_other_linear_code_does_better"),
             ("studies.written.transfer.codes",
              "studies/written/test_transfer.py::test_the_order_by_reconstruction_is_not_the_order_by_use")),
    check=check,
)
"""S4.9: true; what the tasks measure and the pretext loss does not."""
