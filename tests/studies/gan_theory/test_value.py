"""S4.2 as an item of the report."""

import math

import pytest

from genloom.studies.gan_theory import fitting, value
from genloom.studies.gan_theory.value import by_heart, divergence


def test_the_item_is_whole_and_the_identity_needs_no_training(tiny, check) -> None:
    answer = check(divergence, tiny)
    trained = [result for result in answer.results if result.name.endswith("of the trained network")]
    exact = [result for result in answer.results
             if result not in trained and ("V(G, D*)" in result.name or "on draws" in result.name)]
    assert len(exact) == 14
    assert {result.status for result in exact} == {"pass"}
    assert len(trained) == 5
    assert all(result.value > 0 for result in trained), "a lower bound, whatever D is"
    assert "fail" in {result.status for result in trained}, "eight steps are not enough"
    assert all(result.seeds == (3, 4) and result.interval for result in trained)


def test_what_an_ignorant_network_says_of_its_own_points_is_not_taken_for_knowledge(tiny) -> None:
    heart = [result for result in divergence.work(tiny).results if "points" in result.name]
    assert [result.status for result in heart] == ["fail", "fail"], "six steps teach nothing by heart"


@pytest.mark.slow
def test_what_is_learned_by_heart_is_not_known_of_other_points(monkeypatch) -> None:
    monkeypatch.setattr(value, "OWN_STEPS", 600)
    monkeypatch.setattr(fitting, "BATCH", 512)
    found = by_heart(0)
    assert found.own[-1] > -0.3
    assert found.fresh[-1] < -math.log(4)
