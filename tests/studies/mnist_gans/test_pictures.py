"""S0.14, S0.16 and S0.18 as items of the report."""

import math
from dataclasses import replace

import pytest

from genloom.studies.mnist_gans.judges import judged
from genloom.studies.mnist_gans.pictures import _better, convolutional, least_squares, vanilla
from genloom.studies.mnist_gans.work import play


def test_the_items_are_whole(tiny, check) -> None:
    for item in (vanilla, least_squares, convolutional):
        answer = check(item, tiny)
        assert len(answer.figures) == 3, item.number


def test_both_losses_of_the_fully_connected_pair_begin_with_the_same_networks(tiny) -> None:
    one, two = play(tiny, "vanilla-gan").recipe, play(tiny, "ls-gan").recipe
    assert (one.network, one.latent, one.generator, one.engine) == (two.network, two.latent, two.generator, two.engine)
    assert one.loss != two.loss


@pytest.mark.parametrize(("distance", "status"), [(1.0, "pass"), (4.6, "fail"), (6.0, "fail")])
def test_a_run_is_better_where_the_interval_of_the_difference_says_so(tiny, distance, status) -> None:
    """5 ± 0.3 against 0.4 around the other: together 0.5."""
    played = play(tiny, "vanilla-gan")
    some = judged(tiny, played)

    def of(value: float, half: float):
        scores = replace(some.scores, frechet=value, frechet_interval=(value - half, value + half))
        return some._replace(scores=scores)

    found = _better(tiny, played, of(distance, 0.4), of(5.0, 0.3))
    assert found.status == status
    assert math.isclose(found.interval[1] - found.value, 0.5)
