"""S0.14, S0.16 and S0.18 as items of the report."""

from genloom.studies.mnist_gans.pictures import convolutional, least_squares, vanilla
from genloom.studies.mnist_gans.work import play


def test_the_items_are_whole(tiny, check) -> None:
    for item in (vanilla, least_squares, convolutional):
        answer = check(item, tiny)
        assert len(answer.figures) == 3, item.number


def test_both_losses_of_the_fully_connected_pair_begin_with_the_same_networks(tiny) -> None:
    one, two = play(tiny, "vanilla-gan").recipe, play(tiny, "ls-gan").recipe
    assert (one.network, one.latent, one.generator, one.engine) == (two.network, two.latent, two.generator, two.engine)
    assert one.loss != two.loss
