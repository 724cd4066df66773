"""An inpainting recipe made real: its pictures, masks, networks and method, trained, shown and judged."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from genloom.data.images.augment import Augment, centre, to_floats
from genloom.data.masks import MASKS, draw_masks
from genloom.errors import InputError
from genloom.gan.inpainting import Completion, Inpainting, complete, hidden_error
from genloom.gan.losses import adversarial
from genloom.metrics.features import Extractor
from genloom.nn.patch_discriminator import PatchDiscriminator, PatchShape
from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.experiment import SampleRequest, drawn_at
from genloom.recipes.images_parts import make_data
from genloom.recipes.inpainting import InpaintingRecipe
from genloom.recipes.requests import refuse_idle
from genloom.rng import StepRng, fold
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.options import Optimizer
from genloom.training.precision import for_inference
from genloom.training.prepared import Prepared
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.report.results import Item, Result

BATCH = 128
"""Pictures that go through a network at once outside of training."""
_SHOWN = 8


class Questions(NamedTuple):
    """Pictures of which a part is hidden.

    x      the whole pictures, float32 (N, C, S, S) in [−1, 1]
    mask   (N, 1, S, S), 1 where known
    """

    x: Tensor
    mask: Tensor

    @property
    def seen(self) -> Tensor:
        """What may be looked at: 0, a middle grey, where hidden."""
        return self.mask * self.x


class InpaintingExperiment:
    """Implements `recipes.experiment.Experiment` for `InpaintingRecipe`.

    data, kept   pictures of training, and those that no training sees
    networks     "generator", and "discriminator" where the adversarial loss has a weight
    """

    def __init__(self, recipe: InpaintingRecipe, data_root: Path | None = None) -> None:
        self.recipe, self.data_root = recipe, data_root
        self.data, self.kept = make_data(recipe.data, data_root)
        self.networks = make_networks(recipe)

    @cached_property
    def extractor(self) -> Extractor:
        """What the Fréchet distance is taken in."""
        from genloom.recipes.extractors import chosen

        evaluation = self.recipe.evaluation
        return chosen(self.recipe.data, evaluation.features, evaluation.weights, self.data_root)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, the networks' sizes, and what is hidden."""
        sizes = {name: sum(p.numel() for p in network.parameters()) for name, network in self.networks.items()}
        hidden = 1 - float(self.questions().mask.mean())
        return (
            ("data", f"{self.data.description}; {len(self.data.pictures):,} to train, {len(self.kept.pictures):,} kept "
                     "back"),
            ("network", ", ".join(f"{name} of {size:,} parameters" for name, size in sizes.items())),
            ("hidden", f"{hidden:.0%} of the pixels ({self.recipe.masks.kind})"),
        )

    def job(self) -> Job:
        """One network and its loss, or two networks that take turns."""
        chosen = self.recipe
        method = Inpainting(masks=MASKS[chosen.masks.kind], adversarial=chosen.loss.weight,
                            game=adversarial(chosen.loss.adversarial))
        return Job(method=Prepared(method, self.prepare), networks=self.networks, optimizers=_optimizers(chosen),
                   source=TensorSource({"x": self.data.pictures}), options=chosen.engine, draw=self._picture,
                   judge=self._judge)

    def prepare(self, batch: Batch, rng: StepRng) -> Batch:
        """A batch as the networks see it: cropped, mirrored, in [−1, 1]."""
        return {"x": Augment(size=self.recipe.data.size, flip=self.recipe.data.flip)(batch["x"], rng)}

    @property
    def judged(self) -> int:
        """How many kept-back pictures are completed: at most half of them, since the others stand for the data."""
        return min(self.recipe.evaluation.samples, len(self.kept.pictures) // 2)

    def floats(self, first: int, count: int) -> Tensor:
        """Kept-back pictures without augmentation, float32 (count, C, S, S)."""
        return to_floats(centre(self.kept.pictures[first : first + count], self.recipe.data.size))

    def questions(self, count: int | None = None, *, kind: str = "", seed: int | None = None) -> Questions:
        """The first kept-back pictures with masks that are a function of the seed alone.

        kind   of masks, the recipe's by default
        """
        total = self.judged if count is None else min(count, len(self.kept.pictures))
        rng = StepRng(self.recipe.evaluation.seed if seed is None else seed, 0)
        masks = draw_masks(kind or self.recipe.masks.kind, total, self.recipe.data.size, rng)
        return Questions(self.floats(0, total), masks)

    @torch.no_grad()
    def complete(self, networks: Networks, questions: Questions) -> Tensor:
        """The pictures with their hidden part filled in by the network, (N, C, S, S) on the CPU, in [−1, 1]."""
        network = for_inference(networks["generator"], self.recipe.engine.precision)
        device = next(network.parameters()).device
        parts = zip(torch.split(questions.x, BATCH), torch.split(questions.mask, BATCH), strict=True)
        filled = [complete(network, x.to(device), mask.to(device)).float().cpu() for x, mask in parts]
        return torch.cat(filled).clamp(-1, 1)

    def sample(self, networks: Networks, request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """A sheet of kept-back pictures: what is known, what the network makes of it, and the truth.

        Errors: `InputError` for options of a sampler, labels, or a count below 1.
        """
        from genloom.recipes.show_inpainting import write_sheet

        refuse_idle(request, "a network that completes pictures", (), "completing has no sampler and no classes")
        count = request.count if request.count is not None else 2 * _SHOWN
        if count < 1:
            raise InputError("count", count, "at least 1", f"pass --count {2 * _SHOWN}")
        questions = self.questions(count, seed=request.seed)
        return [write_sheet(self, networks, questions, folder / "completed.png", provenance)]

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """PSNR of what was hidden and the Fréchet distance, beside fills without learning and other real pictures."""
        from genloom.recipes.judge_inpainting import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The losses over the steps, and completed pictures for every kind of mask."""
        from genloom.recipes.show_inpainting import run_items

        return run_items(self, networks, run, provenance)

    def _picture(self, networks: Networks, step: int, folder: Path) -> None:
        from genloom.recipes.show_inpainting import write_sheet

        path = folder / f"step-{step:07d}.png"
        write_sheet(self, networks, self.questions(_SHOWN), path, drawn_at(self.recipe, step))

    def _judge(self, networks: Networks) -> dict[str, float]:
        questions = self.questions()
        error = hidden_error(self.complete(networks, questions), *questions)
        return {"squared error of hidden pixels": float(error.mean())}


def make_networks(recipe: InpaintingRecipe) -> dict[str, nn.Module]:
    """The networks of a recipe, with weights that are a function of the seed.

    Errors: `InputError` for sizes that cannot be built.
    """
    chosen, judge, data = recipe.network, recipe.discriminator, recipe.data
    shape = UNetShape(size=data.size, channels=data.channels + 1, out_channels=data.channels, width=chosen.width,
                      multipliers=chosen.multipliers, blocks=chosen.blocks, attention=chosen.attention,
                      heads=chosen.heads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        networks: dict[str, nn.Module] = {"generator": Completion(UNet(shape))}
        if recipe.loss.weight > 0:
            networks["discriminator"] = PatchDiscriminator(
                PatchShape(size=data.size, channels=data.channels, width=judge.width, layers=judge.layers))
    return networks


def _optimizers(recipe: InpaintingRecipe) -> dict[str, Optimizer]:
    own = {"generator": recipe.optimizer}
    if recipe.loss.weight > 0:
        own["discriminator"] = replace(recipe.optimizer, lr=recipe.discriminator.lr)
    return own
