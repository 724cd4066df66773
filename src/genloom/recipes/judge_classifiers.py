"""How a classifier is judged: beside chance, the most frequent class, published networks, and what noise leaves."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from genloom.data.images.augment import centre, to_floats
from genloom.diffusion.classification import noisy_logits
from genloom.diffusion.oracle.cloud import CloudOracle
from genloom.metrics.calibration import calibration
from genloom.metrics.interval import Interval, wilson_interval
from genloom.report.numbers import at_least, at_most, near
from genloom.report.results import Result
from genloom.rng import SampleNoise
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_classifiers import ClassifierExperiment

PUBLISHED = (0.9965, "a convolutional network on MNIST [Cireşan et al. 2011]")
"""Accuracy of one deep convolutional network, trained on distorted digits for days."""
ENOUGH = 0.99
"""The accuracy on clean MNIST digits from which a classifier is good enough to judge generated ones."""
_BATCH = 256
_QUICK = 1000  # pictures that are looked at during training
_CLOUD, _CLOUD_ASKED = 10_000, 400  # training pictures of the cloud, and kept-back ones that it is asked about


class Answers(NamedTuple):
    """What a classifier says of some pictures.

    t         their time; None for clean pictures
    logits    (N, C), float64, on the CPU
    labels    the true classes, (N,)
    """

    t: float | None
    logits: Tensor
    labels: Tensor

    @property
    def right(self) -> Tensor:
        """Whether each answer is right, (N,)."""
        return self.logits.argmax(1) == self.labels

    @property
    def accuracy(self) -> Interval:
        """Share of right answers with Wilson's interval."""
        return wilson_interval(int(self.right.sum()), len(self.labels))

    @property
    def loss(self) -> float:
        """Mean cross-entropy in nats."""
        return nn.functional.cross_entropy(self.logits, self.labels).item()


class Chance(NamedTuple):
    """What can be said of a picture's class without looking at it.

    accuracy   of naming the most frequent class of training
    entropy    mean surprise in nats of one who knows only how often each class occurs in training
    """

    accuracy: float
    entropy: float


@torch.no_grad()
def answers(experiment: "ClassifierExperiment", networks: Networks, count: int, t: float | None = None) -> Answers:
    """What the classifier says of the first kept-back pictures, noised to time t where one is given.

    Picture i has the same noise at every time.
    """
    network = networks["classifier"].eval()
    device = next(network.parameters()).device
    x0, labels = experiment.floats(count), experiment.kept_labels[:count]
    found = []
    for first in range(0, len(x0), _BATCH):
        part = x0[first : first + _BATCH]
        if experiment.process is None or t is None:
            found.append(network(part.to(device), None))
            continue
        level = experiment.process.schedule.level(t)
        eps = SampleNoise(0, len(part), part.shape[1:], first=first)()
        x = float(level.alpha) * part + float(level.sigma) * eps
        found.append(noisy_logits(network, experiment.process, x.to(device), t))
    return Answers(t, torch.cat(found).double().cpu(), labels)


def times_of(experiment: "ClassifierExperiment") -> list[float]:
    """From the first time of the schedule to 1, evenly, on the table where there is one; none for clean pictures."""
    if experiment.process is None:
        return []
    schedule, count = experiment.process.schedule, experiment.recipe.evaluation.levels
    even = [schedule.first + (1 - schedule.first) * k / (count - 1) for k in range(count)]
    steps = schedule.steps
    return even if steps is None else sorted({max(1, round(t * steps)) / steps for t in even})


def by_time(experiment: "ClassifierExperiment", networks: Networks) -> list[Answers]:
    """Its answers at each of those times."""
    count = experiment.recipe.evaluation.level_samples
    return [answers(experiment, networks, count, t) for t in times_of(experiment)]


def by_cloud(experiment: "ClassifierExperiment") -> list[Answers]:
    """The same of the exact posterior of a cloud of training pictures, at the times where noise leaves a choice.

    p(y | x_t) ∝ Σ_{i of class y} N(x_t; α x_i, σ² I): where noise hides the details it is close to the best that can
    be said; where it hides little it is the nearest training picture, and far too sure of itself.
    """
    assert experiment.process is not None
    schedule, count = experiment.process.schedule, min(experiment.recipe.evaluation.level_samples, _CLOUD_ASKED)
    cloud = to_floats(centre(experiment.data.pictures[:_CLOUD], experiment.recipe.data.size))
    oracle = CloudOracle(schedule, cloud.double(), experiment.labels[:_CLOUD])
    x0, labels = experiment.floats(count), experiment.kept_labels[:count]
    eps, found = SampleNoise(0, len(x0), x0.shape[1:])(), []
    for t in times_of(experiment):
        level = schedule.level(t)
        if level.alpha <= level.sigma:
            x = float(level.alpha) * x0 + float(level.sigma) * eps
            found.append(Answers(t, oracle.log_posterior(x.double(), t), labels))
    return found


