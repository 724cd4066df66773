"""An evaluator recipe made real: its pictures and their label sets, its network and its method."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.data.images.augment import Augment, centre, to_floats
from genloom.data.images.imageset import ImageSet
from genloom.diffusion.classification import Classification
from genloom.errors import InputError, NotHere
from genloom.nn.resnet import ResNet, ResNetShape
from genloom.recipes.build_classifiers import widened
from genloom.recipes.evaluator import EvaluatorRecipe
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.images_parts import make_data
from genloom.rng import StepRng, fold
from genloom.training.engine import Job
from genloom.training.method import Batch, Networks
from genloom.training.prepared import Prepared
from genloom.training.source import TensorSource

if TYPE_CHECKING:
    from genloom.report.results import Item, Result

NAME = "evaluator"
"""The name of the network and of its optimizer."""
_BATCH = 256


class EvaluatorExperiment:
    """Implements `recipes.experiment.Experiment` for `EvaluatorRecipe`.

    data, kept    pictures of training, and those of other scenes, which no training sees
    sets          what is in each picture of training, uint8 (N, K), and `kept_sets`
    class_names   one for each of the K objects

    Errors: `InputError` for pictures without labels.
    """

    def __init__(self, recipe: EvaluatorRecipe, data_root: Path | None = None) -> None:
        self.recipe = recipe
        self.data, self.kept = make_data(recipe.data, data_root)
        self.sets, self.kept_sets = label_sets(self.data), label_sets(self.kept)
        self.class_names = self.data.class_names
        self.network = make_evaluator(recipe, len(self.class_names), self.sets.double().mean(0))

    def facts(self) -> tuple[tuple[str, str], ...]:
        """The data, what is in a picture, and the network's size."""
        parameters, counts = sum(p.numel() for p in self.network.parameters()), self.sets.sum(1)
        low, high = int(counts.min()), int(counts.max())
        each = str(low) if low == high else f"{low} to {high}"
        return (
            ("data", f"{self.data.description}; {len(self.data):,} to train, {len(self.kept):,} kept"),
            ("labels", f"{len(self.class_names)} objects, {each} in a picture"),
            ("network", f"residual network of blocks {', '.join(map(str, self.recipe.network.blocks))} and width "
                        f"{self.recipe.network.width}, {parameters:,} parameters"),
        )

    def job(self) -> Job:
        """One network, one optimizer, one loss: −log p(set | picture), a sigmoid for each object."""
        return Job(method=Prepared(Classification(name=NAME), self.prepare),
                   networks={NAME: self.network}, optimizers={NAME: self.recipe.optimizer},
                   source=TensorSource({"x": self.data.pictures, "y": self.sets}), options=self.recipe.engine,
                   judge=self._judge)

    def prepare(self, batch: Batch, rng: StepRng) -> Batch:
        """A batch as the network sees it in training: moved, cropped, perhaps mirrored, brighter or darker."""
        chosen, change = self.recipe.data, self.recipe.augmentation
        x = Augment(size=chosen.size, flip=chosen.flip)(widened(batch["x"], change.shift), rng)
        return {**batch, "x": brightened(x, change.brightness, rng)}

    def sample(self, networks: Networks, request: SampleRequest, folder: Path, provenance: dict[str, str]) -> NoReturn:
        """An evaluator draws nothing.

        Errors: `NotHere` that says what it is for.
        """
        raise NotHere("an evaluator draws no samples; it judges those of a model whose labels it knows, or guides it: "
                      "`genloom sample RUN --classifier THIS_RUN --guidance 2`; see `genloom evaluate THIS_RUN`")

    def evaluate(self, networks: Networks) -> "tuple[Result, ...]":
        """How many labels of kept-back pictures it names, how sure it is, and what it takes for what."""
        from genloom.recipes.judge_evaluator import judge_all

        return judge_all(self, networks)

    def items(self, networks: Networks, run: Path, provenance: dict[str, str]) -> "tuple[Item, ...]":
        """The loss over the steps, what is taken for what, each object's accuracy, and the surest mistakes."""
        from genloom.recipes.show_evaluator import run_items

        return run_items(self, networks, run, provenance)

    def _judge(self, networks: Networks) -> dict[str, float]:
        from genloom.recipes.judge_evaluator import quick

        return quick(self, networks)


def label_sets(pictures: ImageSet) -> Tensor:
    """What is in each picture, uint8 (N, K); a class is a set of one.

    Errors: `InputError` for pictures without labels, or without a label in one of them.
    """
    labels = pictures.labels
    if labels is None:
        raise InputError("data", pictures.description, "pictures with labels",
                         "pass --data.source iclevr, or put the pictures of each class into a sub-folder")
    sets = F.one_hot(labels, pictures.classes).to(torch.uint8) if labels.ndim == 1 else labels
    empty = int((sets.sum(1) == 0).sum())
    if empty:
        raise InputError("data", f"{empty} pictures without a label", "pictures with one label at least")
    return sets


def make_evaluator(recipe: EvaluatorRecipe, classes: int, rates: Tensor | None = None) -> ResNet:
    """The network of a recipe, with weights that are a function of the seed.

    rates   how often each object is there, (K,): its logit starts as log(rate / (1 − rate)), so that training need not
            learn first that most objects are absent

    Errors: `InputError` for sizes that do not fit.
    """
    chosen = recipe.network
    shape = ResNetShape(width=chosen.width, blocks=chosen.blocks, classes=classes, channels=recipe.data.channels,
                        pool=chosen.pool)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(recipe.engine.seed, 0))
        network = ResNet(shape)
    if rates is not None:
        with torch.no_grad():
            network.fc.bias.copy_(rates.clamp(1e-3, 1 - 1e-3).logit())
    return network


@torch.no_grad()
def asked(network: nn.Module, pictures: Tensor, size: int) -> Tensor:
    """Logits of stored pictures, uint8 (N, C, S, S) with S ≥ size, of which the middle is seen: float64 (N, K), on CPU.

    The network must be in eval mode.
    """
    device = next(network.parameters()).device
    found = [network(to_floats(centre(part, size)).to(device)) for part in torch.split(pictures, _BATCH)]
    return torch.cat(found).double().cpu()


def brightened(x: Tensor, most: float, rng: StepRng) -> Tensor:
    """Pictures (B, C, S, S) in [−1, 1] whose brightness, (x + 1)/2, is multiplied by 1 − most … 1 + most, and cut at 1.

    >>> brightened(torch.zeros(1, 1, 1, 1), 0.0, StepRng(0, 0)).item()
    0.0
    """
    if most == 0:
        return x
    factor = 1 + most * (2 * rng.uniform((len(x), 1, 1, 1)).to(x.device) - 1)
    return ((x + 1) * factor - 1).clamp(max=1.0)
