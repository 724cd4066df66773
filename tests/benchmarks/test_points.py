"""`genloom bench points`, with each side cut short."""

from pathlib import Path

import pytest

from genloom.benchmarks import points
from genloom.benchmarks.sides import Comparison, Pair


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TRAINING_STEPS", 60), ("TRAINING_POINTS", 64), ("SAMPLES", 50), ("SAMPLING_STEPS", 60)):
        monkeypatch.setattr(points, name, value)


def test_every_side_answers_with_seconds_and_quality(tmp_path: Path) -> None:
    for name in ("train", "train-plain", "prepare-sampling", "sample", "sample-diffusers"):
        answer = points.SIDES[name](tmp_path)
        assert answer["seconds"] > 0, name
        assert abs(answer["quality"]) < 5, name


def test_both_sides_train_the_same_network_on_the_same_points() -> None:
    one, two = points._experiment(points._training_recipe()), points._experiment(points._training_recipe())
    assert one.data.points.equal(two.data.points)
    assert all(a.equal(b) for a, b in zip(one.network.parameters(), two.network.parameters(), strict=True))


def test_the_page_has_both_ratios_beside_their_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Comparison((Pair({"seconds": 1.0, "quality": 0.1}, {"seconds": 3.0, "quality": 0.1}),) * 2)
    monkeypatch.setattr(points, "compare", lambda *_: found)
    monkeypatch.setattr(points, "run", lambda *_: {})
    page = points.bench(2, lambda _: None)
    ratios = [result for result in page.items[0].results if result.unit == "×"]
    assert [(result.value, result.known, result.status) for result in ratios] == [(3, 1.5, "pass"), (3, 2.0, "pass")]
