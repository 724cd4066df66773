"""S1.9: samplers, their steps, and guidance by the model itself and by an evaluator."""

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.diffusion.guidance import clipped
from genloom.diffusion.samplers.registry import sample
from genloom.metrics.interval import Interval
from genloom.recipes.process_parts import make_denoiser
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, fixed, near, number
from genloom.report.results import Figure, Result, Table
from genloom.rng import SampleNoise, fold
from genloom.studies.context import Context
from genloom.studies.iclevr.guided import FREE, WAYS, Point, points, ways
from genloom.studies.iclevr.judged import Judged, cell, judge_sets
from genloom.studies.iclevr.work import Diffusion, both_lists, ddpm, judge, sizes
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_EXACT, _EXACT_STEPS, _SHOWN = 2, 6, 8
_NAMES = {"ddpm": "DDPM", "ddim": "DDIM", "dpmpp-2m": "DPM-Solver++"}


class Sampled(NamedTuple):
    """A sampler at a number of steps: its pictures of both lists, and what a picture costs."""

    said: str
    steps: int
    pictures: Tensor
    judged: Judged
    seconds: float
    calls: int


@deliverable("S1.9", "Sampling and guidance",
             question="Choose a sampler, DDPM or DDIM; guide both by the evaluator (Algorithms 1 and 2).")
def sampling(context: Context) -> Answer:
    """Samplers on one checkpoint, guidance over its scale, judged by who guided and by who did not."""
    model, found = ddpm(context), samplers(context)
    guided = {way.key: points(context, way) for way in ways(context)}
    return Answer(
        text=(_samplers_text(found), _exact_text(),
              "Classifier guidance adds the gradient of log p(y | x_t) to what the model says: to the mean of DDPM's "
              "step (Algorithm 1), or to ε̂ in DDIM's (Algorithm 2, whose printed form leaves the scale s out). The "
              "evaluators know clean pictures alone, so evaluator a is asked about x̂0(x_t), and the gradient goes "
              "through the model: log p(y | x̂0) is that of all labels of the set, and of none beyond it.",
              _guided_text(guided) if len(guided) > 1 else _latents(),
              _free_text(guided["free"], model.recipe.sampling.guidance)),
        figures=(_samplers_figure(context, model, found), _guided_figure(context, model, guided)),
        tables=(_samplers_table(found), _guided_table(guided)),
        results=(*_exact_results(context, model), *_chance(guided), *_gains(guided), *_gaps(guided)),
        formula="Alg. 1: x_s ~ N(μ + s Σ ∇ log p(y | x_t), Σ);   Alg. 2: ε̂ = ε − s √(1 − ᾱ_t) ∇ log p(y | x_t);   "
                "classifier-free: ε̂ = ε_∅ + s (ε_y − ε_∅)",
        source="Ho et al. 2020, Alg. 2; Song, Meng & Ermon 2021, Eq. 12; Dhariwal & Nichol 2021, Alg. 1 and 2; Ho & "
               "Salimans 2022; Lu et al. 2022b",
    )


def samplers(context: Context) -> list[Sampled]:
    """Every sampler at every number of steps, guided as the recipe is; the recipe's own comes first."""
    own, table = ddpm(context).recipe.sampling, ddpm(context).experiment.schedule.steps
    rows = [("the recipe's", own.sampler, own.eta, len(ddpm(context).experiment.levels()) - 1)]
    rows += [(f"{_NAMES.get(sampler, sampler)}{f', η = {eta:g}' if sampler == 'ddim' else ''}", sampler, eta, steps)
             for sampler, eta, steps in sizes(context).samplers if steps <= (table or steps)]
    return [context.once(("sampled", *row), partial(_sampled, context, *row)) for row in rows]


def _sampled(context: Context, said: str, sampler: str, eta: float, steps: int) -> Sampled:
    model, sets = ddpm(context), both_lists(context)
    spacing = model.recipe.sampling.spacing if said == "the recipe's" else "uniform"
    chosen = replace(model.recipe.sampling, sampler=sampler, eta=eta if sampler == "ddim" else 0.0, steps=steps,
                     spacing=spacing)
    context.screen.say(f"drawing {len(sets)} pictures: {said}, {steps} steps")
    begun = time.perf_counter()
    made = model.draw(sets, context.seed, chosen)
    seconds = (time.perf_counter() - begun) / len(sets)
    words = f"{said}: {_NAMES.get(sampler, sampler)}" if said == "the recipe's" else said
    return Sampled(words, steps, made, judge_sets(judge(context), [made], sets), seconds,
                   steps * (1 if chosen.guidance == 1 else 2))


