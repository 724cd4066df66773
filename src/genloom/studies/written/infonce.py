"""S4.11: InfoNCE and mutual information, on normal pairs whose information is known."""

import math
from functools import partial

import numpy as np
import torch
from torch import Tensor

from genloom.metrics.interval import Interval, mean_interval
from genloom.metrics.mutual_information import NormalPairs, sampled_information
from genloom.report import results as report
from genloom.report.figures import COLORS, DASHED, KNOWN, MARKERS, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.results import Figure, Result
from genloom.studies.context import Context
from genloom.studies.written.proof import Checked, Written
from genloom.studies.written.scores import (
    BATCH,
    CANDIDATES,
    DIMENSIONS,
    RANDOM,
    RHO,
    Trained,
    by_guess,
    shown_by_any_score,
    trained,
    two_candidates,
    weights_of_any_score,
)

COUNTS = (2, 8, 32, 128, 512)
"""Candidates N among which a pair is to be found."""
NATS = (0.5, 1.0, 2.0, 4.0)
"""Informations at which the numbers are looked at one by one."""
STEPS = 500
_PAIRS = 8192  # of each estimate
_MISSING = 0.05  # nats that a trained network may lack of the best scores
_WIDE = 8.0  # nats, far beyond what so few candidates can show


def check(context: Context, *, steps: int = STEPS, pairs: int = _PAIRS) -> Checked:
    """The bound with the best scores, with trained ones and with bad ones; `pairs` are drawn for each estimate."""
    seed = context.seed
    best = {(nats, count): _best(nats, count, pairs, seed) for nats in NATS for count in COUNTS}
    learned = [trained(nats, steps, seed) for nats in (*NATS, _WIDE)]
    guesses = torch.linspace(0, 0.95, 39, dtype=torch.float64)
    shown = by_guess(guesses, pairs, seed)
    return Checked(
        results=(*_exact(seed, pairs), *_inside(best, pairs), *_learned(learned), *_any(seed, pairs, guesses, shown)),
        figures=(_curves(context, learned, pairs), _guess_figure(context, guesses, shown)),
        tables=(_table(best),),
        text=(
            f"Normal vectors of {DIMENSIONS} numbers have the information I = −½ Σ log(1 − ρ²), so everything beside a "
            "network's number is known. With the best scores the bound comes near to I once N is many times exp(I), "
            f"and with I = {_WIDE:g} nats and {BATCH} candidates a network shows {number(learned[-1].shown.value, 3)}, "
            f"just below the ceiling log {BATCH} = {number(math.log(BATCH), 3)}: a small loss says that the "
            "information is at least so large, and a loss near 0 says no more than that it is log N or more.",
            "The sentence is true of the bound and of no more. The information of the data is what it is; what rises "
            "is the bound, and with it what can be shown of the information that the two encoders keep. That they keep "
            "what a later task needs is another question, which S4.9 and S4.12 put."))


