import pytest
import torch

from genloom.studies import at_hand
from genloom.studies.context import Context
from genloom.studies.iclevr import work
from iclevr_small import DATA, SIZES, tiny_recipe


@pytest.fixture(scope="package")
def tiny(tmp_path_factory):
    """A context whose runs are tiny, on scenes of 16 × 16; what items share is computed once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recipe", tiny_recipe)
        patch.setattr(work, "SIZES", {"laptop": SIZES})
        patch.setattr(at_hand, "iclevr", lambda root, size=DATA.size: at_hand.AtHand(DATA, "a few small scenes"))
        yield Context(folder=tmp_path_factory.mktemp("iclevr"), study="iclevr", seed=3)
        torch.set_flush_denormal(False)  # training set it for the whole process
