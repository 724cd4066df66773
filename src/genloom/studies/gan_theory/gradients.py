"""S4.3: what a generator learns from a discriminator that is nearly perfect, in closed form and on real networks."""

import math

import torch

from genloom.gan.losses import ADVERSARIAL, minimax, non_saturating
from genloom.gan.oracle import push
from genloom.report.figures import COLORS, MARKERS, canvas, styled
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import array, lines
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.gan_theory.overpowered import COUNT, Course, course, identity
from genloom.studies.gan_theory.pushes import TOWARDS, at_best, divergence_slope, naive, slope
from genloom.studies.gan_theory.value import THETAS, shift_fitted
from genloom.studies.study import Answer, deliverable
from genloom.studies.written.gan_theory import VANISHING

GAMES = ("non-saturating", "minimax", "least-squares", "hinge", "wasserstein", "relativistic")
_FAR = 6.0
_LOGITS = torch.linspace(-20, 20, 161, dtype=torch.float64)
_SURE = -20.0


@deliverable("S4.3", VANISHING.title, question=VANISHING.statement)
def vanishing(context: Context) -> Answer:
    """The slope of every loss, what a generator is pushed by at the best discriminator, and on trained networks."""
    found = context.once("course", lambda: course(context.seed))
    return Answer(
        derivation=VANISHING.steps,
        text=_text(found),
        figures=(_slopes(context), _pushes(context), _course_figure(context, found)),
        tables=(_table(),),
        results=_results(context, found),
        formula="∇_θ log(1 − D(G(z))) = −D(x) ∇_θ l(x),   ∇_θ (−log D(G(z))) = −(1 − D(x)) ∇_θ l(x),   x = G(z), "
                "l the logit of D",
        source=VANISHING.source,
    )


def _results(context: Context, found: Course) -> tuple[Result, ...]:
    at = torch.tensor([_SURE], dtype=torch.float64)
    sure = math.exp(_SURE) / (1 + math.exp(_SURE))
    results = [
        near(Result(name=f"slope of minimax at the logit {number(_SURE)} of a fake", value=float(slope(minimax, at)),
                    known=-sure, known_name="−D"), 1e-15),
        near(Result(name="the same of the non-saturating loss", value=float(slope(non_saturating, at)),
                    known=sure - 1, known_name="−(1 − D)"), 1e-12),
        Result(name="the same written as −log(sigmoid(l) + 10⁻⁸)", value=float(slope(naive, at)), known=sure - 1,
               known_name="−(1 − D)"),
    ]
    for theta in (1.0, 3.0, _FAR):
        saturating, other = at_best("minimax", theta), at_best("non-saturating", theta)
        results += [
            near(Result(name=f"minimax, push at D* and θ = {theta:g}", value=saturating, known=divergence_slope(theta),
                        known_name="d/dθ 2 JSD", formula="V(G, ·) is stationary at D*"), 1e-7),
            near(Result(name=f"non-saturating, push at D* and θ = {theta:g}", value=other,
                        known=theta - divergence_slope(theta), known_name="d/dθ [KL(q, p) − 2 JSD], KL = θ²/2"), 1e-7),
        ]
    results += _of_networks(context)
    own = (context.seed,)
    away, least, most = identity(context.seed), found.norms["minimax"][-1], found.norms["non-saturating"][-1]
    return (
        *results,
        near(Result(name="largest relative difference: minimax's gradient from the non-saturating one with weights "
                         "D/(1 − D)", value=away, known=0.0, known_name="the chain rule", n=512, seeds=own,
                    formula="of all parameters of a real generator, float64"), 1e-9),
        at_most(Result(name="networks: minimax's gradient over the non-saturating one when D is trained",
                       value=least / most, known=0.0, known_name="D/(1 − D) → 0", n=COUNT, seeds=own,
                       formula=f"norms over all parameters of the generator after {found.marks[-1]} steps of D alone"),
                0.05),
    )


def _of_networks(context: Context) -> list[Result]:
    """Pushes by trained discriminators where their draws overlap."""
    found = []
    for theta in (theta for theta in THETAS if theta <= 3):
        for game in ("minimax", "non-saturating"):
            known = at_best(game, theta)
            found.append(near(Result(
                name=f"{game}, push by a trained network at θ = {theta:g}", value=trained_push(context, game, theta),
                known=known, known_name="at D*", tolerance="within 15 %", seeds=(context.seed,)), 0.15 * known))
    return found


def trained_push(context: Context, game: str, theta: float) -> float:
    """The push by a trained network instead of D*."""
    fit = shift_fitted(context, theta)
    return push(ADVERSARIAL[game], fit.output, fit.table, TOWARDS)


def _table() -> Table:
    thetas = (0.5, 1.0, 2.0, 4.0, 6.0, 8.0)
    rows = tuple((game, *(number(at_best(game, theta), 3) for theta in thetas)) for game in GAMES)
    return Table(header=("game", *(f"θ = {theta:g}" for theta in thetas)), rows=rows,
                 caption="How hard N(θ, 1) is pushed towards N(0, 1) by the best discriminator of each game.")


