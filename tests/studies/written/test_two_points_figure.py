"""The picture of backward steps on two points."""

from genloom.studies.written.two_points import cost
from genloom.studies.written.two_points_figure import points_figure


def test_the_picture_is_saved_with_its_words(context):
    made = points_figure(context, {steps: cost(steps) for steps in (4, 8)})
    assert (context.folder / made.path).stat().st_size > 10_000
    assert "−1 or 1" in made.caption
