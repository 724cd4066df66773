"""An autoencoder recipe made real: its pictures, network and method, trained, shown and judged by the command line."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.data.images.augment import Augment, centre, to_floats, to_pictures
from genloom.diffusion.latent import Autoencoding, LatentSpace, standard
from genloom.errors import InputError
from genloom.metrics.features import Extractor
from genloom.metrics.linear_code import LinearCode, principal
from genloom.nn.autoencoder import AutoencoderShape, KLAutoencoder
from genloom.recipes.autoencoder import AutoencoderRecipe
from genloom.recipes.experiment import SampleRequest, drawn_at
from genloom.recipes.images_parts import make_data
from genloom.recipes.requests import refuse_idle
from genloom.rng import SampleNoise, StepRng, fold, generator
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.prepared import Prepared
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.report.results import Item, Result

BATCH = 256
"""Pictures that go through the network at once outside of training."""
_SHOWN = 8
_LINEAR = 8192  # training pictures at most that the linear code is made of, to fit into memory


class AutoencoderExperiment:
    """Implements `recipes.experiment.Experiment` for `AutoencoderRecipe`.

    data, kept   pictures of training, and those that no training sees
    shape        shape of one picture's latents, (c, h, w)
    """

    def __init__(self, recipe: AutoencoderRecipe, data_root: Path | None = None) -> None:
        self.recipe, self.data_root = recipe, data_root
        self.data, self.kept = make_data(recipe.data, data_root)
        self.network = make_autoencoder(recipe)
        self.shape = self.network.shape.latent

    @cached_property
    def extractor(self) -> Extractor:
        """What the Fréchet distance is taken in."""
        from genloom.recipes.extractors import chosen

        evaluation = self.recipe.evaluation
        return chosen(self.recipe.data, evaluation.features, evaluation.weights, self.data_root)

    @cached_property
    def linear(self) -> LinearCode:
        """The best linear code of the training pictures with as many numbers as the latents have."""
        own = self.data.pictures
        if len(own) > _LINEAR:
            own = own[torch.randperm(len(own), generator=generator(0, _LINEAR))[:_LINEAR].sort().values]
        return principal(self.floats(own), self.numbers)

    @property
    def numbers(self) -> int:
        """How many numbers the latents of a picture are."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the network's size, and how much smaller the latents are."""
        parameters = sum(p.numel() for p in self.network.parameters())
        whole = self.recipe.data.channels * self.recipe.data.size**2
        return (
            ("data", f"{self.data.description}; {len(self.data):,} to train, {len(self.kept):,} kept"),
            ("network", f"encoder and decoder, {parameters:,} parameters"),
            ("latents", f"{' × '.join(map(str, self.shape))} = {self.numbers:,} numbers for {whole:,} "
                        f"({whole / self.numbers:.3g} : 1)"),
        )

    def job(self) -> Job:
        """One network, one optimizer, one loss."""
        chosen = self.recipe.objective
        method = Autoencoding(latent=self.shape, beta=chosen.beta, distance=chosen.distance)
        return Job(method=Prepared(method, self.prepare), networks={"autoencoder": self.network},
                   optimizers={"autoencoder": self.recipe.optimizer}, source=TensorSource({"x": self.data.pictures}),
                   options=self.recipe.engine, draw=self._picture, judge=self._judge)

    def prepare(self, batch: Batch, rng: StepRng) -> Batch:
        """A batch as the network sees it: cropped, mirrored, in [−1, 1]."""
        return {"x": Augment(size=self.recipe.data.size, flip=self.recipe.data.flip)(batch["x"], rng)}

    def floats(self, pictures: Tensor) -> Tensor:
        """Stored pictures without augmentation, float32 (N, C, size, size) in [−1, 1]."""
        return to_floats(centre(pictures, self.recipe.data.size))

    def judged(self, count: int | None = None) -> Tensor:
        """The pictures to judge with, floats (N, C, size, size): the first of those that were kept back."""
        return self.floats(self.kept.pictures[: count or self.recipe.evaluation.samples])

    def space(self, networks: Networks, digest: str = "") -> LatentSpace:
        """The latent space of trained weights, standardised over the training pictures: a pass over all of them."""
        batches = (self.floats(part) for part in torch.split(self.data.pictures, BATCH))
        return space_of(_network(networks), batches, digest)

    @torch.no_grad()
    def reconstruct(self, networks: Networks, x: Tensor) -> Tensor:
        """Pictures (N, C, size, size) through the latents' means and back, on the CPU, not clamped."""
        network = _network(networks)
        return torch.cat([network.decode(network.encode(part.to(device_of(networks))).mean).float().cpu()
                          for part in torch.split(x, BATCH)])

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """What noise decodes to, and reconstructions of pictures that were kept back.

        Errors: `InputError` for options of a sampler, labels, or a count below 1.
        """
        from genloom.recipes.show_autoencoder import write_samples

        refuse_idle(request, "an autoencoder", (), "an autoencoder has no sampler and no classes",
                    "train a diffusion model with --latent.autoencoder RUN")
        count = request.count if request.count is not None else 64
        if count < 1:
            raise InputError("count", count, "at least 1", "pass --count 64")
        return write_samples(self, networks, count, request.seed, folder, provenance)

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """What is lost on kept-back pictures, beside the best linear code and averaging; how the latents lie."""
        from genloom.recipes.judge_autoencoder import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The loss over the steps, reconstructions beside baselines, latents, and ways between pictures."""
        from genloom.recipes.show_autoencoder import run_items

        return run_items(self, networks, run, provenance)

    def _picture(self, networks: Networks, step: int, folder: Path) -> None:
        from genloom.recipes.show_autoencoder import write_sheet

        write_sheet(self, networks, _SHOWN, folder / f"step-{step:07d}.png", drawn_at(self.recipe, step))

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_autoencoder import missed

        return {f"{self.recipe.objective.distance} on kept-back pictures": missed(self, networks)}


def decode_noise(space: LatentSpace, count: int, seed: int, device: torch.device) -> Tensor:
    """Pictures of standardised latents that are drawn from N(0, I), uint8 (count, C, S, S), by seed and index alone."""
    drawn = []
    for first in range(0, count, BATCH):
        noise = SampleNoise(seed, min(BATCH, count - first), space.shape, first=first, device=device)
        drawn.append(to_pictures(space.decode(noise()).cpu()))
    return torch.cat(drawn)


def device_of(networks: Networks) -> torch.device:
    """Where the autoencoder's weights are."""
    return next(networks["autoencoder"].parameters()).device


