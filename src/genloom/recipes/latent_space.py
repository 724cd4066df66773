"""The latent space of a trained autoencoder run, for the diffusion models that live in it."""

from pathlib import Path

from genloom.diffusion.latent import LatentSpace
from genloom.errors import InputError, InputErrors, RunError
from genloom.recipes import registry
from genloom.recipes.autoencoder import AutoencoderRecipe
from genloom.recipes.images import Data
from genloom.recipes.serial import from_yaml
from genloom.training.checkpoint import Checkpoints, load_networks
from genloom.training.run import RunFolder


def latent_space(run: Path, data: Data, data_root: Path | None = None) -> LatentSpace:
    """The latent space of the autoencoder in folder `run`, with its best weights, or its last where none is best.

    The latents are standardised over the autoencoder's own training pictures; nothing here is random.

    data        the pictures that are to be encoded, of the size and channels that the autoencoder was trained with
    data_root   folder of real data sets

    Errors: `RunError` for a folder that is no run or whose recipe cannot be read; `InputError` for a run of another
    family, another size or other channels; `CheckpointError` for weights that are missing or damaged; `DataError` where
    the autoencoder's pictures are not there any more.
    """
    folder = RunFolder.open(run)
    recipe = _recipe(folder)
    for name in ("size", "channels"):
        mine, wanted = getattr(data, name), getattr(recipe.data, name)
        if mine != wanted:
            raise InputError(f"data.{name}", mine, f"{wanted}, which the autoencoder in {run} was trained with",
                             f"pass --data.{name} {wanted}")
    from genloom.recipes.build_autoencoder import AutoencoderExperiment

    experiment = AutoencoderExperiment(recipe, data_root)
    networks = {"autoencoder": experiment.network.requires_grad_(False)}
    best = Checkpoints(folder.checkpoints).best() is not None
    loaded = load_networks(run, networks, step="best" if best else "last")
    return experiment.space(networks, loaded.digest)


def _recipe(folder: RunFolder) -> AutoencoderRecipe:
    try:
        recipe = from_yaml(folder.recipe_yaml)
    except (InputError, InputErrors, UnicodeDecodeError) as error:
        raise RunError(f"{folder.path / 'recipe.yaml'}: {error}") from error
    if not isinstance(recipe, AutoencoderRecipe):
        raise InputError("latent.autoencoder", str(folder.path),
                         f"the run of an autoencoder; this one is of the family {registry.family_of(recipe)!r}",
                         "make one with `genloom train kl-autoencoder --out DIR`")
    return recipe
