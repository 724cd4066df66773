"""S1.4: every loss on one small budget, on the recipe's networks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.errors import NonFiniteError
from genloom.gan.losses import ADVERSARIAL
from genloom.metrics.features import distance_name
from genloom.metrics.picture_scores import PictureScores
from genloom.nn.gan.pairs import PAIRS
from genloom.recipes.gan_losses import LOSSES, updates, with_loss
from genloom.recipes.gans import GanRecipe
from genloom.recipes.judge_pictures import REAL, about
from genloom.report.figures import COLORS, MARKERS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import fixed, near, number
from genloom.report.plots import known_line
from genloom.report.results import Figure, Result, Table
from genloom.report.run_page import read_columns
from genloom.studies.context import Context
from genloom.studies.iclevr.beside import beside_real, cells, floor, header
from genloom.studies.iclevr.judged import Judged, cell, judge_sets
from genloom.studies.iclevr.spent import minutes
from genloom.studies.iclevr.work import Adversary, adversary, both_lists, gan_recipe, judge, seeds, sizes
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OWN = "the recipe's own"
_ROW = 10


class Row(NamedTuple):
    """A loss, its run, and what is said of its pictures; None where the training ended in no finite number."""

    said: str
    run: Adversary | None
    judged: Judged | None
    scores: PictureScores | None


@deliverable("S1.4", "GAN losses",
             question="Choose a loss: vanilla, LSGAN, WGAN, WGAN-GP, or a hybrid, beside the conditioning.")
def losses(context: Context) -> Answer:
    """One table of all losses on one budget, their formulas, and pictures of each."""
    found = rows(context)
    finished = [each for each in found if each.run is not None]
    some = finished[0].run
    assert some is not None
    return Answer(
        text=(_budget(context, found, some), _ranking(context, found, some), _chosen(gan_recipe(context)),
              *(f"{each.said}: the training ended in numbers that are not finite." for each in found
                if each.run is None)),
        figures=(_pictures(context, finished), _told(context, finished)),
        tables=(_table(context, found, some), _formulas()),
        results=(_equal(found), *_ties(), *_results(context, found, some)),
        source="Goodfellow et al. 2014; Mao et al. 2017; Arjovsky et al. 2017; Gulrajani et al. 2017; Miyato et al. "
               "2018; Mescheder et al. 2018; Huang et al. 2024",
    )


def rows(context: Context) -> list[Row]:
    """The recipe's own game and every loss of the table, trained on one budget and judged."""
    found = []
    for key, (said, chosen) in recipes(context).items():
        run = context.once(("loss", key), partial(_run, context, key, chosen))
        if run is None:
            found.append(Row(said, None, None, None))
            continue
        found.append(Row(said, run, judged_run(context, run), beside_real(context, run).scores))
    return found


def recipes(context: Context) -> dict[str, tuple[str, GanRecipe]]:
    """What is trained: by the run's name, the loss in words and its recipe."""
    base = small(context)
    return {"own": (OWN, base)} | {name: (each.said, _read(with_loss(base, name), base))
                                   for name, each in LOSSES.items()}


def _read(chosen: GanRecipe, base: GanRecipe) -> GanRecipe:
    """The loss with the evaluator that reads the generator's pictures, if one does: it is no part of the game."""
    return replace(chosen, loss=replace(chosen.loss, evaluator=base.loss.evaluator, reading=base.loss.reading))


