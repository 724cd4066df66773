import pytest
import torch

from genloom.studies.square import variants
from genloom.studies.square.draws import square
from genloom.studies.square.variants import MODIFIED, ORIGINAL, VARIANTS, Measured, measure, order, solution, steps_for


def test_a_fitted_order_is_the_power_of_the_errors():
    assert order(Measured({}, {n: 3.0 * n**-2.0 for n in (5, 14, 20, 50)})) == pytest.approx(2)


def test_every_variant_asks_the_denoiser_as_often_as_it_may(small_context):
    here = square(small_context)
    for variant in VARIANTS:
        counted = _Counted(here.oracle)
        here.run(counted, here.start(4, 1), steps_for(variant, 14), variant.sampler, variant.spacing)
        assert 13 <= counted.calls <= 14


def test_with_the_exact_denoiser_the_modified_sampler_is_closer_at_ten_calls(small_context, monkeypatch):
    here = square(small_context)
    monkeypatch.setattr(variants, "CALLS", (10, 20, 40))
    x = here.start(300, 2).double()
    end = solution(here, here.oracle, x)
    original, modified = (measure(here, here.oracle, x, end, variant).error for variant in (ORIGINAL, MODIFIED))
    assert modified[10] < 0.25 * original[10]
    assert original[10] / original[40] == pytest.approx(4, rel=0.2)
    assert modified[10] / modified[40] > 16


class _Counted:
    def __init__(self, denoiser):
        self.denoiser, self.calls, self.schedule = denoiser, 0, denoiser.schedule

    def __call__(self, x: torch.Tensor, t):
        self.calls += 1
        return self.denoiser(x, t)
