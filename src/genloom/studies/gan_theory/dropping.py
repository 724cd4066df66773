"""Modes that are dropped: how little the objective loses by it, and which games do it on one budget."""

import math
from dataclasses import replace

import torch

from genloom.data.density import Gaussians
from genloom.data.points import points
from genloom.gan.oracle import best_value, kullback_leibler, tabulate
from genloom.metrics.interval import mean_interval
from genloom.metrics.modes import expected_divergence
from genloom.recipes.judge_gan_points import ENOUGH, WITHIN, fair_good, fair_spread, find
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.numbers import at_least, measured, near, number
from genloom.report.plots import array, plane, scatter
from genloom.report.results import Figure, Result, Table
from genloom.report.run_page import read_columns
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.gan_theory.games import SEEDS, Played, every, said
from genloom.studies.study import Answer, deliverable

_PANELS = torch.arange(-0.95, 0.951, 0.05, dtype=torch.float64)  # a mode is 0.02 wide
_PROMISED = ("r1", "r3gan")
"""Games with a proof of local convergence, which are judged by it."""
_KEPT = (25, 24, 20, 12, 5, 1)


@deliverable("modes", "Dropped modes",
             question="A generator may leave out whole parts of the data. What does it lose by that, and which games "
                      "leave out how much of 25 Gaussians when all have the same budget?")
def dropped_modes(context: Context) -> Answer:
    """The price of a mode in closed form, and eight games with several seeds."""
    found = every(context)
    return Answer(
        text=_text(found),
        figures=(_samples(context, found), _chart(context, found), _way(context, found)),
        tables=(_games(found), _prices()),
        results=_results(context, found),
        formula="q on m of K equal modes: V(G, D*) = (m/K) log m/(m + K) + log K/(m + K),   KL(q, p) = log K/m",
        source="Arjovsky & Bottou 2017, §2.2.2; Srivastava et al. 2017, §4.1; Mescheder et al. 2018; Huang et al. 2024",
    )


def kept(modes: int) -> Gaussians:
    """The grid's first modes alone."""
    whole = points("grid", 1, 0).density
    assert isinstance(whole, Gaussians)
    weights = torch.full((modes,), 1 / modes, dtype=torch.float64)
    return Gaussians(whole.means[:modes], whole.covariances[:modes], weights)


def price(modes: int, total: int = 25) -> float:
    """V(G, D*) where q has m of K modes that do not overlap."""
    return modes / total * math.log(modes / (modes + total)) + math.log(total / (modes + total))


def _results(context: Context, found: dict[str, list[Played]]) -> tuple[Result, ...]:
    whole = kept(25)
    results = []
    for modes in (24, 5):
        table = tabulate(whole.log_density, kept(modes).log_density, (_PANELS, _PANELS), nodes=8)
        results.append(near(Result(name=f"V(G, D*) with {modes} of 25 modes", value=best_value(table),
                                   known=price(modes), known_name="closed form"), 1e-5))
        if modes == 5:
            swapped = table._replace(log_p=table.log_q, log_q=table.log_p)
            results.append(near(Result(name="KL(q, p) with 5 of 25 modes", value=kullback_leibler(swapped),
                                       known=math.log(5), known_name="log 5"), 1e-5))
    fair = find(whole.sample(2500, generator(context.seed, 71))[0], whole)
    results.append(at_least(Result(name="modes found among fair draws", value=fair.modes, known=25, n=2500,
                                   known_name="all of them"), 25))
    results += [_found(game, runs) for game, runs in found.items()]
    results += [_gained(found, "modes", "modes found"), _gained(found, "good", "share of good points")]
    return tuple(results)


def _gained(found: dict[str, list[Played]], field: str, words: str) -> Result:
    """What R1 changes of the non-saturating game, seed by seed; more modes are what it is for."""
    apart = [getattr(one.found, field) - getattr(other.found, field)
             for one, other in zip(found["r1"], found["non-saturating"], strict=True)]
    gain = mean_interval(apart)
    result = Result(name=f"{words}: with R1 − without", value=gain.value, known=0.0, known_name="no difference",
                    n=gain.n, seeds=tuple(run.seed for run in found["r1"]),
                    interval=(gain.low, gain.high) if gain.n > 1 else None, formula="mean over seeds of differences")
    if field != "modes":
        return result
    limit = max(1.0, gain.value - gain.low)
    return at_least(replace(result, tolerance="at least one mode, and the interval lies above 0"), limit)


