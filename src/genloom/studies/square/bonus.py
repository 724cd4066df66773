"""S2.21: a trained model outputs (4, 5.5), in several ways and after several failures."""

from typing import Any

import torch
from torch import Tensor

from genloom.report.figures import COLORS, GRAY, KNOWN, small_multiples, styled
from genloom.report.numbers import at_least, at_most, fixed, number
from genloom.report.plots import array, colorbar, plane, trajectory
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context, Trained
from genloom.studies.square.attempts import NOISY_STEPS, Attempt
from genloom.studies.square.class_samples import place
from genloom.studies.square.escape import SPREAD, TARGET, Bonus, bonus
from genloom.studies.square.runs import unconditional
from genloom.studies.square.setting import setting
from genloom.studies.study import Answer, deliverable

REACHED = 0.01
"""An attempt has succeeded that ends this near to the target."""


@deliverable("S2.21", "The point (4, 5.5)",
             question="Make a trained model output (4, 5.5), far from the square. How was it done, and which attempts "
                      "failed?")
def s2_21(context: Context) -> Answer:
    """Twelve attempts with their paths, what each of them chose, and what it cost."""
    free, here = unconditional(context), setting(context)
    found = context.once("S2.21", lambda: bonus(free, here, context.seed))
    target = torch.tensor(TARGET, dtype=torch.float64)
    return Answer(
        text=(
            _failed_text(found, target),
            _flow_text(found),
            _guided_text(found, target),
            _noise_text(found),
            _class_text(found, target),
        ),
        figures=[_figure(context, free, found, target)],
        tables=[_table(found, target)],
        results=_results(found, target),
        formula="flow: x_1 = Φ(y), Φ⁻¹(x_1) = y; noise: min Σ‖z_i‖² subject to x_0(z) = y; guidance: x̂0 + w(t)(y − x̂0)",
        source="Song et al. 2021, §4.3; Dhariwal & Nichol 2021; Gal et al. 2022",
    )


def _results(found: Bonus, target: Tensor) -> list[Result]:
    reached = [each for each in found.attempts if each.missed(target) <= REACHED]
    limits = {
        "inverse of the flow": 1e-3,
        "guided, rising pull": REACHED,
        "chosen noise": 1e-3,
        "a learned class": REACHED,
    }
    distances = [
        at_most(
            Result(
                name=f"distance from the target: {each.name}",
                value=each.missed(target),
                known=0.0,
                known_name="the target",
            ),
            limits[each.name],
        )
        for each in found.attempts
        if each.name in limits
    ]
    return [
        at_least(
            Result(
                name=f"ways that end within {REACHED:g} of the target",
                value=len(reached),
                n=len(found.attempts),
                known=3.0,
                known_name="asked of this item",
            ),
            3,
        ),
        *distances,
        at_most(
            Result(
                name="exact denoiser: encode and decode the target",
                value=found.round_trip,
                known=0.0,
                known_name="a bijection",
            ),
            1e-6,
        ),
    ]


def _table(found: Bonus, target: Tensor) -> Table:
    rows = []
    for each, density in zip(found.attempts, found.start_log_density, strict=True):
        missed = each.missed(target)
        noise = "none" if each.noise is None else f"{number(each.noise[0], 3)} (chance: {number(each.noise[1])})"
        rows.append((each.name, each.chosen, _far(each.path[0]), number(density, 3), noise, place(each.path[-1], 3),
                     number(missed, 2), "yes" if missed <= REACHED else "no"))
    return Table(
        header=("attempt", "what is chosen", "start", "log p_1(start)", "Σ‖z‖²", "output", "distance", "reached"),
        rows=tuple(rows),
        caption=f"An ordinary start has log p_1 of {fixed(found.ordinary, 2)} on average; “reached” is within "
        f"{REACHED:g}.",
    )


def _far(point: Tensor) -> str:
    return place(point, 2 if float(point.abs().max()) < 100 else 0)


def _of(found: Bonus, name: str) -> Attempt:
    return next(each for each in found.attempts if each.name == name)


def _density(found: Bonus, name: str) -> float:
    return next(value for each, value in zip(found.attempts, found.start_log_density, strict=True) if each.name == name)


def _failed_text(found: Bonus, target: Tensor) -> str:
    naive, adam, newton = (
        _of(found, name) for name in ("start at the target", "Adam on the start", "Newton on a far start")
    )
    far, few = _of(found, "start further out"), _of(found, "too few Euler steps")
    return (
        "The first thing that one tries fails: started at the target itself, the sampler ends at "
        f"{place(naive.path[-1])}. A good model brings everything home. Starting further out in the same direction "
        f"moves the output slowly ({place(far.path[-1])} at best), and the overshoot of too few Euler steps goes "
        f"anywhere ({place(few.path[-1])} at best). Adam on the coordinates of the start stalls at "
        f"{place(adam.path[-1])}, the corner of the square nearest to the target, where the gradient is almost "
        "gone: many starts end there. Newton's method inverts the sampler, steps and all, if it is begun at the far "
        f"start that came nearest: it ends {number(newton.missed(target), 1)} from the target. Its start is "
        f"{number(float(newton.path[0].norm()), 3)} away, log p_1 = {number(_density(found, newton.name), 3)}. "
        "Setting the last state to the target by hand is the trivial solution, and not counted."
    )


