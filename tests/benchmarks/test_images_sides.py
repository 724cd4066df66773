"""Both sides hold the same network and do the same work."""

import pytest
import torch

from genloom.benchmarks import images, images_sides
from genloom.benchmarks.images import Setting

pytest.importorskip("diffusers")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WARM", 1), ("TIMED", 1), ("STEPS", 2), ("ROUNDS", 1), ("BATCH", 2)):
        monkeypatch.setattr(images_sides, name, value)


@pytest.mark.parametrize(("model", "millions"), [("small", 1.085), ("large", 10.92)])
def test_the_two_networks_are_one_function(model: str, millions: float) -> None:
    setting = Setting(model, size=8)
    ours, theirs = images_sides.ours(setting).eval(), images_sides.theirs(setting).eval()
    assert sum(p.numel() for p in theirs.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())
    x, t = torch.randn(2, 3, 8, 8), torch.tensor([3, 700])
    with torch.no_grad():
        torch.testing.assert_close(ours(x, t.float(), None), theirs(x, t).sample, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("side", images_sides.SIDES)
def test_every_side_answers_with_seconds_memory_and_a_number(side: str) -> None:
    answer = images_sides.SIDES[side](Setting(size=8, bf16=side.endswith("genloom")))
    assert answer["seconds"] > 0
    assert answer["memory_mb"] > 50
    assert 0 < answer["answer"] < 10


def test_the_models_of_the_benchmark_are_those_that_are_said() -> None:
    assert set(images.MODELS) == {"small", "large"}
