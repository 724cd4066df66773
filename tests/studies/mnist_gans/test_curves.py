"""The game over the steps is drawn and told."""

from genloom.studies.mnist_gans.curves import curves, told
from genloom.studies.mnist_gans.work import play


def test_the_figure_and_the_sentence_are_of_the_log(tiny) -> None:
    played = play(tiny, "vanilla-gan")
    figure = curves(tiny, played, "game")
    assert (tiny.folder / figure.path).is_file()
    assert told(played) in figure.alt
    assert "1.386" in told(played), "the tie of the vanilla loss"
    assert "0.250" in told(play(tiny, "ls-gan")), "that of least squares, at the output ½"
