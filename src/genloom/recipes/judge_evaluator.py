"""How an evaluator is judged: on scenes that it has not seen, beside chance, frequencies and evenly wrong answers."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.classification import log_prob_of
from genloom.metrics.interval import Interval
from genloom.metrics.label_accuracy import LabelAccuracy, label_accuracy
from genloom.metrics.label_confusion import Attributes, Shares, attributes, blind, confusion, shares
from genloom.recipes.build_evaluator import NAME, asked
from genloom.report.numbers import at_least, at_most
from genloom.report.results import Result
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_evaluator import EvaluatorExperiment

ENOUGH = 0.98
"""The accuracy on real i-CLEVR pictures from which an evaluator is good enough to judge generated ones."""
_QUICK = 1000  # pictures that are looked at during training


class Mistakes(NamedTuple):
    """What is taken for what, (K, K), with the shares of each kind, and those of evenly spread wrong answers."""

    known: Attributes
    counts: Tensor
    shares: Shares
    blind: Shares


@dataclass(frozen=True, eq=False)
class Seen:
    """What an evaluator says of some pictures.

    logits   (N, K), float64
    sets     what is there, uint8 (N, K)
    names    of the K objects
    """

    logits: Tensor
    sets: Tensor
    names: tuple[str, ...]

    @cached_property
    def accuracy(self) -> LabelAccuracy:
        """Of the k highest logits, k being the number of objects of a picture."""
        return label_accuracy(self.logits, self.sets)

    @cached_property
    def mistakes(self) -> Mistakes | None:
        """Told apart by colour and shape; None for names that have no two words."""
        known = attributes(self.names)
        if known is None:
            return None
        counts = confusion(self.accuracy, known)
        return Mistakes(known, counts, shares(counts, known), blind(counts, known))

    @property
    def loss(self) -> float:
        """Mean of −log p(set | picture) in nats."""
        return -log_prob_of(self.logits, self.sets).mean().item()


def seen(experiment: "EvaluatorExperiment", networks: Networks, count: int | None = None) -> Seen:
    """What it says of the first kept-back pictures."""
    count = experiment.recipe.evaluation.samples if count is None else count
    logits = asked(networks[NAME].eval(), experiment.kept.pictures[:count], experiment.recipe.data.size)
    return Seen(logits, experiment.kept_sets[:count], experiment.class_names)


def by_frequency(experiment: "EvaluatorExperiment", sets: Tensor) -> Seen:
    """The answers of one who does not look, and knows how often each object is there in training."""
    rates = experiment.sets.double().mean(0).clamp(1e-6, 1 - 1e-6)
    return Seen(rates.logit().expand(sets.shape), sets, experiment.class_names)


def quick(experiment: "EvaluatorExperiment", networks: Networks) -> dict[str, float]:
    """What is looked at during training."""
    return {"−log p(labels) on kept-back pictures": seen(experiment, networks, _QUICK).loss}


def judge_all(experiment: "EvaluatorExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every metric that applies to an evaluator."""
    found = seen(experiment, networks)
    seeds = (experiment.recipe.engine.seed,)
    return (judge_accuracy(experiment, found), *judge_pictures(found.accuracy, seeds),
            judge_frequency(experiment, found), judge_loss(experiment, found), *judge_mistakes(found))


def judge_accuracy(experiment: "EvaluatorExperiment", found: Seen) -> Result:
    """The share of labels that are named, beside chance; real i-CLEVR pictures ask for .98."""
    data, luck = experiment.recipe.data, found.accuracy.chance
    real = data.source == "iclevr" and not data.folder
    result = _share("label accuracy on kept-back pictures", found.accuracy.micro, luck.micro,
                    "as many objects at random", formula="Σ|top-k ∩ labels| / Σk, k = number of labels",
                    seeds=(experiment.recipe.engine.seed,))
    return at_least(result, ENOUGH if real else luck.micro + 4 * luck.spread)


def judge_pictures(found: LabelAccuracy, seeds: tuple[int, ...]) -> tuple[Result, ...]:
    """The same as a mean over pictures, and the share of pictures of which all labels are named."""
    return (
        _share("label accuracy, mean over pictures", found.macro, found.chance.macro, "as many objects at random",
               formula="mean of |top-k ∩ labels| / k", seeds=seeds),
        _share("pictures whose labels are all named", found.whole, found.chance.whole, "as many objects at random",
               seeds=seeds),
    )


def judge_frequency(experiment: "EvaluatorExperiment", found: Seen) -> Result:
    """The accuracy of one who always names what is most frequent in training."""
    blind_one = by_frequency(experiment, found.sets).accuracy
    return _share("label accuracy of naming the most frequent objects", blind_one.micro, found.accuracy.chance.micro,
                  "as many objects at random")


def judge_loss(experiment: "EvaluatorExperiment", found: Seen) -> Result:
    """How much probability it gives to exactly what is there, beside one who knows the frequencies."""
    least = by_frequency(experiment, found.sets).loss
    result = Result(name="−log p(labels) on kept-back pictures", value=found.loss, unit="nats", known=least,
                    known_name="knowing only how often each object is there", n=len(found.sets),
                    formula="−mean Σ_j y_j log s(l_j) + (1 − y_j) log s(−l_j)")
    return at_most(result, least)


def judge_mistakes(found: Seen) -> tuple[Result, ...]:
    """How often the colour is right and the shape wrong, the other way round, or both are wrong."""
    mistakes = found.mistakes
    if mistakes is None:
        return ()
    n = int(mistakes.counts.sum())
    names = ("colour right, shape wrong", "shape right, colour wrong", "both wrong")
    pairs = zip(names, mistakes.shares[1:], mistakes.blind[1:], strict=True)
    return tuple(Result(name=f"labels missed: {name}", value=value, known=evenly, n=n,
                        known_name="as many mistakes, evenly over all other objects") for name, value, evenly in pairs)


def _share(name: str, share: Interval, known: float, known_name: str, *, formula: str = "",
           seeds: tuple[int, ...] = ()) -> Result:
    return Result(name=name, value=share.value, known=known, known_name=known_name, n=share.n, formula=formula,
                  interval=(share.low, share.high), seeds=seeds)


def surest(found: Seen) -> list[int]:
    """The pictures with a missed label, those first whose wrong answer has the highest logit."""
    wrong = found.accuracy.said & ~found.sets.bool()
    highest = torch.where(wrong, found.logits, -torch.inf).amax(1)
    order = highest.argsort(descending=True, stable=True).tolist()
    return [i for i in order if highest[i] > -torch.inf]
