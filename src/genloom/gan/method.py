"""How a generator and a discriminator are trained against one another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.gan.latent import Latent
from genloom.gan.losses import ADVERSARIAL, Adversarial
from genloom.gan.penalties import Penalty, clip_weights
from genloom.nn.gan.verdict import Verdict
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update
from genloom.training.precision import in_full

Augmentation = Callable[[Tensor, StepRng], Tensor]
"""Samples (B, …) -> samples of the same shape, differentiably; the draws come from the step's rng."""

Reader = Callable[[Tensor, Tensor], Tensor]
"""Samples and their labels (B, K) -> how far the labels are from being read there, (); its own weights are fixed."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the discriminator is trained to read of the picture, and with which weights.

    exclusive    exactly one label each, told by cross-entropy; otherwise by one logistic loss for each label
    labels       weight of an auxiliary classifier's loss, for both networks [Odena et al. 2017, Eq. 3]
    code         weight λ of InfoGAN's [Chen et al. 2016, Eq. 6]
    fakes        whether the discriminator's classifier learns from fakes too, as AC-GAN's does; one that learns from
                 real ones alone is never taught that a fake shows what it should

    Errors: `InputError` for a negative weight.
    """

    exclusive: bool = True
    labels: float = 1.0
    code: float = 1.0
    fakes: bool = True

    def __post_init__(self) -> None:
        for name in ("labels", "code"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"loss.{name}", getattr(self, name), "at least 0")

    def loss(self, verdict: Verdict, y: Tensor | None) -> Tensor:
        """The auxiliary classifier's loss, 0 where there is none."""
        if verdict.labels is None or y is None:
            return verdict.logits.new_zeros(())
        if self.exclusive:
            return self.labels * F.cross_entropy(verdict.labels.float(), y.float())
        return self.labels * F.binary_cross_entropy_with_logits(verdict.labels.float(), y.float())


class _Part(NamedTuple):
    """One update's share of a batch: real ones, fakes that are as many, the labels of both, and what fakes came of."""

    real: Tensor
    fake: Tensor
    y: Tensor | None
    z: Tensor


@dataclass(frozen=True, kw_only=True)
class Playing:
    """A `Method` for "generator", (z, y) → x, and "discriminator", (x, y) → `Verdict`.

    One step is `critic_steps` updates of the discriminator, each on its own equal part of the batch and on new fakes,
    and one of the generator, whose fakes are those of the last part: the discriminator has moved since it saw them.

        ℓ_d = game.discriminator(D(x), D(G(z))) + penalty + drift + told,      G(z) held fixed
        ℓ_g = game.generator(D(G(z))) + told + read

    Real ones and fakes are never in one batch of the discriminator, whose statistics would tell them apart. A batch
    holds "x" (B, …) and, for labelled data, "y" (B, K) float; fakes have the labels of the real ones beside them.
    [Goodfellow et al. 2014, Alg. 1; Arjovsky et al. 2017, Alg. 1]

    latent         law of z
    clip           largest weight of the discriminator after each of its updates; 0 does not clip
    augment        of real ones and fakes alike, in both losses [Zhao et al. 2020, Eq. 4 and 5]
    reader         a trained network whose loss on the fakes, unaugmented, is added to the generator's

    Errors: `InputError` for less than one critic step or a negative clip.
    """

    latent: Latent
    game: Adversarial = ADVERSARIAL["non-saturating"]
    critic_steps: int = 1
    penalty: Penalty = field(default_factory=Penalty)
    clip: float = 0.0
    augment: Augmentation | None = None
    told: Told = field(default_factory=Told)
    reader: Reader | None = None

    def __post_init__(self) -> None:
        if self.critic_steps < 1:
            raise InputError("loss.critic_steps", self.critic_steps, "at least 1")
        if not 0 <= self.clip < float("inf"):
            raise InputError("loss.clip", self.clip, "at least 0", "0 does not clip")

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The discriminator's losses, and then the generator's, judged by the moved discriminator."""
        x, y, n = batch["x"], batch.get("y"), self.critic_steps
        if len(x) % n:
            raise InputError("batch", len(x), f"a multiple of {n}, the critic's steps")
        for k in range(n):
            # every nth sample, so that the shares of several processes have together the parts that one process has
            part = self._part(networks["generator"], x[k::n], None if y is None else y[k::n], rng, last=k == n - 1)
            yield self._discriminator(networks["discriminator"], part, rng)
            if self.clip > 0:
                clip_weights(networks["discriminator"], self.clip)
        yield self._generator(networks["discriminator"], part, rng)

    def _part(self, generator: nn.Module, real: Tensor, y: Tensor | None, rng: StepRng, *, last: bool) -> _Part:
        z = self.latent.of(rng.normal((len(real), self.latent.drawn)).to(real))
        with torch.set_grad_enabled(last):  # the last ones are the generator's own
            return _Part(real, generator(z, y), y, z)

    def _discriminator(self, discriminator: nn.Module, part: _Part, rng: StepRng) -> Update:
        y = part.y
        real, fake = self._seen(part.real, rng), self._seen(part.fake.detach(), rng)
        of_real, of_fake = discriminator(real, y), discriminator(fake, y)
        loss = self.game.discriminator(of_real.logits, of_fake.logits)
        known, new = of_real.logits.detach(), of_fake.logits.detach()
        metrics: dict[str, Tensor | float] = {"game/discriminator": loss.detach(), "logit_real": known.mean(),
                                              "logit_fake": new.mean(), "told_apart": told_apart(known, new)}
        total = loss + self.told.loss(of_real, y)
        if self.told.fakes:
            total = total + self.told.loss(of_fake, y)
        if of_fake.code is not None:
            total = total + self.told.code * self.latent.surprise(of_fake.code, part.z)
        if self.penalty.drift > 0:
            total = total + self.penalty.drifting(of_real.logits)
        if self.penalty.due(rng.step):
            plain = in_full(discriminator)
            penalty = self.penalty(lambda seen: plain(seen, y).logits, real, fake, rng)
            total, metrics["penalty"] = total + penalty, penalty.detach() / self.penalty.every
        return Update("discriminator", total, metrics)

    def _generator(self, discriminator: nn.Module, part: _Part, rng: StepRng) -> Update:
        verdict = discriminator(self._seen(part.fake, rng), part.y)
        if self.game.relative:
            with torch.no_grad():
                known = discriminator(self._seen(part.real, rng), part.y).logits
            loss = self.game.generator(verdict.logits, known)
        else:
            loss = self.game.generator(verdict.logits)
        total, metrics = loss + self.told.loss(verdict, part.y), {"game/generator": loss.detach()}
        if verdict.code is not None:
            surprise = self.latent.surprise(verdict.code, part.z)
            total, metrics["surprise"] = total + self.told.code * surprise, surprise.detach()
        if self.reader is not None and part.y is not None:
            read = self.reader(part.fake, part.y)
            total, metrics["read"] = total + read, read.detach()
        return Update("generator", total, metrics)

    def _seen(self, x: Tensor, rng: StepRng) -> Tensor:
        return x if self.augment is None else self.augment(x, rng)


def told_apart(real: Tensor, fake: Tensor) -> Tensor:
    """The share of pairs of one real and one fake in which the real one has the larger logit, ties counting half.

    ½ where the discriminator knows nothing, 1 where it is never wrong, whatever the loss: the area under its ROC curve.

    real, fake   logits (n,) and (m,)
    """
    ahead = real.flatten()[:, None] - fake.flatten()[None, :]
    return ((ahead > 0).float() + (ahead == 0).float() / 2).mean()
