"""How a model of points is judged: every number beside the oracle, or beside what data give against data."""

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from genloom.data.density import Boxes
from genloom.diffusion.oracle.bayes import Measured, bayes_loss
from genloom.diffusion.times import TimeLaw, time_law
from genloom.metrics.c2st import neighbour_test
from genloom.metrics.energy import energy_distance, energy_test
from genloom.metrics.floor import Floor, Metric, fresh_floor
from genloom.metrics.interval import mean_interval
from genloom.metrics.region import region_accuracy
from genloom.metrics.sliced import sliced_wasserstein
from genloom.recipes.points_parts import OfPoints, make_data
from genloom.report.numbers import at_least, at_most, near
from genloom.report.results import Result
from genloom.rng import fold, generator
from genloom.training.method import Networks

if TYPE_CHECKING:
    from genloom.recipes.build_points import PointsExperiment

LOSS_TOLERANCE = 0.004
"""How far above the Bayes optimum the loss of a good model may lie."""
_BLOCK = 50_000
_CLOUD_POINTS = 16_384  # points for the loss where the exact denoiser is a sum over thousands of points


class Draws(NamedTuple):
    """One sampling seed's points beside fresh data of the same size."""

    seed: int
    points: Tensor
    labels: Tensor | None
    data: Tensor


def judge_all(experiment: "PointsExperiment", networks: Networks) -> tuple[Result, ...]:
    """Every metric that applies to a model of points."""
    draws = [draw_beside(experiment, networks, seed) for seed in range(experiment.recipe.evaluation.seeds)]
    found = [judge_loss(experiment, networks), judge_energy(experiment, draws), judge_p_values(experiment, draws),
             judge_sliced(experiment, draws), judge_classifier(draws)]
    if isinstance(experiment.data.density, Boxes) and draws[0].labels is not None:
        found.append(judge_regions(experiment.data.density, draws))
    return (*found, Result(name="terminal SNR α(1)²/σ(1)²", value=experiment.schedule.terminal_snr,
                           formula="what is left of the data's signal where sampling starts"))


def draw_beside(experiment: OfPoints, networks: Networks, seed: int) -> Draws:
    """One sampling seed's points and as many fresh points of the data's distribution."""
    count = experiment.recipe.evaluation.samples
    labels = experiment.labels_for(count, seed)
    points = experiment.draw(networks, count=count, seed=seed, labels=labels)
    return Draws(seed, points, labels, fresh(experiment, count, seed))


def fresh(experiment: OfPoints, count: int, seed: int) -> Tensor:
    """Points that were not trained on; of a file, where nothing new can be drawn, a random choice of its own."""
    if experiment.recipe.data.pattern != "file":
        return make_data(experiment.recipe.data, seed=fold(experiment.recipe.data.seed, 2, seed), count=count).points
    own = experiment.data.points
    return own[torch.randperm(len(own), generator=generator(seed, 3))[:count]]


def judge_loss(experiment: "PointsExperiment", networks: Networks) -> Result:
    """The loss on fresh data: the Bayes optimum plus the squared distance from the exact denoiser."""
    conditional = experiment.data.labels is not None
    count = _loss_points(experiment)
    optimum = least_noise_loss(experiment, conditional)
    gap = loss_gap(experiment, networks, count)
    value, half = optimum.value + gap.value, 1.96 * (gap.stderr**2 + optimum.stderr**2) ** 0.5
    result = Result(
        name="ε loss on fresh data", value=value, known=optimum.value, known_name="Bayes optimum, exact denoiser",
        interval=(value - half, value + half), n=count, seeds=(0,),
        formula="E‖ε − ε̂(x_t, t)‖²/D = Bayes + E‖ε̂ − E[ε|x_t]‖²/D", source="E[ε|x_t] is a projection")
    if experiment.data.density is None:
        return result  # the exact denoiser of a cloud of points knows these points, which no model should
    return near(result, LOSS_TOLERANCE)


def least_noise_loss(experiment: "PointsExperiment", conditional: bool) -> Measured:
    """The Bayes optimum over the recipe's training times, of a denoiser that is told the class or is not."""
    if conditional not in experiment.optima:
        balanced = 1 << (_loss_points(experiment) - 1).bit_length()  # Sobol points are even for powers of 2 alone
        experiment.optima[conditional] = bayes_loss(experiment.oracle, balanced, conditional=conditional,
                                                    times=_law(experiment))
    return experiment.optima[conditional]


def _loss_points(experiment: "PointsExperiment") -> int:
    count = experiment.recipe.evaluation.loss_points
    return count if experiment.data.density else min(count, _CLOUD_POINTS)