def _samplers_text(found: Sequence[Sampled]) -> str:
    best = max(found, key=lambda each: each.judged.micro.value)
    cheap = min((each for each in found if each.judged.micro.value >= best.judged.micro.low),
                key=lambda each: each.calls)
    return (f"All samplers draw the same {len(found[0].pictures)} label sets from the same starts with one checkpoint, "
            f"guided as the recipe is. The judge finds most labels with {best.said} at {best.steps} steps, "
            f"{best.judged.micro.value:.3f}; the cheapest within its interval is {cheap.said} at {cheap.steps} steps, "
            f"{cheap.judged.micro.value:.3f}, with {cheap.calls} calls of the network for a picture. One seed each: "
            "differences of a few points say nothing.")


def _exact_text() -> str:
    return ("DDIM at η = 1 is DDPM with its small variance, and at η = 0 draws no noise after the start: both are "
            "statements to rounding, and are measured as such below, on this model in float64.")


def _latents() -> str:
    return ("This model diffuses latents: an evaluator of pictures is not asked about them, and the model is guided by "
            "itself alone.")


def _guided_text(guided: dict[str, list[Point]]) -> str:
    top = [each[-1] for key, each in guided.items() if key != "free"]
    rows = "; ".join(f"{each.way.said} at {each.scale:g}: b sees {each.by_judge.micro.value:.3f}, a "
                     f"{each.by_guide.micro.value:.3f}" for each in top)
    worst = max(top, key=lambda each: each.gap.value)
    free = guided["free"][-1]
    return (f"Whom guidance pleases must not judge it. At the largest scales: {rows}. Evaluator a, who guided, sees up "
            f"to {fixed(100 * worst.gap.value, 0)} points more than b in the same pictures; where nobody guided, "
            f"at classifier-free scale {free.scale:g}, the difference is {fixed(100 * free.gap.value, 0)}. A model "
            "that is graded by its guide has the guide's mistakes counted as successes.")


def _free_text(found: Sequence[Point], own: float) -> str:
    best = max(found, key=lambda each: each.by_judge.micro.value)
    said = ", ".join(f"{each.scale:g}: {each.by_judge.micro.value:.3f}" for each in found)
    return (f"Classifier-free guidance, by its scale: {said}. Scale 0 is told nothing, 1 is the plain conditional "
            f"model; most labels are found at {best.scale:g}. To report the best of several scales would flatter: the "
            f"accuracies of S1.17 and S1.18 are all at the recipe's scale, {own:g}.")


def _samplers_table(found: Sequence[Sampled]) -> Table:
    rows = tuple((each.said, str(each.steps), str(each.calls), cell(each.judged.micro),
                  number(1000 * each.seconds, 3)) for each in found)
    return Table(header=("sampler", "steps", "calls", "label accuracy", "ms per picture"), rows=rows,
                 caption=f"{len(found[0].pictures)} label sets of both lists, one seed, judged by evaluator b; chance "
                         f"{found[0].judged.chance.micro:.3f}.")


def _guided_table(guided: dict[str, list[Point]]) -> Table:
    rows = [(each.way.said, f"{each.scale:g}", cell(each.by_judge.micro),
             cell(each.by_guide.micro) + (" (the guide)" if each.way.by_guide and each.scale else ""),
             _signed(each.gap)) for found in guided.values() for each in found]
    return Table(header=("way", "scale", "accuracy by b", "by a", "a − b, points"), rows=tuple(rows),
                 caption=f"{len(guided['free'][0].pictures)} label sets of both lists from the same starts; 95 % "
                         "intervals.")


def _signed(gap: Interval) -> str:
    return f"{fixed(100 * gap.value, 1)} [{fixed(100 * gap.low, 1)}, {fixed(100 * gap.high, 1)}]"


def _exact_results(context: Context, model: Diffusion) -> Iterator[Result]:
    one, again = _exactly(context, model, "ddim", 0, eta=1.0), _exactly(context, model, "ddpm", 0)
    still, moved = (_exactly(context, model, "ddim", other, eta=0.0) for other in (0, 1))
    yield near(Result(name="largest difference of DDIM at η = 1 from DDPM, same noise", known=0, n=_EXACT,
                      value=float((one - again).abs().max()), known_name="one sampler, float64"), 1e-8)
    yield at_most(Result(name="largest difference of DDIM at η = 0 with other noise after the start", known=0,
                         value=float((still - moved).abs().max()), known_name="a function of the start", n=_EXACT), 0)


@torch.no_grad()
def _exactly(context: Context, model: Diffusion, sampler: str, other: int, **options: float) -> Tensor:
    """States in float64 from one start, with the noise of a seed that differs after it."""
    here = model.experiment
    twin = copy.deepcopy(model.trained.networks["denoiser"]).cpu().double()
    denoiser = clipped(make_denoiser(here.recipe.diffusion, here.schedule, twin, both_lists(context)[:_EXACT].double()))
    start = SampleNoise(0, _EXACT, here.shape, dtype=torch.float64)()
    noise = SampleNoise(fold(1, other), _EXACT, here.shape, dtype=torch.float64)
    levels = here.levels(replace(here.recipe.sampling, sampler=sampler, steps=_EXACT_STEPS, spacing="uniform"))
    return sample(sampler, denoiser, start, levels, noise=noise, **options)


