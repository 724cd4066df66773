"""Runs of the study: what they are of, what they keep, and what becomes of one that ends early."""

import pytest
import torch

from genloom.errors import NonFiniteError
from genloom.recipes.gan_losses import updates
from genloom.studies.context import Context
from genloom.studies.mnist_gans import work


def test_a_run_keeps_a_checkpoint_of_each_stage_with_the_same_noise(tiny) -> None:
    played = work.play(tiny, "tiny-gan")
    found = work.stages(tiny, played, 5)
    assert list(found) == [3, 6, 9, 12]
    assert all(pictures.shape == (5, 1, 28, 28) for pictures in found.values())
    assert not torch.equal(found[3], found[12])
    assert torch.equal(found[12], work.drawn(tiny, played, 5)), "the last weights are back"
    assert torch.equal(found[12], work.drawn(tiny, played, 9)[:5])
    assert played.epoch(12) == pytest.approx(12 * 16 / len(played.experiment.data))


def test_every_loss_has_the_same_number_of_updates_and_its_seeds(tiny) -> None:
    found = work.all_games(tiny)
    assert set(found) == set(work.LOSSES)
    for name, runs in found.items():
        assert list(runs) == [3, 4]
        assert len({played.name for played in runs.values()}) == 2
        assert all(updates(played.recipe) == 12 for played in runs.values()), name
        assert all(played.recipe.evaluation.samples == 40 for played in runs.values())
    assert found["wgan"][3].recipe.loss.critic_steps == 5


def test_a_training_that_ends_in_numbers_that_are_not_finite_is_no_failure(tiny, monkeypatch) -> None:
    def run(self, recipe, name):
        self.used.add(name)
        raise NonFiniteError("step 7: the loss is nan")

    monkeypatch.setattr(Context, "run", run)
    before = set(tiny.used)
    assert work.game(tiny, "minimax", 3) is None
    assert tiny.used == before, "an item does not depend on a run that is not there"


def test_every_tier_has_its_sizes() -> None:
    assert work.Sizes().seeds == 3
    assert work.Sizes().samples == 10_000
