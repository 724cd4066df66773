"""How well models that are told sets of labels draw what they are asked for, beside chance and kept-back pictures."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from genloom.data.images.augment import centre
from genloom.data.images.course import CONDITIONS
from genloom.data.images.imageset import ImageSet
from genloom.errors import InputError
from genloom.metrics.interval import Interval
from genloom.metrics.label_accuracy import Grouped, chance, grouped
from genloom.recipes.images_parts import make_data
from genloom.recipes.judge_evaluator import Seen, judge_mistakes
from genloom.recipes.label_lists import Judged, Told, drawn_lists, has_lists, judge_of, judged
from genloom.recipes.trained_evaluator import Evaluator
from genloom.report.numbers import at_least
from genloom.report.results import Result
from genloom.training.method import Networks

HOW = "Σ|top-k ∩ labels| / Σk, k = number of labels; interval: bootstrap over label sets, each with its pictures of " \
      "all seeds, and Wilson's over all labels"
_SIGMAS = 4  # standard deviations above chance from which on labels matter


def unseen(experiment: Told, judge: Evaluator) -> ImageSet:
    """Pictures that the judge has not learned from, prepared as the model's are: those that it kept back, or of other
    data than the judge's those that the model did."""
    data, own = experiment.recipe.data, judge.recipe.data
    if (own.source, own.folder) != (data.source, data.folder):
        return experiment.kept
    return make_data(replace(data, holdout=own.holdout, without=own.without, category=own.category, scenes=own.scenes),
                     experiment.data_root).kept


def judge_labels(experiment: Told, networks: Networks) -> list[Result]:
    """The label accuracy on both lists, and the judge's own on pictures that were kept back.

    Nothing for models that are told no label sets; where nobody can judge them it says so.
    """
    if not has_lists(experiment):
        return []
    judge, name = judge_of(experiment), f"label accuracy on {' and '.join(CONDITIONS)}"
    if judge is None:
        return [Result(name=name, value=None, formula="not taken: no evaluator of such pictures comes with genloom; "
                                                      "name one by --evaluation.judge")]
    seeds = tuple(range(experiment.recipe.evaluation.label_seeds))
    try:
        drawn = drawn_lists(experiment, networks, seeds)
    except InputError as error:
        if error.parameter != "labels":
            raise
        return [Result(name=name, value=None, formula=f"not taken: {error}")]
    return judge_lists(judged(drawn, judge, getattr(experiment, "guide", None)), unseen(experiment, judge))


def judge_lists(found: Judged, real: ImageSet) -> list[Result]:
    """The results of drawn lists: three numbers of each beside chance, the judge's own, and what is taken for what.

    real   pictures that the judge has not learned from
    """
    said = real_seen(found.judge, real)
    results: list[Result] = []
    for name in found.lists.names:
        results += [*_of_list(found, name), *_of_real(found, name, said)]
    results.append(_result(f"the judge's own label accuracy on {len(real):,} pictures that were kept back",
                           said.accuracy.micro, said.accuracy.chance.micro, formula=_who(found.judge)))
    return [*results, *(replace(result, seeds=found.drawn.seeds) for result in judge_mistakes(found.all))]


def real_seen(judge: Evaluator, real: ImageSet) -> Seen:
    """What a judge says of real pictures."""
    assert real.labels is not None
    return Seen(judge.judged(centre(real.pictures, judge.recipe.data.size)), real.labels, judge.class_names)


class SameSets(NamedTuple):
    """A judge's accuracy on kept-back pictures with the label sets of a list.

    sets     how many of these have such pictures
    chance   the micro accuracy of one who does not look at them
    """

    accuracy: Grouped
    sets: int
    chance: float


def of_same_sets(found: Judged, name: str, said: Seen) -> SameSets | None:
    """What a judge said of kept-back pictures with the label sets of a list; None where no picture has one of them."""
    sets = found.lists.sets[found.lists.rows[name]]
    place = {tuple(row): number for number, row in enumerate(sets.tolist())}
    each = torch.tensor([place.get(tuple(row), -1) for row in said.sets.tolist()])
    present = sorted(set(each.tolist()) - {-1})
    if not present:
        return None
    accuracy = grouped(said.accuracy.part(each >= 0), each[each >= 0])
    return SameSets(accuracy, len(present), chance(sets[present].sum(1), sets.shape[1]).micro)


def _of_list(found: Judged, name: str) -> tuple[Result, ...]:
    accuracy, seeds = found.accuracy(name), found.drawn.seeds
    luck = chance(found.seen(name).accuracy.counts, len(found.lists.labels))
    each = ", ".join(f"{value:.3f}" for value in found.of_seeds(name))
    whole = f"{HOW}; {_who(found.judge)}; by seed {each}"
    limit = luck.micro + _SIGMAS * luck.spread
    first = at_least(replace(_result(f"label accuracy on {name}", accuracy.micro, luck.micro, formula=whole),
                             tolerance=f"above chance: at least {limit:.3f}"), limit)
    rows = (first, _result(f"label accuracy on {name}, mean over pictures", accuracy.macro, luck.macro),
            _result(f"pictures of {name} whose labels are all named", accuracy.whole, luck.whole))
    return tuple(replace(row, seeds=seeds) for row in rows)


def _of_real(found: Judged, name: str, said: Seen) -> tuple[Result, ...]:
    same = of_same_sets(found, name, said)
    if same is None:
        return ()
    asked = len(found.lists.sets[found.lists.rows[name]])
    return (_result(f"the judge's own on kept-back pictures with {same.sets} of the {asked} label sets of {name}",
                    same.accuracy.micro, same.chance,
                    formula="each label set weighs as much, however many pictures it has"),)


def _who(judge: Evaluator) -> str:
    said = f"judged by {Path(judge.place).name}, sha256 {judge.digest[:12]}"
    return f"{said}, which may have learned from these pictures" if judge.recipe.name == "imported" else said


def _result(name: str, share: Interval, known: float, *, formula: str = "") -> Result:
    return Result(name=name, value=share.value, known=known, known_name="as many labels at random", n=share.n,
                  interval=(share.low, share.high), formula=formula)
