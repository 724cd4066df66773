"""An image recipe made real: its pictures, network and method, trained, sampled and judged by the command line."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genloom.data.images.augment import Augment, to_pictures
from genloom.diffusion import loss, times
from genloom.diffusion.denoiser import Denoiser
from genloom.diffusion.guidance import classifier_free, clipped
from genloom.diffusion.method import Denoising
from genloom.diffusion.prior import GaussianPrior
from genloom.diffusion.samplers.registry import SAMPLERS, states
from genloom.diffusion.samplers.state import State
from genloom.diffusion.schedule import Level
from genloom.errors import InputError, UnknownName
from genloom.metrics.features import Extractor, Reference
from genloom.metrics.picture_scores import PictureScores
from genloom.recipes.class_labels import labels_for
from genloom.recipes.experiment import SampleRequest, drawn_at
from genloom.recipes.images import ImagesRecipe, Sampling
from genloom.recipes.images_parts import (
    details,
    floats,
    make_data,
    make_levels,
    make_network,
    make_prior,
    prior_of,
    sampler_options,
)
from genloom.recipes.judge_pictures import floor_of, training_reference
from genloom.recipes.process_parts import make_denoiser, make_schedule
from genloom.rng import SampleNoise, StepRng
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.precision import for_inference
from genloom.training.prepared import Prepared
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.diffusion.latent import LatentSpace
    from genloom.recipes.known import Known
    from genloom.report.results import Item, Result


class ImagesExperiment:
    """Implements `recipes.experiment.Experiment` for `ImagesRecipe`.

    data, kept   pictures of training, and those that no training sees
    space        the latent space that is diffused, or None for pixels
    shape        shape of what is diffused, (C, S, S)
    classes      number of classes, or of labels, that the network is told, 0 for none
    known        what came with a trained model, which then draws without reading its data; `data` are empty
    """

    def __init__(self, recipe: ImagesRecipe, data_root: Path | None = None, known: "Known | None" = None) -> None:
        self.recipe, self.data_root, self.known = recipe, data_root, known
        self.data, self.kept = make_data(recipe.data, data_root) if known is None else known.pictures(recipe.data)
        self.space = self._latent_space()
        size, channels = recipe.data.size, recipe.data.channels
        self.shape = (channels, size, size) if self.space is None else self.space.shape
        self.classes = self._classes()
        self.schedule = make_schedule(recipe.schedule)
        self.network = make_network(recipe.network, size=self.shape[1], channels=self.shape[0], classes=self.classes,
                                    seed=recipe.engine.seed, most=self._most() if self.classes else 0)
        # refuses a prediction that this schedule cannot have
        make_denoiser(recipe.diffusion, self.schedule, self.network)
        if recipe.sampling.sampler not in SAMPLERS:
            raise UnknownName("sampling.sampler", recipe.sampling.sampler, list(SAMPLERS))

    @property
    def networks(self) -> dict[str, torch.nn.Module]:
        """The network by its name."""
        return {"denoiser": self.network}

    @cached_property
    def extractor(self) -> Extractor:
        """What the Fréchet distance is taken in."""
        from genloom.recipes.extractors import chosen

        evaluation = self.recipe.evaluation
        return chosen(self.recipe.data, evaluation.features, evaluation.weights, self.data_root)

    @cached_property
    def prior(self) -> GaussianPrior:
        """Where sampling starts: the moments of x_1."""
        if self.known is not None:
            mean, variance = torch.tensor((self.known.mean, self.known.variance), dtype=torch.float64)
            return prior_of(mean, variance, self.schedule)
        return make_prior(self.states(floats(self.data, self.recipe.data.size)), self.schedule)

    @cached_property
    def reference(self) -> Reference:
        """The training pictures as the extractor sees them."""
        return training_reference(self.data, self.recipe.data.size, self.extractor)

    @cached_property
    def floor(self) -> PictureScores:
        """The scores of pictures that were kept back, as many as are judged, or all of them where they are fewer."""
        return floor_of(self)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the network's size, what is left of the signal at t = 1, and who judges label sets."""
        from genloom.recipes.label_lists import judge_facts

        parameters = sum(p.numel() for p in self.network.parameters())
        space = "pixels" if self.space is None else f"latents {' × '.join(map(str, self.shape))}"
        return (
            ("data", f"{self.data.description}; {len(self.data.pictures):,} to train, {len(self.kept.pictures):,} kept "
                     "back"),
            ("network", f"{self.recipe.network.kind} on {space}, {parameters:,} parameters"),
            ("terminal SNR", f"{self.schedule.terminal_snr:.3g} at t = 1"),
            *([] if self.space is None else [("autoencoder", f"{self.recipe.latent.autoencoder}, sha256 "
                                                             f"{self.space.digest[:12]}")]),
            *judge_facts(self),
        )

    def job(self) -> Job:
        """One network, one optimizer, one loss."""
        chosen = self.recipe.diffusion
        method = Denoising(
            make=lambda network, labels: make_denoiser(chosen, self.schedule, network, labels),
            times=times.time_law(chosen.times, self.schedule, count=chosen.levels, mean=chosen.times_mean,
                                 std=chosen.times_std),
            weight=loss.loss_weight(chosen.weight, self.schedule, gamma=chosen.gamma, sigma_data=chosen.sigma_data),
            distance=chosen.distance, reduction=chosen.reduction,
            classes=self.classes, label_dropout=chosen.label_dropout,
        )
        tensors = {"x": self.data.pictures}
        if self.classes and self.data.labels is not None:
            tensors["y"] = self.data.labels
        return Job(method=Prepared(method, self.prepare), networks=self.networks,
                   optimizers={"denoiser": self.recipe.optimizer}, source=TensorSource(tensors),
                   options=self.recipe.engine, draw=self._picture, judge=self._judge)

    def prepare(self, batch: Batch, rng: StepRng) -> Batch:
        """A batch as the network sees it: cropped, mirrored, in [−1, 1], and encoded where latents are diffused."""
        x = Augment(size=self.recipe.data.size, flip=self.recipe.data.flip)(batch["x"], rng)
        # latents are standardised with the noise of their code, so that is drawn
        noise = None if self.space is None else rng.normal((len(x), *self.shape)).to(x.device)
        return {**batch, "x": self.states(x, noise)}

    @torch.no_grad()
    def states(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """Pictures in [−1, 1] as what is diffused: themselves, or their latents' means, or draws of them with noise."""
        return x if self.space is None else self.space.encode(x, noise)

    @torch.no_grad()
    def pictures(self, x: Tensor) -> Tensor:
        """What was diffused as pictures, uint8 (B, C, H, W) on the CPU."""
        return to_pictures(x if self.space is None else self.space.decode(x)).cpu()

    def denoiser(self, networks: Networks, labels: Tensor | None = None, sampling: Sampling | None = None) -> Denoiser:
        """The trained network as a denoiser, guided and clipped as the sampling says.

        labels   to be conditioned on: classes (B,), or sets (B, K)
        """
        chosen = sampling or self.recipe.sampling
        network = for_inference(networks["denoiser"], self.recipe.engine.precision)
        if labels is not None:
            labels = labels.to(self._device(networks))
            labels = labels.float() if labels.ndim == 2 else labels
        found: Denoiser = make_denoiser(self.recipe.diffusion, self.schedule, network, labels)
        if labels is not None and chosen.guidance != 1:
            free = make_denoiser(self.recipe.diffusion, self.schedule, network)
            found = classifier_free(found, free, chosen.guidance,
                                    interval=(chosen.guidance_low, chosen.guidance_high))
        return clipped(found) if chosen.clip and self.space is None else found

    def levels(self, sampling: Sampling | None = None) -> list[Level]:
        """The levels that a sampler visits, from noise to clean."""
        return make_levels(sampling or self.recipe.sampling, self.recipe.diffusion, self.schedule)

    def walk(self, denoiser: Denoiser, sampling: Sampling, noise: SampleNoise, *,
             start: Tensor | None = None) -> Iterator[State]:
        """The start, then every state of the recipe's sampler.

        noise   draws for the samples of this batch; the first is the start, where none is given
        start   states at t = 1, (B, C, S, S)
        """
        levels = self.levels(sampling)
        x = self.prior.sample(noise) if start is None else start
        yield State(levels[0], x, x)
        yield from states(sampling.sampler, denoiser, x, levels, noise=noise, **sampler_options(sampling))

    def noise(self, networks: Networks, count: int, seed: int, first: int = 0) -> SampleNoise:
        """The noise of samples `first` … `first + count − 1`: sample i's is a function of (seed, i) alone."""
        return SampleNoise(seed, count, self.shape, first=first, device=self._device(networks))

    @torch.no_grad()
    def draw(self, networks: Networks, sampling: Sampling | None = None, *, count: int, seed: int,
             labels: Tensor | None = None, batch: int = 64,
             guided: Callable[[Tensor], Denoiser] | None = None) -> Tensor:
        """`count` new pictures, uint8 (count, C, H, W) on the CPU; labels (count,) for a conditional model.

        guided   labels of a batch -> the denoiser to draw with, in place of the model itself
        """
        chosen, drawn = sampling or self.recipe.sampling, []
        for first in range(0, count, batch):
            rows = min(batch, count - first)
            told = None if labels is None else labels[first : first + rows]
            noise = self.noise(networks, rows, seed, first)
            denoiser = self.denoiser(networks, told, chosen) if guided is None or told is None else guided(told)
            for state in self.walk(denoiser, chosen, noise):  # noqa: B007 # the last one is the picture
                pass
            drawn.append(self.pictures(state.x))
        return torch.cat(drawn)

    def labels_for(self, count: int, seed: int, request: str | None = None) -> Tensor | None:
        """Classes to condition on: those asked for, in turn, or as often as in the data; None without classes.

        Errors: `InputError` for labels of a model without classes; `UnknownName` for a class that is not there.
        """
        return labels_for(self.data, self.classes, count, seed, request)

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """A sheet of pictures, and each one as a PNG."""
        from genloom.recipes.sample_images import sample

        return sample(self, networks, request, folder, provenance)

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """Fréchet and kernel distances, precision and coverage beside their floors; the loss on kept pictures."""
        from genloom.recipes.judge_images import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The loss over the steps, samples, the way from noise to pictures, nearest training pictures."""
        from genloom.recipes.show_images import run_items

        return run_items(self, networks, run, provenance)

    def _picture(self, networks: Networks, step: int, folder: Path) -> None:
        from genloom.recipes.show_pictures import write_sheet

        seed = self.recipe.engine.seed
        drawn = self.draw(networks, count=64, seed=seed, labels=self.labels_for(64, seed))
        write_sheet(drawn, folder / f"step-{step:07d}.png", drawn_at(self.recipe, step))

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_images import quick

        return quick(self, networks)

    def _latent_space(self) -> "LatentSpace | None":
        if not self.recipe.latent.autoencoder:
            return None
        from genloom.recipes.latent_space import latent_space

        return latent_space(Path(self.recipe.latent.autoencoder), self.recipe.data, self.data_root)

    def _classes(self) -> int:
        """Classes that the network is told: the data's; or an imported one's own, of which the data know nothing."""
        if self.recipe.network.conditioning == "none":
            return 0
        own: int = details(self.recipe.network.details).get("classes", 0)
        if own and own != len(self.data.class_names):
            self.data, self.kept = (replace(each, labels=None, class_names=()) for each in (self.data, self.kept))
            return own
        asked = self.recipe.network.conditioning
        if self.data.labels is None:
            raise InputError("network.conditioning", asked, "none: these pictures have no classes",
                             "put the pictures of each class into a sub-folder")
        if self.data.sets != (asked != "class"):
            allowed = "labels or tokens: pictures have sets of labels" if self.data.sets else "class: each has one"
            raise InputError("network.conditioning", asked, allowed)
        return len(self.data.class_names)

    def _most(self) -> int:
        """The largest number of labels that a picture has; 0 where each has one class."""
        if self.known is not None:
            return self.known.most
        return int(self.data.labels.sum(1).max()) if self.data.sets and self.data.labels is not None else 0

    @staticmethod
    def _device(networks: Networks) -> torch.device:
        return next(networks["denoiser"].parameters()).device
