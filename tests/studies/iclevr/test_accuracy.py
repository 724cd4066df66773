"""S1.15 to S1.18 as items of the report."""

from types import SimpleNamespace

import pytest

from genloom.studies.iclevr import accuracy, work
from genloom.studies.iclevr.judged import judged


def test_the_items_are_whole(tiny, check) -> None:
    for item in (accuracy.gan_test, accuracy.gan_new_test, accuracy.ddpm_test, accuracy.ddpm_new_test):
        answer = check(item, tiny, formula=True)
        assert answer.results[0].status == "fail", "twelve steps teach nothing"
        assert answer.results[0].seeds == (3, 4)


def test_the_mean_is_that_of_the_seeds(tiny) -> None:
    for model in work.models(tiny):
        each = accuracy.by_seed(tiny, model, "test")
        assert len(each) == 2
        assert judged(tiny, model, "test", work.judge(tiny)).micro.value == pytest.approx(sum(each) / 2)


def test_the_marks_are_the_course_s() -> None:
    assert [accuracy.grade(score) for score in (1, 0.8, 0.79, 0.6, 0.5, 0.4, 0.39)] == [100, 100, 90, 80, 70, 60, 0]


def test_every_model_has_a_goal_in_every_tier(tiny) -> None:
    assert {(model.said, tier) for model in work.models(tiny) for tier in ("laptop", "gpu")} == set(accuracy.GOALS)


def test_who_read_a_gan_in_training_is_told(tiny) -> None:
    model = work.gan(tiny)
    assert accuracy.read_in_training(tiny, model)
    assert not accuracy.read_in_training(tiny, work.ddpm(tiny))
    bare = model._replace(experiment=SimpleNamespace(guide=None))
    assert not accuracy.read_in_training(tiny, bare)
    answer = accuracy.gan_test.work(tiny)
    assert any("read the GAN's pictures while it learned" in paragraph for paragraph in answer.text)
    assert any("read it in training" in row[0] for row in answer.tables[0].rows)


def test_the_hardest_sets_come_first(tiny) -> None:
    found = judged(tiny, work.gan(tiny), "test", work.judge(tiny))
    rows = accuracy._by_set(tiny, "test", found)
    assert [share for _, share in rows] == sorted(share for _, share in rows)
    assert len(rows) == 32
