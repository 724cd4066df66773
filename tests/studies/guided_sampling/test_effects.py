"""Each way is judged by the classifier that does not guide it; unguided pictures agree by chance."""

from genloom.studies.guided_sampling.effects import effects, judge_of, points
from genloom.studies.guided_sampling.judges import CLEAN, NOISY
from genloom.studies.guided_sampling.ways import WAYS


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(effects, tiny)
    assert len(answer.tables[0].rows) == 5 * len(WAYS) + 2
    assert all(result.status == "pass" for result in answer.results[:2])  # chance


def test_no_guide_judges_itself(tiny) -> None:
    judges = {way.key: judge_of(tiny, way).name for way in WAYS}
    assert judges.pop("clean-classifier") == NOISY
    assert set(judges.values()) == {CLEAN}


def test_points_have_intervals(tiny) -> None:
    for each in points(tiny):
        assert each.quality.low <= each.quality.value <= each.quality.high
        assert each.diversity.low < each.diversity.value < each.diversity.high
