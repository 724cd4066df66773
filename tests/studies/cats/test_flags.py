"""S3.19 agrees with the text's formulas, whatever was trained."""

from genloom.studies.cats.flags import flags


def test_the_item_is_whole_and_agrees(tiny, check) -> None:
    answer = check(flags, tiny)
    assert all(result.status in ("pass", "info") for result in answer.results), \
        [result for result in answer.results if result.status == "fail"]