def loss_gap(experiment: "PointsExperiment", networks: Networks, count: int, seed: int = 0) -> Measured:
    """E‖ε̂ − E[ε|x_t]‖²/D over fresh data, noise and the recipe's training times: loss minus Bayes optimum."""
    network = networks["denoiser"]
    device = next(network.parameters()).device
    random = generator(seed, 4)
    law, found = _law(experiment), []
    for start in range(0, count, _BLOCK):
        rows = min(_BLOCK, count - start)
        x0, labels = experiment.oracle.draw(rows, random)
        t = law(torch.rand(rows, generator=random))
        eps = torch.randn(x0.shape, generator=random, dtype=torch.float64)
        level = experiment.schedule.level(t)
        x = (torch.as_tensor(level.alpha)[:, None] * x0 + torch.as_tensor(level.sigma)[:, None] * eps).float()
        exact = (experiment.oracle if labels is None else experiment.oracle.with_labels(labels))(x, t).eps
        told = None if labels is None else labels.to(device)
        with torch.no_grad():
            believed = experiment.denoiser(networks, told)(x.to(device), t.to(device)).eps.cpu()
        found.append((believed - exact).double().square().mean(1))
    each = torch.cat(found)
    return Measured(each.mean().item(), each.std().item() / count**0.5)


def judge_energy(experiment: OfPoints, draws: list[Draws]) -> Result:
    """The mean energy distance of samples from data beside that of data from data."""
    values = [energy_distance(d.points, d.data) for d in draws]
    floor = _floor(experiment, energy_distance, len(draws[0].data))
    result = _beside_floor("energy distance to fresh data", values, floor, draws)
    return at_most(result, floor.high) if floor else result


def judge_p_values(experiment: OfPoints, draws: list[Draws]) -> Result:
    """How many seeds the energy test cannot tell from the data."""
    tests = [energy_test(d.points, d.data, permutations=experiment.recipe.evaluation.permutations, seed=d.seed)
             for d in draws]
    passed = sum(test.p_value > 0.05 for test in tests)
    result = Result(name="share of seeds whose energy test has p > .05", value=passed / len(tests), known=0.95,
                    known_name="data against data", n=len(draws[0].data), seeds=tuple(d.seed for d in draws),
                    formula=f"p = {', '.join(f'{test.p_value:.3f}' for test in tests)}",
                    source="Székely & Rizzo 2013, permutation test")
    return at_least(result, 0.85 if len(tests) >= 20 else 0.5)


def judge_sliced(experiment: OfPoints, draws: list[Draws]) -> Result:
    """The mean sliced Wasserstein distance beside its floor."""
    values = [sliced_wasserstein(d.points, d.data) for d in draws]
    floor = _floor(experiment, sliced_wasserstein, len(draws[0].data))
    result = _beside_floor("sliced Wasserstein-2 distance to fresh data", values, floor, draws)
    return at_most(result, floor.high) if floor else result


def judge_classifier(draws: list[Draws]) -> Result:
    """The accuracy of a classifier of samples against data."""
    tests = [neighbour_test(d.points, d.data, seed=d.seed) for d in draws]
    interval = mean_interval([test.value for test in tests])
    result = Result(name="accuracy of a classifier, samples against data", value=interval.value, known=0.5,
                    known_name="indistinguishable", interval=(interval.low, interval.high) if len(tests) > 1 else None,
                    n=len(draws[0].data), seeds=tuple(d.seed for d in draws), source="Lopez-Paz & Oquab 2017, §3",
                    tolerance="not above 1/2 by more than chance gives in 95 % of cases")
    chance = sum(test.high - test.low for test in tests) / 2 / len(tests) ** 1.5
    return at_most(result, 0.5 + chance)


def judge_regions(density: Boxes, draws: list[Draws]) -> Result:
    """The share of samples in the region of the class they were asked for."""
    assert density.labels is not None
    points = torch.cat([d.points for d in draws])
    labels = torch.cat([d.labels for d in draws if d.labels is not None])
    share = region_accuracy(points, labels, density.low, density.high, density.labels).overall
    result = Result(name="samples inside the region of their class", value=share.value, known=1.0,
                    known_name="every training point", interval=(share.low, share.high), n=len(points),
                    seeds=tuple(d.seed for d in draws), source="95 % Wilson interval")
    return at_least(result, 0.9)


def _law(experiment: "PointsExperiment") -> TimeLaw:
    """The recipe's training times; uniform ones where it prefers some, so that losses of recipes can be compared."""
    name = experiment.recipe.diffusion.times
    return time_law(name if name in ("table", "levels") else "uniform", experiment.schedule,
                    count=experiment.recipe.diffusion.levels)


def _floor(experiment: OfPoints, metric: Metric, count: int) -> Floor | None:
    if experiment.recipe.data.pattern == "file":
        return None
    return fresh_floor(metric, lambda n, seed: fresh(experiment, n, fold(seed, 5)), count, pairs=20)


def _beside_floor(name: str, values: list[float], floor: Floor | None, draws: list[Draws]) -> Result:
    interval = mean_interval(values)
    beside = f"data against data (95 %: {floor.low:.2g} to {floor.high:.2g})" if floor else ""
    return Result(name=name, value=interval.value, known=floor.mean if floor else None, known_name=beside,
                  interval=(interval.low, interval.high) if len(values) > 1 else None,
                  n=len(draws[0].data), seeds=tuple(d.seed for d in draws))
