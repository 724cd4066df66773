from dataclasses import replace

import pytest
import torch

from genloom.studies import at_hand
from genloom.studies.context import Context
from genloom.studies.iclevr import work
from genloom.studies.text_to_image import own_model
from genloom.studies.text_to_image.options import SheetOptions
from iclevr_small import DATA, tiny_recipe
from iclevr_small import SIZES as ICLEVR

PROMPTS = """\
- prompt: two cats
  family: count
  expected: Exactly two.
  why: Nobody counts.
  source: a paper
  verdict: fails
- prompt: a dog, and no cat, on a chair at noon
  verdict: holds
  explanation: It is not read to its end.
- a red cube
"""


@pytest.fixture(scope="package")
def asked(pipeline_folder, tmp_path_factory):
    """Two pictures of each of three prompts, two at once, by a small random pipeline."""
    file = tmp_path_factory.mktemp("asked") / "mine.yaml"
    file.write_text(PROMPTS)
    return SheetOptions(model=str(pipeline_folder), prompts=str(file), pictures=2, batch=2, steps=2)


@pytest.fixture(scope="package")
def small_scenes():
    """Scenes of 16 × 16 in place of i-CLEVR, and recipes that train in a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        patch.setattr(work, "SIZES", {"laptop": ICLEVR})
        patch.setattr(own_model, "SIZES", {"laptop": own_model.Sizes(seeds=1, counted=8, triples=6, again=2)})
        patch.setattr(at_hand, "iclevr", lambda root, size=DATA.size: at_hand.AtHand(DATA, "a few small scenes"))
        yield
        torch.set_flush_denormal(False)  # training set it for the whole process


@pytest.fixture(scope="package")
def sheet_context(asked, small_scenes, tmp_path_factory):
    """A context with a model; its pictures are drawn once."""
    return Context(folder=tmp_path_factory.mktemp("sheet"), study="text-to-image", seed=3, options=asked)


@pytest.fixture(scope="package")
def bare(small_scenes, tmp_path_factory):
    """A context without a model, whose measured items train small ones."""
    return Context(folder=tmp_path_factory.mktemp("bare"), study="text-to-image", seed=3)


@pytest.fixture
def again(sheet_context):
    """The same folder with other options, as a later run has it."""
    def made(**changes):
        return replace(sheet_context, options=replace(sheet_context.options, **changes), _shared={}, _trained={},
                       used=set())

    return made
