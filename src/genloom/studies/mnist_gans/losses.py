"""S0.13 and S0.15: the losses of the vanilla and of the least-squares GAN, at points where their values are known."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from genloom.gan.losses import cross_entropy, minimax, non_saturating, square, squares
from genloom.report.figures import canvas
from genloom.report.numbers import near, number
from genloom.report.plots import lines
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

Loss = Callable[[Tensor], Tensor]

_POINTS, _SCORES = (-20.0, -2.0, 0.0, 2.0, 20.0), (-2.0, 0.0, 0.5, 1.0, 3.0)
_SURE = -20.0
_SHARES = (0.1, 0.5, 0.9)  # p/(p + q) at which the best discriminator is looked at


@deliverable("S0.13", "Losses of the vanilla GAN",
             question="Implement discriminator_loss and generator_loss of the vanilla GAN.")
def vanilla(context: Context) -> Answer:
    """Binary cross-entropy on logits, and the generator's loss that does not saturate."""
    found = slope(non_saturating, _SURE)
    return Answer(
        text=(
            "With D = σ(l) the two terms are −log D = softplus(−l) and −log(1 − D) = softplus(l), which are exact at "
            "any logit. The discriminator's loss is their sum over real ones and fakes, each a mean over its batch; it "
            f"is log 4 = {math.log(4):.4f} where it tells nothing, D = ½. Fakes are held fixed for it.",
            "The generator maximises log D(G(z)), Eq. 2, in place of minimising log(1 − D(G(z))), Eq. 1. Both have the "
            f"same sign, but at a logit of {number(_SURE)}, a fake that D is sure of, the slope of the first is "
            f"{number(found, 3)} and that of the second {number(slope(minimax, _SURE), 2)}: nothing to learn from.",
            "Taken as log(σ(l) + 1e−8), as it is often written to avoid log 0, even the first has only the slope "
            f"{number(slope(guarded, _SURE), 2)} there.",
        ),
        figures=(_slopes(context, {"−log(σ(l) + 1e−8)": guarded, "minimax": minimax, "non-saturating": non_saturating},
                         "slopes-vanilla"),),
        tables=(_table({"−log D (real)": non_saturating, "−log(1 − D) (fake)": lambda fake: -minimax(fake),
                        "log(1 − D), minimax": minimax}),),
        results=_vanilla_results(),
        formula="ℓ_D = −E log D(x) − E log(1 − D(G(z))),   ℓ_G = −E log D(G(z))",
        source="problem text, Eq. 2 and 3; Goodfellow et al. 2014, §3",
    )


@deliverable("S0.15", "Losses of the LS-GAN", question="Implement ls_discriminator_loss and ls_generator_loss.")
def least_squares(context: Context) -> Answer:
    """Squared distances of the score itself, without a sigmoid."""
    return Answer(
        text=(
            "D is here the last layer's output itself: there is no sigmoid, and the score may lie outside [0, 1]. Real "
            "ones are drawn to 1 and fakes to 0 by the discriminator; fakes to 1 by the generator.",
            "The slope of the generator's loss is D − 1: it grows with the distance from 1 and vanishes at 1 alone. "
            "Above 1, where the cross-entropy has hardly a slope left, fakes that are taken for more than real are "
            "drawn back.",
            "For densities p of real ones and q of fakes the best score at a point is p/(p + q), the same as the best "
            "probability of the vanilla GAN: the loss is the squared error of a regression on real or fake. Where "
            "nothing is told apart that score is ½, and ℓ_D is ¼.",
        ),
        figures=(_slopes(context, {"least squares": square, "non-saturating": non_saturating}, "slopes-squares"),),
        tables=(_table({"½ (D − 1)² (real, and generator)": square, "½ D² (fake)": lambda s: s.square().mean() / 2},
                       _SCORES, "D"),),
        results=_square_results(),
        formula="ℓ_D = ½ E(D(x) − 1)² + ½ E D(G(z))²,   ℓ_G = ½ E(D(G(z)) − 1)²",
        source="problem text, Eq. 4 and 5; Mao et al. 2017, Eq. 9",
    )


def slope(loss: Loss, at: float) -> float:
    """The derivative of a loss of one logit, by autograd in float32, in which networks are trained."""
    logit = torch.tensor([at], requires_grad=True)
    (found,) = torch.autograd.grad(loss(logit), logit)
    return float(found)


def guarded(fake: Tensor) -> Tensor:
    """−E log(σ(l) + 1e−8): the way that is often met, and whose gradient dies."""
    return -(torch.sigmoid(fake) + 1e-8).log().mean()