def _chance(guided: dict[str, list[Point]]) -> Iterator[Result]:
    """Pictures that were told nothing have the labels of a list as often as chance says."""
    for each in (found[0] for key, found in guided.items() if key in ("free", "alg1")):
        luck, share = each.by_judge.chance, each.by_judge.micro
        result = Result(name=f"label accuracy of {each.way.said} at scale 0", value=share.value, known=luck.micro,
                        known_name="chance: told nothing", n=share.n, interval=(share.low, share.high),
                        tolerance="within four standard deviations")
        yield near(result, 4 * luck.spread)


def _gains(guided: dict[str, list[Point]]) -> Iterator[Result]:
    """Guidance leads to more labels, to a judge who did not guide."""
    for key, found in guided.items():
        first, best = found[0], found[-1]
        if key == "both":
            continue
        share = best.by_judge.micro
        result = Result(name=f"label accuracy of {best.way.said} at scale {best.scale:g}", value=share.value, n=share.n,
                        known=first.by_judge.micro.value, known_name="scale 0", interval=(share.low, share.high),
                        tolerance="above the interval of scale 0")
        yield at_least(result, first.by_judge.micro.high)


def _gaps(guided: dict[str, list[Point]]) -> Iterator[Result]:
    """By how much the guide overrates what it guided, and what nobody guided."""
    free = guided["free"][-1].gap
    for found in guided.values():
        gap, each = found[-1].gap, found[-1]
        yield Result(name=f"labels that a sees more than b: {each.way.said}, scale {each.scale:g}", value=gap.value,
                     known=0.0 if each.way is FREE else free.value, n=gap.n, interval=(gap.low, gap.high),
                     known_name="two judges alike" if each.way is FREE else "the same where nobody guided")


def _samplers_figure(context: Context, model: Diffusion, found: Sequence[Sampled]) -> Figure:
    sets = slice(0, _SHOWN)
    rows = {f"{each.said}, {each.steps}": each.pictures[sets] for each in found}
    return context.figure(rows_figure(rows, cell=0.72), "samplers", run=model.trained,
                          caption=f"The first {_SHOWN} label sets of test by each sampler and number of steps, "
                                  "with one starting noise for each column.",
                          alt=f"{len(rows)} rows of {_SHOWN} generated pictures: {'; '.join(rows)}")


def _guided_figure(context: Context, model: Diffusion, guided: dict[str, list[Point]]) -> Figure:
    figure, axes = canvas(9.6, 3.9, 1, 2, sharey=True)
    _panel(axes[0], [guided["free"]])
    _panel(axes[1], [found for key, found in guided.items() if key != "free"])
    axes[0].set_title("classifier-free")
    axes[1].set_title("by evaluator a")
    axes[0].set_ylabel("label accuracy")
    for each in axes:
        each.set_xlabel("scale")
        each.axhline(guided["free"][0].by_judge.chance.micro, color=KNOWN, linewidth=1.1, linestyle=DASHED)
    handles = {name: handle for each in axes for handle, name in zip(*each.get_legend_handles_labels(), strict=True)}
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=3)
    return context.figure(figure, "guidance", run=model.trained,
                          caption="Label accuracy over the scale of guidance: full lines as evaluator b sees it, who "
                                  "guides nothing, dotted as a sees the same pictures. Bars are 95 % intervals; dashed "
                                  "is chance.",
                          alt="Two panels of accuracy over scale: classifier-free guidance, and guidance by evaluator "
                              "a in DDPM, in DDIM, and beside the labels")


@styled()
def _panel(axes: "Axes", families: Sequence[Sequence[Point]]) -> None:
    for family in families:
        k = [way.key for way in WAYS].index(family[0].way.key)
        places = [i + 0.05 * (k - 2) for i in range(len(family))]
        shares = [each.by_judge.micro for each in family]
        bars = [[each.value - each.low for each in shares], [each.high - each.value for each in shares]]
        axes.errorbar(places, [each.value for each in shares], yerr=bars, color=COLORS[k], marker=MARKERS[k],
                      markersize=4, elinewidth=0.8, label=f"{family[0].way.said}, by b")
        axes.plot(places, [each.by_guide.micro.value for each in family], color=COLORS[k], marker=MARKERS[k],
                  markersize=4, linestyle=":", fillstyle="none", label=f"{family[0].way.said}, by a")
        axes.set_xticks(range(len(family)), [f"{each.scale:g}" for each in family])
    axes.set_ylim(0, 1.02)
