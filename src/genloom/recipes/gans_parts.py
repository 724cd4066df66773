"""The parts of a GAN recipe, made from its configuration: networks, latent, method, options of the training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from genloom.data.images.augment import to_floats, to_pictures
from genloom.errors import InputError
from genloom.gan.augment import differentiable
from genloom.gan.latent import Latent
from genloom.gan.losses import adversarial
from genloom.gan.method import Augmentation, Playing, Reader, Told
from genloom.gan.penalties import Penalty
from genloom.nn.gan.pairs import PAIRS, pair
from genloom.nn.gan.shape import GanShape
from genloom.recipes.gans import GanRecipe
from genloom.rng import StepRng, fold
from genloom.training.method import Batch, Method, Networks, Update
from genloom.training.options import Engine


def make_latent(recipe: GanRecipe) -> Latent:
    """The law of z."""
    return Latent(**vars(recipe.latent))


def make_shape(recipe: GanRecipe, classes: int) -> GanShape:
    """The sizes of the pair, told of `classes` classes, 0 for none.

    Errors: `InputError` for a network that is to be told classes where there are none.
    """
    chosen, latent = recipe.network, make_latent(recipe)
    return GanShape(size=recipe.data.size, channels=recipe.data.channels, latent=latent.width, width=chosen.width,
                    attention=tuple(size for size in chosen.attention if size), norm=chosen.norm,
                    spectral=chosen.spectral, labels=classes, told=chosen.told, judging=chosen.judging,
                    read=latent.read)


def make_networks(recipe: GanRecipe, classes: int) -> dict[str, nn.Module]:
    """The networks "generator" and "discriminator", with weights that are functions of the seed.

    Errors: `InputError` for what the pair has no place for.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        generator, discriminator = pair(recipe.network.kind, make_shape(recipe, classes))
    networks = {"generator": generator, "discriminator": discriminator}
    if PAIRS[recipe.network.kind].grows:
        from genloom.nn.gan.progressive import grow

        grow(networks, 0.0)
    return networks


def make_method(recipe: GanRecipe, *, sets: bool = False, reader: Reader | None = None) -> Method:
    """The game as the recipe has it.

    sets     pictures have any number of labels instead of one class each
    reader   reads the labels of the generator's pictures
    """
    loss, policy = recipe.loss, recipe.augment.policy
    playing = Playing(
        latent=make_latent(recipe), game=adversarial(loss.adversarial), critic_steps=loss.critic_steps,
        penalty=Penalty(**vars(recipe.penalty)), clip=loss.clip, augment=_augmentation(recipe) if policy else None,
        told=Told(exclusive=not sets, labels=loss.labels, code=loss.code, fakes=loss.taught == "both"), reader=reader)
    return Growing(playing, recipe.engine.steps) if PAIRS[recipe.network.kind].grows else playing


def _augmentation(recipe: GanRecipe) -> Augmentation:
    """The changes of the policy, of pictures in [−1, 1] whatever the pair works with."""
    change, scale = differentiable(recipe.augment.policy), Scale(PAIRS[recipe.network.kind].unit)
    return (lambda x, rng: scale.seen(change(2 * x - 1, rng))) if scale.unit else change


def engine_of(recipe: GanRecipe, count: int) -> Engine:
    """The engine's options: its batches hold the pictures of all the critic's steps of one step, out of `count`.

    Errors: `InputError` for fewer pictures than two for each update of the discriminator, of which norms are taken, and
    for a batch that is all of the data, where those cannot be shared out among the updates.
    """
    engine, critic_steps = recipe.engine, recipe.loss.critic_steps
    shares = engine.accumulate * engine.devices * engine.nodes
    parts = critic_steps * shares
    if count < 2 * parts:
        needs = "" if parts == 1 else f" for each of critic steps × accumulate × devices × nodes = {parts}"
        raise InputError("data", f"{count:,} to train on", f"at least 2 pictures{needs}", "give more pictures" + (
            ", or pass --loss.critic-steps 1" if critic_steps > 1 else ""))
    wanted = engine.batch_size * critic_steps or count
    if wanted >= count and count % parts:
        fits = count // parts * shares
        raise InputError("engine.batch_size", engine.batch_size, f"at most {fits}: {count:,} pictures cannot be shared "
                         f"out among critic steps × accumulate × devices × nodes = {parts}",
                         f"pass --engine.batch-size {fits}")
    return replace(engine, batch_size=engine.batch_size * critic_steps)


@dataclass(frozen=True)
class Scale:
    """Between bytes and the floats that a pair works with: in [0, 1] where `unit`, otherwise in [−1, 1]."""

    unit: bool

    def floats(self, pictures: Tensor) -> Tensor:
        """Bytes to float32."""
        return pictures.to(torch.float32).div_(255) if self.unit else to_floats(pictures)

    def seen(self, x: Tensor) -> Tensor:
        """Floats in [−1, 1] as the pair has them."""
        return (x + 1) / 2 if self.unit else x

    def pictures(self, x: Tensor) -> Tensor:
        """Floats to bytes, clamped."""
        return to_pictures(2 * x.float() - 1) if self.unit else to_pictures(x)


@dataclass(frozen=True)
class Growing:
    """`method` with networks that grow over `steps` steps, and real pictures as coarse as theirs.

    Networks never become smaller: a run that is made longer goes on at the size that it has.
    """

    method: Method
    steps: int

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The losses of one step at its size."""
        from genloom.nn.gan.progressive import at_growth, growth_at

        generator = networks["generator"]
        due = growth_at(min(1.0, rng.step / self.steps), cast(int, generator.levels))
        growth = max(due, cast(Tensor, generator.growth).item())
        for network in networks.values():
            cast(Tensor, network.growth).fill_(growth)
        yield from self.method.updates(networks, {**batch, "x": at_growth(batch["x"], growth)}, rng)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Classes (B,), or sets of labels (B, K) of zeros and ones, as the networks are told them: float (B, K)."""
    return labels.float() if labels.ndim == 2 else nn.functional.one_hot(labels.long(), classes).float()


def sizes(networks: Mapping[str, nn.Module]) -> str:
    """The networks and their numbers of parameters, in words."""
    counts = {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}
    return ", ".join(f"{name} of {count:,} parameters" for name, count in counts.items())