def at(loss: Loss, logit: float) -> float:
    """The value of a loss at one logit, float64."""
    return float(loss(torch.tensor([logit], dtype=torch.float64)))


def _vanilla_results() -> tuple[Result, ...]:
    random = generator(0, 63)
    real, fake = (torch.randn(256, generator=random, dtype=torch.float64) * 5 for _ in range(2))
    other = (binary_cross_entropy_with_logits(real, torch.ones_like(real))
             + binary_cross_entropy_with_logits(fake, torch.zeros_like(fake)))
    nothing = torch.zeros(4, dtype=torch.float64)
    return (
        near(Result(name="ℓ_D where nothing is told apart", value=float(cross_entropy(nothing, nothing)),
                    known=math.log(4), known_name="log 4"), 1e-12),
        near(Result(name="ℓ_G where nothing is told apart", value=at(non_saturating, 0.0), known=math.log(2),
                    known_name="log 2"), 1e-12),
        near(Result(name="ℓ_D of random logits", value=float(cross_entropy(real, fake)), known=float(other), n=512,
                    known_name="torch's binary cross-entropy with logits"), 1e-8),
        near(Result(name=f"slope of ℓ_G at the logit {number(_SURE)}, float32", value=slope(non_saturating, _SURE),
                    known=-1.0, known_name="−σ(−l)"), 1e-6),
        Result(name="the same of −log(σ(l) + 1e−8)", value=slope(guarded, _SURE), known=-1.0, known_name="−σ(−l)"),
        near(Result(name="the same of the minimax loss", value=slope(minimax, _SURE), known=-_sigmoid(_SURE),
                    known_name="−σ(l)"), 1e-14),
    )


def _square_results() -> tuple[Result, ...]:
    one, zero = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    return (
        near(Result(name="ℓ_D at D = 1 for real ones and 0 for fakes", value=float(squares(one, zero)), known=0.0,
                    known_name="its least"), 0.0),
        near(Result(name="ℓ_D at D = 0 everywhere", value=float(squares(zero, zero)), known=0.5,
                    known_name="½ · 1² + ½ · 0²"), 0.0),
        near(Result(name="ℓ_D at D = ½ everywhere", value=float(squares(one / 2, one / 2)), known=0.25,
                    known_name="½ · ¼ + ½ · ¼: nothing told apart"), 0.0),
        near(Result(name="ℓ_G at D = −2", value=at(square, -2.0), known=4.5, known_name="½ · 3²"), 0.0),
        near(Result(name="slope of ℓ_G at D = 3", value=slope(square, 3.0), known=2.0, known_name="D − 1"), 1e-6),
        near(Result(name="largest slope of the expected ℓ_D at D = p/(p + q)", known=0.0,
                    value=max(abs(_balance(share)) for share in _SHARES), n=len(_SHARES),
                    known_name="there it is least"), 1e-12),
    )


def _balance(share: float) -> float:
    """The slope of p ½(D − 1)² + q ½ D² at D = p/(p + q), for p = share and q = 1 − share."""
    score = torch.tensor([share], dtype=torch.float64, requires_grad=True)
    loss = share * squares(score, score.detach() * 0) + (1 - share) * squares(torch.ones_like(score).detach(), score)
    (found,) = torch.autograd.grad(loss, score)
    return float(found)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _table(losses: dict[str, Loss], points: Sequence[float] = _POINTS, name_of: str = "l") -> Table:
    rows = [(name, *(f"{number(at(loss, point), 4)} ({number(slope(loss, point), 2)})" for point in points))
            for name, loss in losses.items()]
    return Table(header=("value (slope)", *(f"{name_of} = {number(point)}" for point in points)), rows=tuple(rows),
                 caption="Each term at known points, and its slope in brackets.")


def _slopes(context: Context, losses: dict[str, Loss], name: str) -> Figure:
    figure, (axes,) = canvas(6.0, 3.0)
    x = torch.linspace(-25, 5, 121) if guarded in losses.values() else torch.linspace(-4, 4, 121)
    lines(axes, x, {said: [slope(loss, float(point)) for point in x] for said, loss in losses.items()}, markers=False,
          xlabel="the discriminator's output for a fake", ylabel="slope of the generator's loss")
    axes.legend(loc="center" if guarded in losses.values() else "upper left")
    words = ", ".join(losses)
    return context.figure(figure, name, caption=f"The slope of the generator's loss, which is all that it learns from: "
                                                f"{words}.",
                          alt=f"Curves of the slope over the discriminator's output, for {words}")
