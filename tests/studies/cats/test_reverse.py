"""S3.18 agrees with the text's formulas, whatever was trained."""

from genloom.studies.cats.reverse import reverse_process


def test_the_item_is_whole_and_agrees(tiny, check) -> None:
    answer = check(reverse_process, tiny)
    assert all(result.status in ("pass", "info") for result in answer.results), \
        [result for result in answer.results if result.status == "fail"]


def test_the_text_s_loop_without_the_clamp_leaves_the_range(tiny) -> None:
    from genloom.studies.cats.reverse import _theirs
    from genloom.studies.cats.work import first_thousand

    here = first_thousand(tiny)
    assert _theirs(here, 0, clip=True).abs().max() <= 1 < _theirs(here, 0, clip=False).abs().max()