def clearest(experiment: "ClassifierExperiment", networks: Networks) -> Answers:
    """Its answers for clean pictures, or at the first time of the schedule, where next to no noise is added."""
    first = None if experiment.process is None else max(experiment.process.schedule.first, 1e-3)
    return answers(experiment, networks, experiment.recipe.evaluation.samples, first)


def chance(experiment: "ClassifierExperiment", labels: Tensor) -> Chance:
    """The answers of one who does not look, on these classes (N,)."""
    counts = torch.bincount(experiment.labels, minlength=len(experiment.class_names)).double()
    surprise = -(counts.clamp(min=1) / counts.sum()).log()
    return Chance((labels == counts.argmax()).double().mean().item(), surprise[labels].mean().item())


def quick(experiment: "ClassifierExperiment", networks: Networks) -> dict[str, float]:
    """What is looked at during training: the cross-entropy on kept-back pictures, over all times for noised ones."""
    times = times_of(experiment)[:: max(1, experiment.recipe.evaluation.levels // 4)]
    losses = [answers(experiment, networks, _QUICK, t).loss for t in times or (None,)]
    return {"cross-entropy on kept-back pictures": sum(losses) / len(losses)}


def judge_all(experiment: "ClassifierExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every metric that applies to a classifier."""
    clear = clearest(experiment, networks)
    return (judge_accuracy(experiment, clear), judge_chance(experiment, clear), judge_loss(experiment, clear),
            judge_calibration(experiment, clear), *judge_noise(experiment, networks))


def judge_accuracy(experiment: "ClassifierExperiment", clear: Answers) -> Result:
    """The share of right answers, beside published networks for MNIST and beside the most frequent class otherwise."""
    share, least = clear.accuracy, chance(experiment, clear.labels).accuracy
    mnist = experiment.recipe.data.source == "mnist" and not experiment.recipe.data.folder
    known, known_name = PUBLISHED if mnist else (least, "naming the most frequent class")
    result = Result(name=f"accuracy on kept-back pictures{_where(clear)}", value=share.value, known=known,
                    known_name=known_name, interval=(share.low, share.high), n=share.n,
                    seeds=(experiment.recipe.engine.seed,), source="95 % Wilson interval")
    return at_least(result, ENOUGH if mnist else least)


def judge_chance(experiment: "ClassifierExperiment", clear: Answers) -> Result:
    """The accuracy of one who does not look."""
    return Result(name="accuracy of naming the most frequent class", value=chance(experiment, clear.labels).accuracy,
                  known=1 / len(experiment.class_names), known_name="guessing evenly", n=len(clear.labels))


def judge_loss(experiment: "ClassifierExperiment", clear: Answers) -> Result:
    """The cross-entropy beside that of one who knows the classes' frequencies."""
    least = chance(experiment, clear.labels).entropy
    result = Result(name=f"cross-entropy on kept-back pictures{_where(clear)}", value=clear.loss, unit="nats",
                    known=least, known_name="knowing only how often each class occurs", n=len(clear.labels),
                    formula="−mean log p(y|x)")
    return at_most(result, least)


def judge_calibration(experiment: "ClassifierExperiment", clear: Answers) -> Result:
    """The calibration error beside that of a calibrated classifier; without a verdict, as nothing here rests on it."""
    confidence = clear.logits.softmax(1).amax(1)
    found = calibration(confidence, clear.right, experiment.recipe.evaluation.bins)
    return Result(name=f"expected calibration error{_where(clear)}", value=found.value, known=found.floor,
                  known_name=f"right as often as it says (95 %: below {found.high:.2g})", n=found.n,
                  formula="Σ_b (n_b/n)·(distance of accuracy_b from confidence_b)", source="Guo et al. 2017, Eq. 3")


def judge_noise(experiment: "ClassifierExperiment", networks: Networks) -> tuple[Result, ...]:
    """At t = 1 nothing is left to see: then the best accuracy and cross-entropy are those of one who does not look."""
    if experiment.process is None:
        return ()
    blind = answers(experiment, networks, experiment.recipe.evaluation.level_samples, 1.0)
    least, share, n = chance(experiment, blind.labels), blind.accuracy, len(blind.labels)
    accuracy = Result(name="accuracy at t = 1", value=share.value, known=least.accuracy, n=n,
                      known_name="naming the most frequent class", interval=(share.low, share.high),
                      tolerance="not above it by more than chance gives in 99.7 % of cases")
    loss = Result(name="cross-entropy at t = 1", value=blind.loss, unit="nats", known=least.entropy, n=n,
                  known_name="entropy of the classes, the optimum where no signal is left",
                  formula="−mean log p(y|x_1)")
    limit = least.accuracy + 3 * (least.accuracy * (1 - least.accuracy) / n) ** 0.5
    if experiment.process.schedule.terminal_snr > 1e-3:
        return accuracy, loss  # some signal is left
    return at_most(accuracy, limit), near(loss, 0.05)


def _where(clear: Answers) -> str:
    return "" if clear.t is None else f" at t = {clear.t:.3g}"
