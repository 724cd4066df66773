"""Models that come with genloom, opened as trained runs are: an experiment, and networks in eval mode."""

from pathlib import Path
from typing import Any, NamedTuple, cast

from torch import nn

from genloom.errors import CheckpointError
from genloom.recipes.experiment import Experiment, build
from genloom.recipes.places import other_training
from genloom.recipes.pretrained import Pretrained
from genloom.report.numbers import duration
from genloom.training.checkpoint import Loaded
from genloom.training.state import copy_all, matched, network_tensors


class Shipped(NamedTuple):
    """A model that came with genloom.

    networks   those that came: of a GAN the generator alone
    loaded     the step, folder and digest of its weights
    """

    found: Pretrained
    experiment: Experiment
    networks: dict[str, nn.Module]
    loaded: Loaded

    @property
    def said(self) -> str:
        """Where it is from, as the end of a sentence."""
        return said(self.found)


def opened(found: Pretrained, data_root: Path | None = None, *, recipe: Any = None, drawing: bool = False) -> Shipped:
    """The experiment of a checkpoint that came with genloom, and its networks with their weights.

    recipe    to be built in place of its own, of the same training (see `differs`)
    drawing   it is to draw and no more, so that its data are not read where it knows enough of them

    Errors: those of the experiment, `DataError` for data that are not at hand among them; `CheckpointError` for weights
    of another network.
    """
    known = found.known if drawing else None
    experiment = build(found.recipe if recipe is None else recipe, data_root, known)
    there = {name.partition("/")[0] for name in found.tensors}
    networks = {name: network for name, network in _networks(experiment).items() if name in there}
    if set(networks) != there:
        raise CheckpointError(f"{found.folder} has the networks {', '.join(sorted(there))}, its recipe "
                              f"{', '.join(networks) or 'none of them'}")
    copy_all(matched("weights", network_tensors(networks), found.tensors))
    for network in networks.values():
        network.eval()
    averaged = bool(found.recipe.engine.ema)
    return Shipped(found, experiment, networks, Loaded(found.step, found.folder, found.digest, averaged))


def said(found: Pretrained) -> str:
    """Where a checkpoint is from, as the end of a sentence."""
    took = f" in {duration(found.seconds)}" if found.seconds else ""
    return f"comes with genloom, trained by this recipe{took}"


def differs(found: Pretrained, recipe: Any) -> list[str]:
    """What the recipe would train otherwise than the one that the checkpoint was trained by; empty for nothing."""
    return other_training(recipe, found.recipe)


def _networks(experiment: Experiment) -> dict[str, nn.Module]:
    """All networks of an experiment; those that draw without data have no job."""
    own = getattr(experiment, "networks", None)
    return cast(dict[str, nn.Module], experiment.job().networks if own is None else own)
