"""Discriminators that are trained against a generator that stays."""

import torch

from genloom.rng import SampleNoise
from genloom.studies.gan_theory import overpowered
from genloom.studies.gan_theory.overpowered import TRIALS, course, identity, make_generator


def test_the_generator_is_a_small_blob_in_the_middle() -> None:
    points = make_generator(0)(SampleNoise(9, 500, (2,))())
    assert 0.03 < points.std() < 0.07
    assert points.norm(dim=1).max() < 0.6


def test_every_loss_has_a_norm_at_every_mark(monkeypatch) -> None:
    for name, size in (("STEPS", 12), ("BATCH", 32), ("COUNT", 100)):
        monkeypatch.setattr(overpowered, name, size)
    found = course(0)
    assert found.marks[-1] == 12
    asked = [name for trial in TRIALS for name in trial.asked]
    assert list(found.norms) == list(found.apart) == asked
    for name in asked:
        assert len(found.norms[name]) == len(found.apart[name]) == len(found.marks)
        assert min(found.norms[name]) > 0
    assert found.apart["minimax"] == found.apart["non-saturating"], "one discriminator is asked by both"


def test_minimax_is_the_non_saturating_loss_with_other_weights() -> None:
    assert identity(1, count=64) < 1e-12


def test_an_asked_gradient_does_not_move_the_generator() -> None:
    made = make_generator(0)
    before = [parameter.clone() for parameter in made.parameters()]
    overpowered._trained(TRIALS[0], made, (1,), 0)
    assert all(torch.equal(a, b) for a, b in zip(before, made.parameters(), strict=True))