def small(context: Context) -> GanRecipe:
    """The recipe for a few hundred updates; without batch norm in the discriminator, which penalties cannot have."""
    chosen = gan_recipe(context)
    network = replace(chosen.network, norm="none") if PAIRS[chosen.network.kind].normed else chosen.network
    steps = max(1, sizes(context).updates // (chosen.loss.critic_steps + 1))
    engine = replace(chosen.engine, steps=steps, keep=1, save_every=0, evaluate_every=0, sample_every=0,
                     log_every=max(1, min(chosen.engine.log_every, steps // 20)))
    return replace(chosen, network=network, engine=engine)


def _run(context: Context, key: str, chosen: GanRecipe) -> Adversary | None:
    name = f"loss-{key}"
    try:
        return adversary(context.run(chosen, name))
    except NonFiniteError as error:
        context.used.discard(name)
        context.screen.say(f"{name}: {error}")
        return None


def judged_run(context: Context, run: Adversary) -> Judged:
    """Both lists together, with as many seeds as an ablation has."""
    def said() -> Judged:
        sets = both_lists(context)
        return judge_sets(judge(context), [run.draw(sets, seed) for seed in few(context)], sets)

    return context.once(("ablated", run.name), said)


def few(context: Context) -> Sequence[int]:
    """The sampling seeds of an ablation."""
    return seeds(context)[: sizes(context).ablation_seeds]


def _budget(context: Context, found: Sequence[Row], some: Adversary) -> str:
    whole = gan_recipe(context)
    shared = updates(whole)
    return (f"Every game has {number(updates(some.recipe))} updates of its two networks together, "
            f"{updates(some.recipe) / shared:.1%} of the {number(shared)} that the recipe has, with the recipe's "
            f"networks and batches of {some.recipe.engine.batch_size}. A loss with five updates of the critic for each "
            "of the generator takes a third of the steps. So small a budget tells which games get off the ground, not "
            "which is best in the end; learning rates and penalties are the table's, the recipe's own game has its "
            "own.")


def _ranking(context: Context, found: Sequence[Row], some: Adversary) -> str:
    there = [(each.scores.frechet, each.judged.micro.value, each.said) for each in found
             if each.scores is not None and each.judged is not None]
    name, chance = distance_name(some.experiment.extractor), _chance(found)
    nearest, farthest = min(there), max(there)
    best = max(there, key=lambda each: each[1])
    return (f"The least {name} after this budget has {nearest[2]}, {number(nearest[0], 3)}, the largest {farthest[2]}, "
            f"{number(farthest[0], 3)}; as many real pictures have {number(floor(context).scores.frechet, 3)}. The "
            f"judge finds most labels with {best[2]}, {best[1]:.3f}, where chance is {chance:.3f}.")


def _chance(found: Sequence[Row]) -> float:
    return next(each.judged.chance.micro for each in found if each.judged is not None)


def _chosen(chosen: GanRecipe) -> str:
    loss, penalty, adam = chosen.loss, chosen.penalty, chosen.generator
    also = "" if penalty.kind == "none" else f" with the penalty {penalty.kind} of weight {penalty.weight:g}"
    names = f", and the labels' logistic loss of weight {loss.labels:g} for both networks: a hybrid" \
        if "auxiliary" in chosen.network.judging else ""
    names += (f", and that of an evaluator that reads the generator's pictures, {Path(loss.evaluator).name}, of weight "
              f"{loss.reading:g}, in every row") if loss.evaluator else ""
    return (f"The recipe plays {loss.adversarial}{also}{names}; Adam with learning rates {adam.lr:g} and "
            f"{chosen.discriminator.lr:g}, β1 = {adam.beta1:g}.")


def _table(context: Context, found: Sequence[Row], some: Adversary) -> Table:
    real = floor(context)
    body = []
    for each in found:
        if each.run is None or each.judged is None or each.scores is None:
            body.append((each.said, *("—",) * (2 + len(header(some)))))
            continue
        body.append((each.said, cell(each.judged.micro), *cells(each.scores), fixed(minutes(each.run.trained), 1)))
    body.append(("real pictures", "—", *cells(real.scores), "—"))
    return Table(header=("loss", "label accuracy", *header(some), "minutes"), rows=tuple(body),
                 caption=f"{number(updates(some.recipe))} updates each; accuracy on both lists, judged by "
                         f"evaluator b, chance {_chance(found):.3f}; {real.scores.n} pictures in each distance.")


def _formulas() -> Table:
    body = (
        ("vanilla, non-saturating", "−E log D(x) − E log(1 − D(G))", "−E log D(G)", "log 4"),
        ("minimax", "the same", "E log(1 − D(G))", "log 4"),
        ("LSGAN", "½ E(D(x) − 1)² + ½ E D(G)²", "½ E(D(G) − 1)²", "¼"),
        ("WGAN, WGAN-GP", "E D(G) − E D(x), weights clipped or + λ E(‖∇D‖ − 1)²", "−E D(G)", "0"),
        ("hinge", "E max(0, 1 − D(x)) + E max(0, 1 + D(G))", "−E D(G)", "2"),
        ("R3GAN", "E softplus(D(G) − D(x)) + γ/2 (E‖∇D(x)‖² + E‖∇D(G)‖²)", "E softplus(D(x) − D(G))", "log 2"),
        ("auxiliary", "− E log p(y | x) − E log p(y | G), added", "− E log p(y | G), added", "—"),
    )
    return Table(header=("loss", "discriminator minimises", "generator minimises", "discriminator's loss at a tie"),
                 rows=body, caption="D(G) is what the discriminator says of a generated picture: a probability in the "
                                    "first two rows, computed from its logit, and the logit itself in the others. A "
                                    "tie is the least loss of one answer for all pictures. The text writes both "
                                    "losses of the first row to be maximised.")


def _equal(found: Sequence[Row]) -> Result:
    budgets = [updates(each.run.recipe) for each in found if each.run is not None]
    apart = max(budgets) / min(budgets)
    # a budget is a whole number of steps, of up to six updates each
    return near(Result(name="updates of both networks: largest over smallest", value=apart, known=1.0,
                       known_name="one budget", n=len(budgets)), max(0.01, 6 / min(budgets)))


def _ties() -> list[Result]:
    """The least loss of a discriminator that says the same of everything, beside the values of the table."""
    same = torch.linspace(-3, 3, 601, dtype=torch.float64)
    known = {"non-saturating": math.log(4), "least-squares": 0.25, "wasserstein": 0.0, "hinge": 2.0,
             "relativistic": math.log(2)}
    apart = max(abs(min(float(ADVERSARIAL[name].discriminator(each, each)) for each in same[:, None]) - value)
                for name, value in known.items())
    return [near(Result(name="largest difference of a loss at a tie from its value", value=apart, known=0,
                        known_name="log 4, ¼, 0, 2, log 2", n=len(known)), 1e-9)]


def _results(context: Context, found: Sequence[Row], some: Adversary) -> list[Result]:
    real, first, results = floor(context).scores, True, []
    for each in found:
        if each.scores is None or each.judged is None:
            continue
        results.append(Result(name=f"{distance_name(some.experiment.extractor)}: {each.said}",
                              value=each.scores.frechet, known=real.frechet, known_name=REAL, n=each.scores.n,
                              interval=each.scores.frechet_interval, seeds=(context.seed,),
                              formula=about(some.experiment.extractor, each.scores) if first else ""))
        share = each.judged.micro
        results.append(Result(name=f"label accuracy: {each.said}", value=share.value, known=each.judged.chance.micro,
                              known_name="chance", n=share.n, interval=(share.low, share.high),
                              seeds=tuple(few(context))))
        first = False
    return results


def _pictures(context: Context, found: Sequence[Row]) -> Figure:
    sets = both_lists(context)[:_ROW]
    shown: Mapping[str, Tensor] = {each.said: each.run.draw(sets, context.seed) for each in found
                                   if each.run is not None}
    return context.figure(rows_figure(shown, cell=0.7), "losses-samples",
                          caption=f"The first {_ROW} label sets of test after this budget, with the same noise in "
                                  "each column; none left out.",
                          alt=f"{len(shown)} rows of {_ROW} generated pictures: {', '.join(shown)}")


def _told(context: Context, found: Sequence[Row]) -> Figure:
    figure, (axes,) = canvas(8.4, 3.6)
    _curves(axes, found)
    known_line(axes, 0.5, "nothing told apart")
    axes.set(xlabel="share of the budget", ylabel="share of pairs told apart", ylim=(0.3, 1.02))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right center")
    return context.figure(figure, "losses-told",
                          caption="How often each discriminator ranks a real picture above a generated one, over the "
                                  "training: 1 is never wrong, ½ knows nothing.",
                          alt="Curves of the share of pairs told apart, one for each loss")


@styled()
def _curves(axes: "Axes", found: Sequence[Row], parts: int = 20) -> None:
    for k, each in enumerate(found):
        assert each.run is not None
        told = read_columns(each.run.trained.path / "metrics.jsonl", ("told_apart",))["told_apart"]
        count = min(parts, len(told))
        cuts = [(len(told) * i // count, len(told) * (i + 1) // count) for i in range(count)]
        axes.plot([(i + 0.5) / count for i in range(count)], [sum(told[a:b]) / (b - a) for a, b in cuts],
                  color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)], markevery=max(1, count // 6),
                  linestyle="-" if k < len(COLORS) else ":", label=each.said)
