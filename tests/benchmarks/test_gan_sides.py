"""Both sides begin with the same networks, do the same work and answer alike."""

import pytest
import torch

from genloom.benchmarks import gan_sides
from genloom.benchmarks.gan import Setting, Task


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WARM", 1), ("SAMPLES", 20), ("REFERENCES", 60)):
        monkeypatch.setattr(gan_sides, name, value)
    monkeypatch.setattr(gan_sides, "digits_at_hand", lambda: ("digits", "small ones"))


def test_both_sides_have_the_same_pictures_and_networks_whatever_the_setting() -> None:
    one = gan_sides.experiment(Task(Setting(), 3, seed=4))
    two = gan_sides.experiment(Task(Setting(bf16=True, last=True), 3, seed=4))
    assert torch.equal(one.data.pictures, two.data.pictures)
    for name in ("generator", "discriminator"):
        first, second = one.networks[name].state_dict(), two.networks[name].state_dict()
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
    assert one.recipe.engine.precision == "32"
    assert two.recipe.engine.precision == "bf16-mixed"


def test_another_seed_gives_other_weights() -> None:
    one, two = (gan_sides.experiment(Task(Setting(), 3, seed=seed)) for seed in (0, 1))
    first, second = (next(iter(each.networks["generator"].parameters())) for each in (one, two))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("side", gan_sides.SIDES)
def test_every_side_answers_with_seconds_and_a_distance(side: str) -> None:
    setting = Setting(bf16=side == "genloom", last=side == "genloom")
    answer = gan_sides.SIDES[side](Task(setting, 4, judged=True))
    assert answer["seconds"] > 0
    assert answer["step"] > 0
    assert answer["distance"] > answer["floor"] > 0, "nothing is learned in four steps"
    assert answer["distance_name"] == "FD-digits"
    assert "distance" not in gan_sides.SIDES[side](Task(setting, 3))