def _found(game: str, runs: list[Played]) -> Result:
    """The least over the seeds, judged for games that promise it."""
    result = Result(name=f"{said(game)}: modes found of 25, the least of {len(runs)} seeds",
                    value=min(run.found.modes for run in runs), known=25, known_name="fair draws",
                    n=runs[0].experiment.recipe.evaluation.samples, seeds=tuple(run.seed for run in runs))
    return at_least(result, 20) if game in _PROMISED else result


def _games(found: dict[str, list[Played]]) -> Table:
    rows = []
    for game, runs in found.items():
        each = [run.found for run in runs]
        good, spread = (_mean([getattr(one, name) for one in each]) for name in ("good", "spread"))
        even = _mean([one.shares.divergence if one.shares else math.inf for one in each])
        rows.append((said(game), ", ".join(str(one.modes) for one in each), ", ".join(str(one.touched) for one in each),
                     good, spread, even))
    count = next(iter(found.values()))[0].experiment.recipe.evaluation.samples
    fair = expected_divergence(kept(25).weights, round(count * fair_good()))
    rows.append(("fair draws", "25", "25", number(fair_good(), 3), number(fair_spread(), 3), number(fair, 2)))
    return Table(header=("game", "modes found", "modes touched", "good", "spread", "KL of shares"), rows=tuple(rows),
                 caption=f"{SEEDS} seeds, {number(count)} points each. Found: {ENOUGH:.0%} of the fair share of good "
                         f"points; touched: any; good: within {WITHIN:g} standard deviations of the nearest mean; "
                         "spread: their root mean square, in standard deviations; KL of the good points' shares from "
                         "even, in nats. Means over the seeds; ± is Student's 95 % interval over them.")


def _mean(values: list[float]) -> str:
    if not all(map(math.isfinite, values)):
        return number(math.inf)
    mean = mean_interval(values)
    if not math.isfinite(mean.low):
        return number(mean.value, 3)
    return measured(Result(name="", value=mean.value, interval=(mean.low, mean.high)))


def _prices() -> Table:
    rows = tuple((str(m), number(price(m), 5), number((price(m) + math.log(4)) / 2, 3),
                  number(math.log(25 / m), 3) if m < 25 else "0", "∞" if m < 25 else "0",
                  number(m / (m + 25), 3)) for m in _KEPT)
    return Table(header=("modes kept of 25", "V(G, D*)", "JSD", "KL(q, p)", "KL(p, q)", "D* at kept modes"),
                 rows=rows, caption="What it costs to leave modes out, in nats. At a kept mode D* is m/(m + 25), at "
                                    "others 1.")


@styled()
def _samples(context: Context, found: dict[str, list[Played]]) -> Figure:
    figure, axes = canvas(9.2, 4.9, 2, 4)
    for axis, (game, runs) in zip(axes, found.items(), strict=True):
        run = runs[0]
        drawn = run.experiment.draw(run.trained.networks, count=1500, seed=run.seed)
        scatter(axis, kept(25).means, size=26, color="#cfd5de", alpha=1.0)
        scatter(axis, drawn, size=1.6)
        plane(axis, [-1.05] * 2, [1.05] * 2, f"{said(game)}: {run.found.modes} of 25")
        axis.set(xticks=[], yticks=[])
        axis.grid(visible=False)
    return context.figure(
        figure, "modes-samples",
        caption="Points of every game's generator, first seed, on the 25 modes in grey, after the same number of "
                "updates.",
        alt=f"Eight scatter plots on a lattice of 25 grey dots, which the games fill: {_counts(found)}")


