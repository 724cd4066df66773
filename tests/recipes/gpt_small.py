"""A small text and small language models of it, for the tests of this folder and of the command line."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from genloom.recipes.build_gpt import GptExperiment
from genloom.recipes.gpt import Data, Evaluation, Generation, GptRecipe, Network, Tokenizer, gpt_nano
from genloom.rng import generator

WHO = ("the cat", "a mouse", "my dog", "the squirrel", "one owl")
DOES = ("sees", "holds", "wants", "likes")
WHAT = ("a walnut", "the moon", "some cheese", "a small café", "nothing at all")


def text(lines: int = 1500, seed: int = 0) -> str:
    """Lines of three parts each, drawn at random."""
    import torch

    random = generator(seed, 7)
    picks = [torch.randint(len(part), (lines,), generator=random).tolist() for part in (WHO, DOES, WHAT)]
    return "".join(f"{WHO[a]} {DOES[b]} {WHAT[c]}.\n" for a, b, c in zip(*picks, strict=True))


def text_file(folder: Path, **how: Any) -> Path:
    path = folder / "small.txt"
    path.write_text(text(**how), "utf-8")
    return path


def small_recipe(path: Path, **parts: Any) -> GptRecipe:
    recipe = gpt_nano()
    recipe = replace(recipe, data=Data(text=str(path), blocks=2), tokenizer=Tokenizer(vocabulary=300),
                     network=Network(width=16, blocks=2, heads=2, context=12),
                     engine=replace(recipe.engine, steps=20, batch_size=8, tensorboard=False, precision="32",
                                    evaluate_every=5, patience=0, log_every=5),
                     generation=Generation(count=3, tokens=30), evaluation=Evaluation(order=4, overlap=20, texts=2))
    return replace(recipe, **parts)


def small(path: Path, **parts: Any) -> GptExperiment:
    return GptExperiment(small_recipe(path, **parts))
