"""Training a network to complete pictures: by the squared error where they are hidden, and by a discriminator."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.gan.losses import ADVERSARIAL, Adversarial
from genloom.rng import StepRng
from genloom.training.method import Batch, Networks, Update


class Completion(nn.Module):
    """A denoising network as g(M ⊙ x, M): it is given the mask as one channel more, and no time.

        g = c + network(M ⊙ x + (1 − M) ⊙ c, M),   c the mean of each channel's known pixels

    So a network whose output starts at 0 starts as the fill by c, not as grey.

    network   (B, C + 1, H, W), time (1,), None -> (B, C, H, W)
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        """A picture for each pair of what is seen (B, C, H, W), 0 where hidden, and its mask (B, 1, H, W)."""
        mask = mask.expand(len(seen), -1, -1, -1)
        known = mask * seen
        centre = known.sum((2, 3), keepdim=True) / mask.sum((2, 3), keepdim=True).clamp(min=1)
        inside = torch.cat((known + (1 - mask) * centre, mask), 1)
        whole: Tensor = centre + self.network(inside, inside.new_zeros(1), None)
        return whole


def complete(network: Callable[[Tensor, Tensor], Tensor], x: Tensor, mask: Tensor) -> Tensor:
    """x where the mask is 1 and g(M ⊙ x, M) where it is 0: what is hidden is never shown to the network."""
    return paste(network(mask * x, mask), x, mask)


def paste(filled: Tensor, x: Tensor, mask: Tensor) -> Tensor:
    """M ⊙ x + (1 − M) ⊙ filled."""
    return torch.where(mask == 1, x, filled)


def hidden_error(filled: Tensor, x: Tensor, mask: Tensor) -> Tensor:
    """Σ (1 − M)(filled − x)² / (C Σ (1 − M)) of each sample, (B,): the mean squared error of hidden values alone.

    Its minimum over all functions of what is seen is the conditional mean E[x | M ⊙ x]. A sum over all pixels would
    spend the network on copying what it is shown; 0 where nothing is hidden. (The text's m is 1 where a pixel is
    hidden, this M where it is known.)

    filled, x   (B, C, H, W)
    mask        (B, 1, H, W) of 0 and 1
    """
    hidden = (1 - mask).expand_as(x)
    total = (hidden * (filled - x).square()).flatten(1).sum(1)
    return total / hidden.flatten(1).sum(1).clamp(min=1)


@dataclass(frozen=True, kw_only=True)
class Inpainting:
    """A `Method` for the networks "generator", g(M ⊙ x, M), and "discriminator", logits of whole pictures.

        ℓ_mse(θ)    = ‖(1 − M) ⊙ (g − x)‖² / (C Σ (1 − M))
        ℓ_d(φ)      = −log D(x) − log(1 − D(x′)),       x′ = M ⊙ x + (1 − M) ⊙ g, held fixed
        ℓ_g(θ)      = ℓ_mse(θ) + λ (−log D(x′))

    The discriminator moves first; its loss has no squared error, of which it is no function. With λ = 0 there is none,
    and the one update is ℓ_mse. A batch holds "x" (B, C, H, W).
    [Pathak et al. 2016, §3.2; Goodfellow et al. 2014, Alg. 1]

    masks         (count, size, rng) -> (B, 1, H, W): an entry of `data.masks.MASKS`
    adversarial   λ ≥ 0
    game          the losses of both sides

    Errors: `InputError` for λ < 0, or a game whose generator is judged beside real ones.
    """

    masks: Callable[[int, int, StepRng], Tensor]
    adversarial: float = 0.0
    game: Adversarial = ADVERSARIAL["non-saturating"]

    def __post_init__(self) -> None:
        if not 0 <= self.adversarial < float("inf"):
            raise InputError("loss.weight", self.adversarial, "at least 0", "0 trains without a discriminator")
        if self.game.relative:
            raise InputError("loss.adversarial", "relativistic", "a game in which fakes are judged alone")

    def updates(self, networks: Networks, batch: Batch, rng: StepRng) -> Iterator[Update]:
        """The discriminator's loss, where there is one, and then the generator's, judged by the moved discriminator."""
        x = batch["x"]
        mask = self.masks(len(x), x.shape[-1], rng).to(x)
        filled = networks["generator"](mask * x, mask)
        error = hidden_error(filled, x, mask).mean()
        if self.adversarial == 0:
            yield Update("generator", error)
            return
        whole, discriminator = paste(filled, x, mask), networks["discriminator"]
        real, fake = discriminator(x), discriminator(whole.detach())  # apart: they must not share statistics
        yield Update("discriminator", self.game.discriminator(real, fake),
                     {"real_told": _share(real > 0), "fake_told": _share(fake < 0)})
        deceit = self.game.generator(discriminator(whole))
        yield Update("generator", error + self.adversarial * deceit,
                     {"squared_error": error.detach(), "deceit": deceit.detach()})


def _share(hits: Tensor) -> Tensor:
    return hits.float().mean()
