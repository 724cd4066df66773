"""S1.10 to S1.13 as items of the report."""

from PIL import Image

from genloom.report.provenance import read_provenance
from genloom.studies.iclevr import grids, work


def test_the_items_are_whole_and_have_a_picture_of_each_set(tiny, check) -> None:
    for item in (grids.gan_test, grids.gan_new_test, grids.ddpm_test, grids.ddpm_new_test):
        answer = check(item, tiny)
        assert answer.results[0].status == "pass"
        assert len(answer.figures) == 2


def test_the_first_figure_has_the_course_s_layout_and_says_where_it_is_from(tiny) -> None:
    figure = grids.shown(tiny, work.gan(tiny), "test").figures[0]
    path = tiny.folder / figure.path
    with Image.open(path) as picture:
        width, height = picture.size
    assert width == 2 * height + 2, "eight to a row, four rows, two white pixels between"
    assert read_provenance(path)["recipe"] == "gan-iclevr"


def test_the_numbers_are_of_the_pictures_that_are_shown(tiny) -> None:
    found = grids._first(tiny, work.ddpm(tiny), "test")
    shown = work.drawn(tiny, work.ddpm(tiny)).of("test", 3)
    assert found.micro.value == work.judge(tiny).accuracy(shown, work.sets_of(tiny, "test")).micro.value