@styled()
def _slopes(context: Context) -> Figure:
    figure, (axes,) = canvas(6.6, 3.5)
    series = {game: -slope(ADVERSARIAL[game].generator, _LOGITS) for game in ("non-saturating", "minimax")}
    lines(axes, _LOGITS, series, xlabel="logit of a fake (left: D is sure that it is one)", ylabel="−dℓ/dl")
    over = {"hinge, Wasserstein": ADVERSARIAL["hinge"].generator, "−log(sigmoid + 10⁻⁸)": naive}
    for k, (name, loss) in enumerate(over.items(), len(series)):  # dotted, as they lie on the others for half the way
        axes.plot(array(_LOGITS), -array(slope(loss, _LOGITS)), ":", color=COLORS[k], linewidth=2.4, label=name)
    axes.set_ylim(-0.05, 1.12)
    axes.legend(loc="center right")
    return context.figure(
        figure, "slopes",
        caption="How much of the discriminator's logit each loss passes on. Minimax passes on D, which is 0 where the "
                "discriminator is sure; the non-saturating loss passes on 1 − D.",
        alt="Curves over the logit: minimax falls from 1 on the right to 0 on the left, non-saturating the other way, "
            "hinge is 1 everywhere, and the naive form drops to 0 far on the left")


@styled()
def _pushes(context: Context) -> Figure:
    theta = torch.linspace(0.25, 8, 32, dtype=torch.float64)
    figure, (axes,) = canvas(7.2, 4.0)
    for k, game in enumerate(GAMES):
        axes.plot(array(theta), [at_best(game, t) for t in theta.tolist()], color=COLORS[k], label=game)
    for game in ("minimax", "non-saturating"):
        k = GAMES.index(game)
        axes.plot(THETAS, [trained_push(context, game, t) for t in THETAS], MARKERS[k], color=COLORS[k],
                  markeredgecolor="white", label=f"{game}, trained D")
    axes.set(xlabel="distance θ of the means in standard deviations: the further, the surer D*", yscale="log",
             ylabel="push towards the data", ylim=(1e-5, 20))
    axes.legend(ncols=2, loc="lower left")
    return context.figure(
        figure, "pushes",
        caption="How hard a generator that can only be shifted is pushed towards the data by the best discriminator of "
                "each game, by quadrature, and by trained networks as markers.",
        alt="Curves over the distance on a logarithmic axis: minimax, least squares and hinge fall to nothing, the "
            "Wasserstein critic stays at 1, the non-saturating and relativistic ones grow")


@styled()
def _course_figure(context: Context, found: Course) -> Figure:
    figure, (left, right) = canvas(9.2, 3.7, 1, 2)
    for axis, shown, name in ((left, found.norms, "‖gradient of the generator‖"),
                              (right, found.apart, "pairs told apart")):
        for k, (loss, values) in enumerate(shown.items()):
            axis.plot(found.marks, values, color=COLORS[k], marker=MARKERS[k], label=loss)
        axis.set(xlabel="steps of the discriminator, the generator fixed", ylabel=name, xscale="log")
    left.set_yscale("log")
    right.set_ylim(0.35, 1.02)
    right.legend(loc="lower right")
    return context.figure(
        figure, "course",
        caption="A real generator is held fixed while discriminators are trained against it, each by its own loss: the "
                "norm of the generator's gradient, and how many pairs of a real and a fake point are told apart.",
        alt=f"Left, on logarithmic axes, the norm of each game's gradient, at the end {_ends(found)}; right, the share "
            "of pairs told apart")


def _ends(found: Course) -> str:
    return ", ".join(f"{name} {number(values[-1], 2)}" for name, values in found.norms.items())


def _text(found: Course) -> tuple[str, ...]:
    norms = found.norms
    return (
        "The printed answer says that the gradient becomes zero. How small it is can be said exactly where the "
        "densities are known. A generator that can only be shifted, q = N(θ, 1) against p = N(0, 1), is pushed by "
        f"d/dθ 2 JSD: {number(at_best('minimax', 1.0), 3)} at θ = 1, {number(at_best('minimax', _FAR), 2)} at θ = 6 "
        f"and {number(at_best('minimax', 8.0), 2)} at θ = 8, since the divergence itself comes to its ceiling log 2 "
        "and is flat there. The non-saturating loss pushes by θ minus that, as it follows KL(q, p) − 2 JSD. "
        "Trained discriminators push as D* does where draws of both kinds are near; at θ = 6, where between them "
        "hardly any are, their logit is flatter than log p − log q, and so is the push.",
        "It is not the logarithm's fault alone. The best discriminators of least squares and of the hinge loss are "
        "flat where the fakes are, at 0 and at −1, and push as little: "
        f"{number(at_best('least-squares', _FAR), 2)} and {number(at_best('hinge', _FAR), 2)} at θ = 6. What helps is "
        "a logit that goes on rising towards the data, or a bound on the slope that forbids the jump: the critic of W₁ "
        "pushes by 1 from any distance.",
        "On real networks a generator was held fixed while discriminators were trained against it. After "
        f"{found.marks[-1]} steps minimax has a gradient of {number(norms['minimax'][-1], 2)}, and the non-saturating "
        f"loss, from the same discriminator, one of {number(norms['non-saturating'][-1], 2)}. With R1 it is "
        f"{number(norms['non-saturating + R1'][-1], 2)}: the penalty keeps the logit from growing. Least squares and "
        f"the hinge loss are left {number(norms['least squares'][-1], 2)} and {number(norms['hinge'][-1], 2)} in as "
        "many steps: their best discriminators are flat at the fakes, but a network that is trained so far is not yet. "
        "Norms of different games are not on one scale; what is to be compared is how each of them changes. This is "
        "one generator with one seed.",
    )