def _best(nats: float, count: int, pairs: int, seed: int) -> Interval:
    return mean_interval(sampled_information(NormalPairs.of_information(nats, DIMENSIONS), count,
                                             max(2, pairs // count), seed))


def _exact(seed: int, pairs: int) -> list[Result]:
    """N = 2, where the bound is an integral of three variables."""
    found = []
    for rho in (0.5, 0.9):
        drawn = mean_interval(sampled_information(NormalPairs([rho]), 2, pairs, seed))
        exact = two_candidates(rho)
        error = (drawn.high - drawn.low) / 3.92
        found.append(near(Result(
            name=f"log 2 − L with the best scores, N = 2, ρ = {rho:g}, on draws", value=drawn.value, known=exact,
            known_name="the same by quadrature", interval=(drawn.low, drawn.high), n=2 * pairs, unit="nats",
            seeds=(seed,), formula="E log 2 r₁/(r₁ + r₂)", tolerance="within 4 standard errors"), 4 * error))
        information = NormalPairs([rho]).information
        found.append(at_most(Result(name=f"the same by quadrature, ρ = {rho:g}", value=exact, known=information,
                                    known_name="I = −½ log(1 − ρ²)", unit="nats",
                                    tolerance="never above the information"), information))
    return found


def _inside(best: dict[tuple[float, int], Interval], drawn: int) -> list[Result]:
    """The best scores lie between what Jensen's inequality grants and the smaller of I and log N."""
    found = []
    for nats in NATS:
        pairs, rows = NormalPairs.of_information(nats, DIMENSIONS), []
        for count in COUNTS:
            each = best[nats, count]
            error = 4 * (each.high - each.low) / 3.92
            rows.append(pairs.lower_end(count) - error <= each.value <= min(nats, math.log(count)) + error)
        found.append(at_least(Result(
            name=f"I = {nats:g}: numbers of candidates N for which log N − L lies where it must", value=sum(rows),
            known=len(rows), known_name=f"all of N = {', '.join(map(str, COUNTS))}", n=drawn,
            formula="I − log(1 + χ²/N) ≤ log N − L ≤ min(I, log N)",
            tolerance="all, each within 4 standard errors"), len(rows)))
    return found


def _learned(each: list[Trained]) -> list[Result]:
    found = []
    for one in each:
        ceiling = min(one.nats, math.log(BATCH))
        name = f"I = {one.nats:g}, N = {BATCH}, scores of trained networks"
        found.append(at_most(Result(
            name=f"{name}: log N − L", value=one.shown.value, known=ceiling, unit="nats", n=64 * BATCH,
            known_name="min(I, log N)", interval=(one.shown.low, one.shown.high),
            tolerance="at most this, within its interval"), ceiling + one.shown.high - one.shown.value))
    found += [at_most(Result(
        name=f"I = {one.nats:g}: what they lack of the best scores", value=one.short.value, known=0.0,
        known_name="the density ratio, on the same draws", unit="nats", n=64 * BATCH,
        interval=(one.short.low, one.short.high)), _MISSING) for one in each[:-1]]
    full = each[-1]
    return [*found, at_least(Result(
        name=f"I = {full.nats:g}: share of the ceiling that is reached", value=full.shown.value / math.log(BATCH),
        known=1.0, known_name=f"log {BATCH}, with {full.nats:g} nats to be found"), 0.9)]


def _any(seed: int, pairs: int, guesses: Tensor, shown: Tensor) -> list[Result]:
    weights = weights_of_any_score(seed, pairs)
    mean = mean_interval(weights)
    at = float(guesses[shown.argmax()])
    highest = float(shown_by_any_score(seed, 64).max())
    step = float(guesses[1] - guesses[0])
    return [
        near(Result(name=f"mean weight N exp(s₁)/Σ exp(sⱼ) of {RANDOM} random scores, independent x and y",
                    value=mean.value, known=1.0, known_name="1 for every score, by symmetry",
                    interval=(mean.low, mean.high),
                    n=RANDOM * pairs, tolerance="within 4 standard errors"), 4 * (mean.high - mean.value) / 2.02),
        at_most(Result(name=f"the most that one of {RANDOM} random scores shows of 1 nat, N = 32", value=highest,
                       known=1.0, known_name="I; a bad score shows less, and may show less than nothing",
                       unit="nats"), 1.0),
        near(Result(name="the correlation whose scores show most, where the truth is 0.8", value=at, known=RHO,
                    known_name="the density ratio is the best score", n=pairs,
                    tolerance="within two steps of 0.025 of the grid"), 2 * step + 1e-9)]


def _table(best: dict[tuple[float, int], Interval]) -> report.Table:
    rows = []
    for nats in NATS:
        pairs = NormalPairs.of_information(nats, DIMENSIONS)
        rows += [(number(nats, 2), str(count), number(max(0.0, pairs.lower_end(count)), 3),
                  f"{best[nats, count].value:.3f}", number(math.log(count), 3)) for count in COUNTS]
    return report.Table(
        header=("I", "N", "at least", "log N − L, best scores", "log N"), rows=tuple(rows),
        caption="In nats. At least: I − log(1 + χ²/N), or 0 where that is less. The best scores are the logarithm of "
                "p(x, y)/(p(x) p(y)).")


@styled()
def _curves(context: Context, learned: list[Trained], pairs: int) -> Figure:
    figure, (axes,) = canvas(7.0, 4.0)
    grid = np.linspace(0, _WIDE, 17).tolist()
    for k, count in enumerate(COUNTS):
        draw = partial(_best, count=count, pairs=max(pairs // 2, 4 * count), seed=context.seed)
        axes.plot(grid, [draw(nats).value if nats else 0.0 for nats in grid], color=COLORS[k], label=f"N = {count}")
        axes.axhline(math.log(count), color=COLORS[k], linewidth=0.8, linestyle=DASHED)
    axes.plot((0, 6.6), (0, 6.6), color=KNOWN, linewidth=1.1, linestyle=DASHED, label="I itself")
    axes.plot([one.nats for one in learned], [one.shown.value for one in learned], MARKERS[1], color=COLORS[3],
              markeredgecolor=KNOWN, markeredgewidth=0.6, label=f"trained networks, N = {BATCH}")
    axes.set(xlabel="mutual information I of the pairs, nats", ylabel="log N − InfoNCE, nats", ylim=(-0.1, 6.9))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return context.figure(
        figure, "infonce",
        caption="What the loss shows of the information: with the best scores for several numbers of candidates, each "
                "below I and below its ceiling log N (dashed), and with scores that networks learned.",
        alt="Five curves leave the diagonal one after the other and flatten below horizontal dashed lines; squares of "
            "trained networks lie on the curve of 128 candidates")


@styled()
def _guess_figure(context: Context, guesses: Tensor, shown: Tensor) -> Figure:
    figure, (axes,) = canvas(6.0, 3.3)
    axes.plot(guesses.tolist(), shown.tolist(), color=COLORS[0], label=f"shown by the scores of ρ′, N = {CANDIDATES}")
    axes.axhline(NormalPairs([RHO]).information, color=KNOWN, linewidth=1.1, linestyle=DASHED,
                 label="I of the pairs, ρ = 0.8")
    axes.axvline(RHO, color=KNOWN, linewidth=0.8, linestyle=(0, (1, 2)))
    axes.set(xlabel="correlation ρ′ that the scores suppose", ylabel="log N − InfoNCE, nats", ylim=(-0.4, 0.6))
    axes.legend(loc="lower left")
    return context.figure(
        figure, "infonce-scores",
        caption="Scores that suppose a wrong correlation show less; least loss is at the truth.",
        alt="A curve that rises to its maximum at the dotted line of the true correlation, stays below the dashed line "
            "of the information, and then falls")


INFONCE = Written(
    number="S4.11",
    title="InfoNCE and mutual information",
    statement="True or false: whoever minimises the InfoNCE loss maximises a lower bound of the mutual information.",
    derivation=(
        r"True. Let $x$ and $y$ have the density $p(x, y)$. A pair $(x, y_1)$ is drawn from it, and $N - 1$ other "
        r"candidates $y_2, \dots, y_N$ from $p(y)$, independent of the pair. A score $s(x, y)$, any function, has the "
        r"loss",
        r"$$L(s) = -\mathbb{E} \log \frac{e^{s(x, y_1)}}{\sum_{j=1}^{N} e^{s(x, y_j)}} .$$",
        r"Let $P$ be the law of these draws, and $Q$ the one in which $y_1$ too is drawn from $p(y)$ without regard "
        r"to $x$. Their densities are $p(x, y_1) \prod_{j \ge 2} p(y_j)$ and $p(x) \prod_{j \ge 1} p(y_j)$; in the "
        r"ratio the other candidates cancel, so that the divergence of the two laws is the mutual information:",
        r"$$\mathrm{KL}(P, Q) = \mathbb{E}_P \log \frac{p(x, y_1)}{p(x) \, p(y_1)} = I(x; y) .$$",
        r"Write $w = N e^{s(x, y_1)} / \sum_j e^{s(x, y_j)}$, so that $\mathbb{E}_P \log w = \log N - L(s)$. Under "
        r"$Q$ all $N$ candidates are drawn alike, so the $N$ shares $e^{s(x, y_k)} / \sum_j e^{s(x, y_j)}$ have equal "
        r"means; they add up to 1, so each has the mean $1/N$, and",
        r"$$\mathbb{E}_Q \, w = N \cdot \frac{1}{N} = 1 .$$",
        r"Since $w > 0$, $w Q$ is therefore a probability law, and the divergence of $P$ from it is not negative, by "
        r"Gibbs' inequality:",
        r"$$\begin{align*} 0 \le \mathrm{KL}(P, w Q) &= \mathbb{E}_P \log \frac{P}{Q} - \mathbb{E}_P \log w \\ &= "
        r"I(x; y) - \left( \log N - L(s) \right) . \end{align*}$$",
        r"So $I(x; y) \ge \log N - L(s)$ for every score, a trained one, a bad one or a random one. $N$ is fixed "
        r"while $L$ is minimised, so the least loss is the greatest bound, which was claimed. Where the score sees "
        r"$x$ and $y$ through two encoders $f$ and $g$ alone, it is a score of $f(x)$ and $g(y)$, and the bound holds "
        r"for $I(f(x); g(y))$, which is at most $I(x; y)$.",
        r"The best score. Let the pair stand at a random place $K$ among the candidates. With $r(x, y) = p(x, y) / "
        r"(p(x) p(y))$ the density of $x$ and all candidates given $K = k$ is $p(x) \prod_j p(y_j) \cdot r(x, y_k)$, "
        r"so by Bayes' formula the place is $k$ with probability $r(x, y_k) / \sum_j r(x, y_j)$. $L$ is the "
        r"cross-entropy of the softmax of the scores with these probabilities, and a cross-entropy is least where "
        r"both agree: for",
        r"$$s(x, y) = \log \frac{p(x, y)}{p(x) \, p(y)} + c(x)$$",
        r"with any function $c$ of $x$ alone.",
        r"How near the bound comes. With the best score, $w = r(x, y_1) / \frac{1}{N} \sum_j r(x, y_j)$. Its "
        r"logarithm has the mean $I - \mathbb{E}_P \log \frac{1}{N} \sum_j r(x, y_j)$, and Jensen's inequality takes "
        r"the second mean into the logarithm, where $\mathbb{E}_P \, r(x, y_j) = 1$ for $j \ge 2$ and $\mathbb{E}_P "
        r"\, r(x, y_1) = 1 + \chi^2$ defines $\chi^2$. On the other side a share is at most 1, so that $w \le N$ for "
        r"every score. Together:",
        r"$$I - \log \left( 1 + \frac{\chi^2}{N} \right) \le \log N - L \le \min(I, \log N) .$$",
        r"So the bound is tight for $N \to \infty$, and no loss shows more than $\log N$, however much there is. For "
        r"standard normal pairs with correlations $\rho_k$, $I = -\frac{1}{2} \sum_k \log(1 - \rho_k^2)$ and $1 + "
        r"\chi^2 = \prod_k 1/(1 - \rho_k^2) = e^{2I}$: all that is measured below has its known answer.",
    ),
    source="problem 3.3; van den Oord et al. 2018, section 2.3 and appendix A; Poole et al. 2019, section 2.3; the "
           "normal pairs and the ends of the bound are worked out here",
    carried=(("nn.contrastive.info_nce", "nn/test_contrastive.py::test_no_score_shows_more_than_the_information"),
             ("metrics.mutual_information.NormalPairs",
              "metrics/test_mutual_information.py::test_the_log_ratio_is_that_of_the_densities")),
    check=check,
)
"""S4.11: true; what the bound is and how near it comes."""
