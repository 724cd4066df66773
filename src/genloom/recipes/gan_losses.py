"""Every adversarial loss with what belongs to it, in one table: critic steps, clipping, penalty, optimizer."""

from dataclasses import dataclass, field, replace

from genloom.errors import UnknownName
from genloom.recipes.gans import GanRecipe, Loss, Penalty
from genloom.training.options import Optimizer


def _adam(lr: float = 1e-3, beta1: float = 0.5, beta2: float = 0.999) -> Optimizer:
    return Optimizer(lr=lr, beta1=beta1, beta2=beta2)


@dataclass(frozen=True, kw_only=True)
class Options:
    """A loss as it is meant to be trained.

    said        its name in words
    optimizer   of both networks
    source      where the options are from
    """

    said: str
    loss: Loss
    penalty: Penalty = field(default_factory=Penalty)
    optimizer: Optimizer = field(default_factory=_adam)
    source: str = ""


LOSSES: dict[str, Options] = {
    "non-saturating": Options(
        said="non-saturating", loss=Loss(adversarial="non-saturating"),
        source="Goodfellow et al. 2014, §3; β1 as in Radford et al. 2016, §4"),
    "minimax": Options(
        said="minimax", loss=Loss(adversarial="minimax"), source="Goodfellow et al. 2014, Eq. 1"),
    "least-squares": Options(
        said="least squares", loss=Loss(adversarial="least-squares"), source="Mao et al. 2017, Eq. 9"),
    "hinge": Options(
        said="hinge", loss=Loss(adversarial="hinge"), source="Miyato et al. 2018, Eq. 16 and 17"),
    "wgan": Options(
        said="WGAN, clipped", loss=Loss(adversarial="wasserstein", critic_steps=5, clip=0.01),
        # without momentum, as there: RMSprop is Adam with β1 = 0, but for the correction of the first steps
        optimizer=_adam(5e-4, 0.0, 0.99), source="Arjovsky et al. 2017, Alg. 1, with ten times its rate"),
    "wgan-gp": Options(
        said="WGAN-GP", loss=Loss(adversarial="wasserstein", critic_steps=5), penalty=Penalty(kind="unit-slope"),
        optimizer=_adam(1e-3, 0.5, 0.9),
        source="Gulrajani et al. 2017, Alg. 1, with ten times its rate and β1 = 0.5 for its 0"),
    "r1": Options(
        said="non-saturating + R1", loss=Loss(adversarial="non-saturating"),
        penalty=Penalty(kind="r1", weight=10.0, every=4),
        source="Mescheder et al. 2018, Eq. 9; every fourth step [Karras et al. 2020, App. B]"),
    "r3gan": Options(
        said="R3GAN", loss=Loss(adversarial="relativistic"), penalty=Penalty(kind="r1+r2", weight=1.0, every=4),
        source="Huang et al. 2024, Eq. 2 and §3.1; every fourth step [Karras et al. 2020, App. B]"),
}
"""The losses by name: critic steps, penalties and their weights are those of the papers.

Learning rates are for short trainings, where the papers' take too long. On MNIST, with the course's convolutional pair,
non-saturating has a seventh of the Fréchet distance at 1e-3 that it has at 2e-4, after 400 steps; least-squares, after
250, two fifths of that at 3e-4; wgan, on that budget, half of that at the paper's 5e-5. The others were given 1e-3
without a look at another rate.
"""


def with_loss(recipe: GanRecipe, name: str) -> GanRecipe:
    """The recipe with another loss and all that belongs to it, on the same budget of `updates`.

    Learning rates and the decays of Adam are the table's; whatever else the optimizers have stays, and so do weights of
    auxiliary losses.

    Errors: `UnknownName`.
    """
    if name not in LOSSES:
        raise UnknownName("loss", name, tuple(LOSSES))
    chosen = LOSSES[name]
    loss = replace(chosen.loss, labels=recipe.loss.labels, code=recipe.loss.code, taught=recipe.loss.taught)
    steps = max(1, round(updates(recipe) / (loss.critic_steps + 1)))
    return replace(recipe, loss=loss, penalty=chosen.penalty, generator=_moved(recipe.generator, chosen.optimizer),
                   discriminator=_moved(recipe.discriminator, chosen.optimizer),
                   engine=replace(recipe.engine, steps=steps))


def updates(recipe: GanRecipe) -> int:
    """Updates of both networks together: a step has `critic_steps` of the discriminator and one of the generator.

    >>> from genloom.recipes.gans import dcgan_mnist
    >>> updates(dcgan_mnist()), updates(with_loss(dcgan_mnist(), "wgan-gp"))
    (6000, 6000)
    """
    return recipe.engine.steps * (recipe.loss.critic_steps + 1)


def _moved(own: Optimizer, other: Optimizer) -> Optimizer:
    return replace(own, lr=other.lr, beta1=other.beta1, beta2=other.beta2)
