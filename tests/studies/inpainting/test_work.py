"""Everyone completes the same pictures under the same masks."""

import torch

from genloom.recipes.judge_inpainting import FILLS
from genloom.studies.inpainting import work


def test_every_way_keeps_the_known_pixels_and_has_an_answer_for_each_picture(tiny) -> None:
    asked, found = work.questions(tiny), work.completions(tiny)
    known = (asked.mask == 1).expand_as(asked.x)
    assert set(found) == {*FILLS, *work.NETWORKS.values(), *(way.name for way in work.SAMPLED)}
    for completed in found.values():
        assert completed.shape == asked.x.shape
        assert torch.equal(completed[known], asked.x[known])
        assert completed.abs().max() <= 1


def test_a_sampled_completion_does_not_depend_on_its_batch(tiny) -> None:
    trained, experiment = work.diffused(tiny)
    asked = work.questions(tiny)
    run = work.repainted(2, 1)
    whole = work.sampled(experiment, trained, run, asked, 0, 3)
    part = work.sampled(experiment, trained, run, work.Questions(asked.x[4:6], asked.mask[4:6]), 4, 3)
    torch.testing.assert_close(part, whole[4:6], rtol=1e-4, atol=1e-4)
