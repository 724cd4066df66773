"""A run of a language model, for the verbs that look at one."""

from genloom.cli import runs, shipped
from genloom.cli.output import Voice
from genloom.errors import InputError
from genloom.recipes import pretrained, registry
from genloom.training.run import RunFolder

FAMILY = "gpt"


def trained(wants: runs.Wants, voice: Voice, doing: str) -> runs.Trained:
    """A run of a language model with the weights of a checkpoint; its text is not read.

    Errors: `InputError` for a run of another family, before anything of it is built; those of `runs.trained`.
    """
    name = shipped.named(wants.run, drawing=True)
    recipe = pretrained.load(name).recipe if name else runs.recipe_of(RunFolder.open(wants.run))
    if (family := registry.family_of(recipe)) != FAMILY:
        raise InputError("RUN", str(wants.run), f"a run of a language model; this one is of the family {family}",
                         "train one with `genloom train gpt`")
    return runs.trained(wants, voice, doing, drawing=True)
