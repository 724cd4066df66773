from dataclasses import replace

import pytest
import torch

from genloom.recipes.gpt import Data, Evaluation, Generation, Network, Tokenizer
from genloom.recipes.registry import recipe
from genloom.rng import generator
from genloom.studies.alice import work
from genloom.studies.alice.options import Options
from genloom.studies.context import Context

_WHO = ("The cat", "A mouse", "My dog", "The queen", "One owl", "The hatter")
_DOES = ("said to the king that she saw", "thought for a long while of", "went away to look for", "had never held")
_WHAT = ("a little walnut", "the moon", "some cheese", "a small café", "nothing at all")
_THEN = ("in the garden before tea", "and was very much surprised", "as if it were a dream of the river")


def text(lines: int = 700) -> str:
    """Sentences of eleven words and more, drawn at random, with an end of the line in some."""
    random = generator(0, 7)
    parts = (_WHO, _DOES, _WHAT, _THEN)
    picks = [torch.randint(len(part), (lines,), generator=random).tolist() for part in parts]
    sentences = [" ".join(part[k] for part, k in zip(parts, row, strict=True)) for row in zip(*picks, strict=True)]
    return "".join(each + ("; it was late\nagain.\n" if k % 3 == 0 else ".\n") for k, each in enumerate(sentences))


def tiny_recipe(name: str, tier: str):
    """The study's recipe for a few steps of a small network."""
    base = recipe(name, tier)
    engine = replace(base.engine, steps=120, batch_size=16, threads=1, tensorboard=False, log_every=5, precision="32",
                     evaluate_every=20, patience=2, save_every=20)
    return replace(base, tokenizer=Tokenizer(vocabulary=300), engine=engine,
                   network=Network(width=32, blocks=2, heads=2, context=64, dropout=0.1),
                   optimizer=replace(base.optimizer, lr=1e-2, warmup=5),
                   generation=Generation(count=2, tokens=40), evaluation=Evaluation(order=4, overlap=20, texts=2))


SIZES = work.Sizes(seeds=2, starts=3, steps=60, searches=1, exchanges=2, tried=16, sentences=6, scored=8,
                   contexts=(16, 32, 64), tokens=64)


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny; what items share is computed once for all tests."""
    path = tmp_path_factory.mktemp("text") / "small.txt"
    path.write_text(text(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        patch.setattr(work, "SIZES", {"laptop": SIZES})
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield Context(folder=tmp_path_factory.mktemp("alice"), study="alice", seed=3,
                      options=Options(data=Data(text=str(path), blocks=2)))
        torch.set_flush_denormal(False)  # training set it for the whole process
