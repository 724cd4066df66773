"""The model of our own that fails in measurable ways: what is drawn of it, and how often something holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genloom.data.images.labelsets import multi_hot
from genloom.metrics.interval import Interval
from genloom.metrics.label_accuracy import LabelAccuracy, grouped
from genloom.studies.context import Context
from genloom.studies.iclevr.judged import Labelled, real_of
from genloom.studies.iclevr.work import ddpm, judge, names

HOW = ("The model is a diffusion model of scenes that is told a set of objects, each a word of its own. An evaluator "
       "that did not guide it says what is to be seen; what it says of real pictures of the same sets stands beside "
       "it, since it errs too. Intervals are bootstraps over label sets, each with all its pictures.")
"""What the numbers are of."""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is drawn.

    seeds    pictures of each pair of sets whose colours are exchanged
    counted  label sets of each number of objects
    triples  label sets that training never shows
    again    pictures of each of these
    """

    seeds: int = 2
    counted: int = 96
    triples: int = 64
    again: int = 3


SIZES = {"laptop": Sizes(), "gpu": Sizes(seeds=8, counted=400, triples=128, again=8)}
"""By tier."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Pictures with the evaluator's logits.

    pictures   uint8 (N, 3, S, S)
    sets       what was asked for, uint8 (N, K)
    groups     (N,), equal for pictures of one label set
    logits     (N, K)
    """

    pictures: Tensor
    sets: Tensor
    groups: Tensor
    logits: Tensor

    def share(self, which: Tensor) -> Interval:
        """The share of pictures of which something holds, bool (N,), label sets weighing once."""
        return share(which, self.groups)


def sizes(context: Context) -> Sizes:
    """Those of the tier."""
    return SIZES[context.tier]


def share(which: Tensor, groups: Tensor) -> Interval:
    """A share of pictures with a bootstrap interval over their groups, never narrower than Wilson's."""
    return grouped(LabelAccuracy(which[:, None], torch.ones_like(which)[:, None]), groups).micro


def hot(context: Context, sets: Sequence[Sequence[str]]) -> Tensor:
    """Label sets in words as zeros and ones (N, K)."""
    return multi_hot(sets, names(context))


def drawn(context: Context, sets: Tensor, seeds: int, name: str) -> Seen:
    """The model's pictures of label sets (G, K), `seeds` of each, as the evaluator sees them."""
    model = ddpm(context)
    context.screen.say(f"drawing {seeds * len(sets)} pictures: {name}")
    made = torch.cat([model.draw(sets, context.seed + k) for k in range(seeds)])
    return Seen(made, sets.repeat(seeds, 1), torch.arange(len(sets)).repeat(seeds), judge(context).judged(made))


def real(context: Context, sets: Tensor) -> Seen:
    """Real pictures of label sets (G, K), or of those that have any, which the evaluator was not trained on."""
    there: Labelled = real_of(context, sets)
    return Seen(there.pictures, there.sets, there.groups, judge(context).judged(there.pictures))
