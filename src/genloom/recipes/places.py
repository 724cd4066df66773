"""Fields of recipes that name files, and a recipe without them; free of torch."""

from pathlib import Path
from typing import Any

from genloom.recipes import fields, gpt

PLACES = ("data.folder", "data.path", "data.csv", "latent.autoencoder", "evaluation.weights", "tokenizer.folder")
"""Fields that name files."""
PROMPTS, MODEL = "prompts", "model"
"""Fields of a study's options: a file; and a folder, or a model of the hub where there is no such folder."""
TEXT = "data.text"
"""The field of a language model's recipe that names a text of `gpt.TEXTS`, or a file or folder; others have words."""
JUDGES = ("evaluation.judge", "loss.evaluator")
"""Fields that name a run, a file, or an evaluator that comes with genloom."""
_IDLE = ("summary", "engine.threads", "engine.workers", "engine.tensorboard", "engine.wandb", "evaluation.samples",
         "evaluation.seeds", "evaluation.judge", "evaluation.label_seeds")


def without_places(recipe: Any) -> Any:
    """The recipe with no path of a machine in it; names of what comes with genloom stay.

    >>> from dataclasses import replace
    >>> from genloom.recipes.registry import recipe
    >>> base = recipe("ddpm-images")
    >>> without_places(replace(base, data=replace(base.data, folder="/a/b"))) == base
    True
    """
    for leaf in fields.leaves(type(recipe)):
        value = fields.value(recipe, leaf.path)
        if (leaf.name in PLACES and value) or (leaf.name in JUDGES and is_place(value)) or is_text(leaf, value):
            recipe = fields.replaced(recipe, leaf.path, "")
    return recipe


def is_text(leaf: fields.Leaf, value: Any) -> bool:
    """Whether a value is the path of a language model's text."""
    return leaf.name == TEXT and leaf.owner is gpt.Data and value not in ("", *gpt.TEXTS)


def is_place(value: str) -> bool:
    """Whether a value is a path rather than a name; those of a run are whole paths.

    >>> is_place("evaluator-iclevr-a"), is_place("/runs/mine"), is_place("")
    (False, True, False)
    """
    return len(Path(value).parts) > 1


def other_training(mine: Any, theirs: Any) -> list[str]:
    """What would train another model: names of the fields that differ, with both values.

    Left out are paths, the words of the summary, how a training is watched, and how what it left is sampled and judged.

    >>> from dataclasses import replace
    >>> from genloom.recipes.registry import recipe
    >>> base = recipe("ddpm-images")
    >>> other_training(replace(base, engine=replace(base.engine, threads=4, seed=1)), base)
    ['engine.seed 1, not 0']
    """
    if type(mine) is not type(theirs):
        return [f"a {type(mine).__name__}, not a {type(theirs).__name__}"]
    found = fields.differences(without_places(mine), without_places(theirs))
    return [f"{name} {own}, not {other}" for name, own, other in found
            if name not in _IDLE and not name.startswith("sampling.")]
