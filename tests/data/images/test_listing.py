import pytest

from genloom.data.images.listing import Entry, is_picture, shown


@pytest.mark.parametrize("path", ["a.png", "A.JPG", "x/y/z.JpEg", "b.webp", "c.tiff", "name.with.dots.bmp"])
def test_pictures_are_known_by_their_endings(path: str) -> None:
    assert is_picture(tuple(path.split("/")))


@pytest.mark.parametrize("path", ["a.txt", "png", ".png", ".hidden.png", "__MACOSX/a.png", ".git/a.png", "a.png.exe"])
def test_other_and_hidden_files_are_not_pictures(path: str) -> None:
    assert not is_picture(tuple(path.split("/")))


def test_a_foreign_name_is_made_fit_to_print() -> None:
    entry = Entry(("a\x1b[31m\n\u202e", "b\udcff.png"), 1, "", None)
    assert entry.name.isprintable()
    assert "b" in entry.name
    assert len(shown("x" * 500)) == 100
