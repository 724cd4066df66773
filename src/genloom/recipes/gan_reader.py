"""An evaluator that reads what a generator draws while it learns: the labels that it misses are added to the loss."""

from torch import Tensor
from torch.nn import functional as F

from genloom.data.images.imageset import ImageSet
from genloom.errors import InputError
from genloom.gan.method import Reader
from genloom.recipes.gans import GanRecipe
from genloom.recipes.gans_parts import Scale
from genloom.recipes.trained_evaluator import Evaluator, load_evaluator
from genloom.training.precision import for_inference


def reading_evaluator(recipe: GanRecipe, data: ImageSet) -> Evaluator | None:
    """The evaluator that the recipe names to read; None where it names none.

    Errors: those of `load_evaluator`; `InputError` for one of other pictures or labels, for a generator that is told
    none, or for a negative weight.
    """
    loss, size, channels = recipe.loss, recipe.data.size, recipe.data.channels
    if not loss.evaluator:
        return None
    if recipe.network.told == "none":
        raise InputError("loss.evaluator", loss.evaluator, "none for a generator that is told no labels",
                         "pass --network.told norm")
    if not 0 <= loss.reading < float("inf"):
        raise InputError("loss.reading", loss.reading, "at least 0")
    found = load_evaluator(loss.evaluator)
    own = found.recipe.data
    if (own.size, own.channels, found.class_names) != (size, channels, data.class_names):
        raise InputError("loss.evaluator", loss.evaluator, f"one of {channels} × {size} × {size} pictures with the "
                         f"{len(data.class_names)} labels of these data",
                         f"`genloom train evaluator-iclevr --data.source {recipe.data.source} --data.size {size}` "
                         "makes one")
    return found


def make_reader(recipe: GanRecipe, evaluator: Evaluator, scale: Scale) -> Reader:
    """w · mean over labels of −log p(y_k | x), x being pictures as the pair works with them.

    scale   from the pair's floats to [−1, 1], which the evaluator sees
    """
    def read(x: Tensor, y: Tensor) -> Tensor:
        network = for_inference(evaluator.network.to(x.device), recipe.engine.precision)
        logits = network(2 * x - 1 if scale.unit else x)
        return recipe.loss.reading * F.binary_cross_entropy_with_logits(logits.float(), y)

    return read