def _network(networks: Networks) -> KLAutoencoder:
    network = networks["autoencoder"]
    assert isinstance(network, KLAutoencoder)
    return network


def make_autoencoder(recipe: AutoencoderRecipe) -> KLAutoencoder:
    """The network of a recipe, with weights that are a function of the seed.

    Errors: `InputError` for a size that its levels do not halve evenly.
    """
    chosen, data = recipe.network, recipe.data
    shape = AutoencoderShape(size=data.size, channels=data.channels, width=chosen.width, multipliers=chosen.multipliers,
                             blocks=chosen.blocks, latent_channels=chosen.latent_channels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        return KLAutoencoder(shape)


def space_of(network: KLAutoencoder, batches: Iterable[Tensor], digest: str = "") -> LatentSpace:
    """The latent space of a trained network, standardised over batches of pictures (B, C, size, size) in [−1, 1].

    The network follows the tensors that it is given from device to device.
    """
    def encoder(x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = network.to(x.device).encode(x)
        return mean.float(), log_variance.float()

    def decoder(z: Tensor) -> Tensor:
        return network.to(z.device).decode(z).float()

    device = next(network.parameters()).device
    found = standard(encoder, (part.to(device) for part in batches))
    return LatentSpace(encoder=encoder, decoder=decoder, standard=found, shape=network.shape.latent, batch=BATCH,
                       digest=digest)