def _flow_text(found: Bonus) -> str:
    inverse = _of(found, "inverse of the flow")
    by_ddim = float((found.flow_by_ddim - torch.tensor(TARGET, dtype=torch.float64)).norm())
    return ("The exact way: the probability flow is a bijection, so that the target has one start, found by following "
            f"the flow from t = 0 to t = 1. It is {_far(inverse.path[0])}, {number(float(inverse.path[0].norm()), 3)} "
            f"from the origin, and the flow leads from it to {place(inverse.path[-1], 5)}; 1000 steps of DDIM from the "
            f"same start miss by {number(by_ddim, 2)}. That start has log p_1 = "
            f"{number(_density(found, inverse.name), 3)}: no random draw will ever find it. It must be so: a distance "
            "from the data is stretched by σ(1)/σ(0) = e⁵ = 148. With the exact denoiser the start is "
            f"{number(found.exact_start[0], 3)} away, log p_1 = {number(found.exact_start[1], 3)}, and the round trip "
            f"is exact to {number(found.round_trip, 1)}.")


def _guided_text(found: Bonus, target: Tensor) -> str:
    product, half, rising = (
        _of(found, name) for name in ("guided as a posterior", "guided, constant pull", "guided, rising pull")
    )
    return ("Guidance starts from an ordinary draw and changes the model instead. Guided as a posterior, by the score "
            f"of a Gaussian likelihood of width {SPREAD:g} around the target, it ends at {place(product.path[-1])}, "
            "between target and square. The exact posterior of the square would not leave it at all (its mean is "
            f"{place(found.posterior, 3)}): a product of densities is 0 where the data's is, and that the model gives "
            "way shows how weakly it forbids what it never saw. Pulling the estimate halfway to the target ends at "
            f"{place(half.path[-1])}; only a pull that rises to 1 − t → 1 and so overrules the model at the end "
            f"arrives, {number(rising.missed(target), 1)} from the target.")


def _noise_text(found: Bonus) -> str:
    noise = _of(found, "chosen noise")
    assert noise.noise is not None
    total, chance = noise.noise
    return (f"Chosen noise: from the same ordinary start, the {NOISY_STEPS} noises of DDPM's sampler that have the "
            f"smallest Σ‖z‖² among all that end at the target, by Gauss–Newton. Σ‖z‖² is {number(total, 3)} where "
            f"chance gives {number(chance)} ± {number((2 * chance) ** 0.5, 2)}; against the exact denoiser it takes "
            f"{number(found.exact_noise, 4)}. Half of that is {number(found.exact_noise / 2, 4)}, which is −log p_0 of "
            f"the target, the price that the flow's start paid as −log p_1 = {number(-found.exact_start[1], 4)}: "
            "freedom in the noise buys nothing, improbability has one price. The trained model is cheaper only because "
            "it has never learned to object out there.")


def _class_text(found: Bonus, target: Tensor) -> str:
    told, away = _of(found, "a learned class"), next(each for each in found.attempts if each.name.startswith("away"))
    norm, usual = found.vector
    return ("A learned class: with the conditional network frozen, Adam finds a class vector that takes an ordinary "
            f"start without any noise to {place(told.path[-1], 4)}, {number(told.missed(target), 1)} from the target. "
            f"Its norm is {fixed(norm, 1)}, that of trained classes at most {fixed(usual, 1)}: the improbability has "
            "moved into the vector. Guidance away from a known class leaves the square too, but ends at "
            f"{place(away.path[-1])}: it has a direction and no destination.")


@styled()
def _figure(context: Context, free: Trained, found: Bonus, target: Tensor) -> Figure:
    figure, axes = small_multiples(len(found.attempts), columns=4, size=2.55)
    shown = None
    for axis, each in zip(axes, found.attempts, strict=True):
        axis.add_patch(_square())
        path = each.path[:: max(1, len(each.path) // 250)]
        path = torch.cat([path, each.path[-1:]])
        shown = trajectory(axis, array(path), torch.linspace(1, 0, len(path)), width=1.8)
        axis.scatter(float(target[0]), float(target[1]), marker="x", s=62, color=COLORS[1], linewidths=2.2, zorder=6)
        missed = each.missed(target)
        verdict = "reached" if missed <= REACHED else f"missed by {number(missed, 2)}"
        plane(axis, (-3.2, -3.2), (7.0, 7.0))
        axis.set_title(
            f"{each.name}\n{verdict}", fontsize=9, color=COLORS[2] if missed <= REACHED else KNOWN, loc="left"
        )
        if float(path[0].abs().max()) > 7:
            axis.text(0.03, 0.04, f"from {_far(path[0])}", transform=axis.transAxes, fontsize=8, color="#5b6270")
    colorbar(figure, shown, axes, "time t")
    return context.figure(figure, "s2-21-paths", run=free,
                          caption="The path of each attempt to output (4, 5.5), the cross, from the start (square) to "
                                  "the output (ring). Gray: the data.",
                          alt="Small pictures of paths: some return to the square, others arrive at the cross")


def _square() -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((-1, -1), 2, 2, facecolor=GRAY, alpha=0.3, edgecolor="none", zorder=0.5)
