"""S4.16 and S4.17: both losses on logits, as the second text asks for them."""

import torch
from torch import Tensor, nn

from genloom.gan.latent import Latent
from genloom.gan.losses import cross_entropy, non_saturating
from genloom.gan.method import Playing
from genloom.report.figures import COLORS, canvas
from genloom.report.numbers import near, number
from genloom.report.plots import array, lines
from genloom.report.results import Figure, Result, Table
from genloom.rng import StepRng, generator
from genloom.studies.context import Context
from genloom.studies.mnist_gans.losses import guarded, slope
from genloom.studies.mnist_gans.written import SIZE, ours
from genloom.studies.study import Answer, deliverable

_COUNT = 512
_LINE = 1e-8  # torch takes softplus for its line from 20 on, where e^−20 = 2e-9 is left
_LARGE = 200.0  # a logit whose sigmoid is 0 or 1 in float32


@deliverable("S4.16", "The discriminator's loss on logits", question="Implement _get_loss_d on logits.")
def of_discriminator(context: Context) -> Answer:
    """Binary cross-entropy of real ones with 1 and of fakes with 0, on logits."""
    real, fake = _logits()
    criterion = nn.BCEWithLogitsLoss()
    theirs = criterion(real, torch.ones_like(real)) + criterion(fake, torch.zeros_like(fake))
    wrong = torch.tensor([-_LARGE]), torch.tensor([_LARGE])
    naive = by_probability(*wrong)
    return Answer(
        text=(
            "Real ones are given the label 1, fakes the label 0; the two means are added. The loss is that of "
            "BCEWithLogitsLoss, which takes sigmoid and logarithm together.",
            f"Taken one after the other in float32, they give {number(float(naive))} for a discriminator that is wrong "
            f"by a logit of {_LARGE:g} on both, and no gradient that could be used; on logits the loss is "
            f"{number(float(cross_entropy(*wrong)))}, the sum of both.",
        ),
        figures=(_figure(context),),
        results=(
            near(Result(name="ℓ_D of random logits", value=float(cross_entropy(real, fake)), known=float(theirs),
                        known_name="nn.BCEWithLogitsLoss", n=2 * _COUNT), _LINE),
            near(Result(name=f"ℓ_D when wrong by {_LARGE:g} on both, float32", value=float(cross_entropy(*wrong)),
                        known=2 * _LARGE, known_name="2 softplus(200) = 400"), 1e-3),
            near(Result(name="largest slope of ℓ_D with respect to a generator's output, fakes held fixed",
                        value=_through_fixed_fakes(), known=0.0, known_name="fakes are the discriminator's data"), 0.0),
        ),
        formula="ℓ_D = mean softplus(−D(x)) + mean softplus(D(G(z)))",
        source="problem text, 4.4; Goodfellow et al. 2014, Alg. 1",
    )


@deliverable("S4.17", "The generator's loss on logits", question="Implement _get_loss_g on logits.")
def of_generator(context: Context) -> Answer:
    """Binary cross-entropy of fakes with 1, on logits."""
    _, fake = _logits()
    theirs = nn.BCEWithLogitsLoss()(fake, torch.ones_like(fake))
    points = (-100.0, -20.0, -10.0, 0.0, 10.0)
    rows = tuple((number(point), number(slope(non_saturating, point), 4), number(slope(guarded, point), 4))
                 for point in points)
    return Answer(
        text=(
            "The generator asks for the label 1 on its fakes: this is the non-saturating loss. Its slope is −σ(−l): −1 "
            "where the discriminator is sure of the fake, −½ where it does not know, 0 where it is taken in.",
            "The small number that is often added inside the logarithm bounds the loss, and with it takes the slope "
            "away from just those fakes that have most to learn.",
        ),
        tables=(Table(header=("logit of the fake", "slope on logits", "slope of −log(σ(l) + 1e−8)"), rows=rows,
                      caption="What a generator learns from a fake, in float32."),),
        results=(
            near(Result(name="ℓ_G of random logits", value=float(non_saturating(fake)), known=float(theirs),
                        known_name="nn.BCEWithLogitsLoss", n=_COUNT), _LINE),
            near(Result(name="slope of ℓ_G at the logit −100, float32", value=slope(non_saturating, -100.0), known=-1.0,
                        known_name="−σ(−l)"), 1e-6),
            near(Result(name="slope of ℓ_G at the logit 0", value=slope(non_saturating, 0.0), known=-0.5,
                        known_name="−σ(−l)"), 1e-6),
        ),
        formula="ℓ_G = mean softplus(−D(G(z)))", source="problem text, 4.5; Goodfellow et al. 2014, §3",
    )


def by_probability(real: Tensor, fake: Tensor) -> Tensor:
    """The same loss by probabilities, which are 0 or 1 where logits are large."""
    return -torch.sigmoid(real).log().mean() - (1 - torch.sigmoid(fake)).log().mean()


def _logits() -> tuple[Tensor, Tensor]:
    random = generator(0, 64)
    real, fake = (torch.randn(_COUNT, generator=random, dtype=torch.float64) * 8 for _ in range(2))
    return real, fake


def _through_fixed_fakes() -> float:
    """The gradient that reaches a generator through the discriminator's loss, by the method that trains both."""
    made, judged = ours("tables")
    networks = {"generator": made, "discriminator": judged}
    x = torch.rand(4, 1, SIZE, SIZE, generator=generator(0, 65))
    update = next(Playing(latent=Latent(size=64)).updates(networks, {"x": x}, StepRng(0, 0)))
    found = torch.autograd.grad(update.loss, list(made.parameters()), allow_unused=True)
    return max((float(each.abs().max()) for each in found if each is not None), default=0.0)


def _figure(context: Context) -> Figure:
    figure, (axes,) = canvas(6.0, 3.0)
    x = torch.linspace(-150, 150, 121)
    nothing = torch.tensor([-_LARGE])  # a fake that is known for sure, whose part is 0
    ours = [float(cross_entropy(point[None], nothing)) for point in x]
    naive = [float(by_probability(point[None], nothing)) for point in x]
    lines(axes, x, {"on logits": ours}, markers=False, xlabel="logit of a real picture", ylabel="ℓ_D")
    axes.plot(array(x), naive, ":", color=COLORS[1], linewidth=2.4, label="by probabilities")
    axes.legend()
    return context.figure(figure, "loss-on-logits",
                          caption="The loss of one real picture in float32. By probabilities it ends where the sigmoid "
                                  "is rounded to 0.",
                          alt="Two lines that fall from the left to 0; the one by probabilities begins only at about "
                              "−90")
