"""One figure for each way, each with a row for each scale."""

from genloom.studies.guided_sampling.guidance import guidance
from genloom.studies.guided_sampling.ways import WAYS


def test_the_item_is_whole_and_agrees(tiny, check) -> None:
    answer = check(guidance, tiny)
    assert len(answer.figures) == len(WAYS)
    assert all(result.status in ("pass", "info") for result in answer.results)
    assert [row[0] for row in answer.tables[0].rows] == [way.name for way in WAYS]
