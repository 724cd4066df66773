import pytest
import torch

from genloom.studies.square.data import _moments, _uniformity, s2_1


def test_the_item_is_whole(small_context, whole):
    answer = whole(small_context, s2_1)
    assert len(answer.results) == 8
    assert all(result.known is not None for result in answer.results)


@pytest.mark.parametrize("bend", [1.0, 1.3])
def test_uniform_points_pass_and_others_fail(bend):
    points = torch.rand(3000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    points = points.sign() * points.abs() ** bend
    passed = [result.status == "pass" for result in (*_moments(points), *_uniformity(points))]
    assert all(passed) == (bend == 1.0)
