"""S4.4: its check, and what more paths make of the bound."""

from itertools import pairwise

import torch

from genloom.rng import generator
from genloom.studies.written.elbo import BOUND, averaged_bounds


def test_the_check_holds(page):
    found = page(BOUND)
    assert len(found.results) == 7


def test_more_paths_in_one_logarithm_raise_the_bound_to_the_logarithm_of_the_mean():
    ratios = torch.randn(1 << 16, generator=generator(0, 1), dtype=torch.float64)  # E e^z = e^{1/2}
    found = averaged_bounds(ratios)
    values = [value for value, _ in found.values()]
    assert all(low < high + 0.02 for low, high in pairwise(values))
    assert abs(values[0]) < 0.02
    assert abs(values[-1] - 0.5) < 0.02