@styled()
def _chart(context: Context, found: dict[str, list[Played]]) -> Figure:
    figure, (axes,) = canvas(8.2, 3.9)
    for k, (game, runs) in enumerate(found.items()):
        axes.plot([run.found.modes for run in runs], [run.found.good for run in runs], MARKERS[k % len(MARKERS)],
                  color=COLORS[k % len(COLORS)], markersize=7, alpha=0.85, label=said(game))
    axes.plot([25], [fair_good()], "o", color=KNOWN, markersize=9, markerfacecolor="none", label="fair draws")
    axes.axvline(25, color=KNOWN, linewidth=1.0, linestyle=DASHED)
    axes.set(xlabel="modes found of 25", ylabel="share of good points", xlim=(-0.5, 26), ylim=(0, 1.03))
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return context.figure(
        figure, "modes-chart",
        caption="Modes against quality, one marker for each seed; fair draws in the upper right corner.",
        alt=f"A scatter plot of the share of good points over the modes found, which are: {_counts(found)}")


@styled()
def _way(context: Context, found: dict[str, list[Played]]) -> Figure:
    figure, (left, right) = canvas(9.6, 3.4, 1, 2)
    for k, (game, runs) in enumerate(found.items()):
        logs = [read_columns(run.trained.path / "evaluations.jsonl", ("step", "found", "good")) for run in runs]
        for axis, name in ((left, "found"), (right, "good")):
            mean = torch.tensor([log[name] for log in logs]).double().mean(0)
            axis.plot(logs[0]["step"], array(mean), color=COLORS[k % len(COLORS)], marker=MARKERS[k % len(MARKERS)],
                      label=said(game))
    left.set(xlabel="step", ylabel="modes found, mean of the seeds", ylim=(0, 26))
    right.set(xlabel="step", ylabel="share of good points")
    left.axhline(25, color=KNOWN, linewidth=1.0, linestyle=DASHED)
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return context.figure(
        figure, "modes-way", caption="Modes found and the share of good points over the steps, means of the seeds.",
        alt="Two panels of curves over the steps, one for each game: modes found, and the share of good points")


def _counts(found: dict[str, list[Played]]) -> str:
    return "; ".join(f"{said(game)} {', '.join(str(run.found.modes) for run in runs)}" for game, runs in found.items())


def _text(found: dict[str, list[Played]]) -> tuple[str, ...]:
    least = {game: min(run.found.modes for run in runs) for game, runs in found.items()}
    good = {game: sum(run.found.good for run in runs) / len(runs) for game, runs in found.items()}
    lost = (price(24) + math.log(4)) / 2
    return (
        "Let the data have K equal modes that do not overlap, and the generator only m of them, each drawn as it "
        "should be. Then D* = m/(m + K) at the modes that are kept and 1 at the others, and the objective is a number "
        f"that can be written down. To drop one mode of 25 costs {number(lost, 2)} nats of a Jensen–Shannon divergence "
        f"that could be {number(math.log(2), 3)}; the discriminator sees it as D* = {number(24 / 49, 3)} instead of ½ "
        "at all the modes that it is shown by the generator. KL(q, p), which the non-saturating loss follows less "
        "2 JSD (S4.3), is log 25/24. Only KL(p, q), what maximum likelihood follows, is infinite. And at a mode that "
        "has no fakes there is no fake whose gradient could say that it is missing: what brings points there is the "
        "slope of D from one mode to the next.",
        f"Eight games were played with the same networks, optimizer and number of updates. Without a penalty the "
        f"non-saturating loss, least squares and hinge found {least['non-saturating']}, {least['least-squares']} and "
        f"{least['hinge']} of 25 modes in their worst seed; with R1 the first of them found {least['r1']}, and the "
        f"relativistic loss with R1 and R2 (R3GAN) {least['r3gan']}. A penalty on the slope makes the discriminator "
        "change slowly from place to place, so that generated points can be pulled across the gaps. More modes are not "
        f"better points: of those of the non-saturating loss {good['non-saturating']:.0%} are good without the penalty "
        f"and {good['r1']:.0%} with it, {good['r3gan']:.0%} of R3GAN's, and of fair draws {fair_good():.0%}; who makes "
        "few modes has fewer gaps to cross, and the threads between modes hold points. This is one budget with one set "
        "of options, which suits some games better than others: it says what to expect at first, not what each of them "
        "can be brought to.",
        "Modes must be counted with care. A mode counts here from a quarter of its fair share of good points on. If "
        "any one point were enough, as is usual, noise that is uniform in the square would be said to cover the grid. "
        "And no count says whether the modes are equally often hit, or as wide as they should be, which is what the "
        "last two columns of the table are for.",
    )

