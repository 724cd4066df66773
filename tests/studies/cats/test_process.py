"""The way back starts from the tensor that the way there ended with."""

from genloom.studies.cats.process import backward_figure, forward_figure


def test_the_items_are_whole_and_agree(tiny, check) -> None:
    for item in (forward_figure, backward_figure):
        assert all(result.status == "pass" for result in check(item, tiny).results)
