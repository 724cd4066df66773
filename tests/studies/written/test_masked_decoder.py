"""What a mask hides from a decoder, and the least errors on its series."""

import pytest
import torch

from genloom.rng import generator
from genloom.studies.written.masked_decoder import decoder, drawn, exact_errors, floors, leak


def told(past: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return past, past.new_zeros(len(past), 4, 0), past.new_zeros(len(past), 8, 0)


def windows(count: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    past, future = drawn(count, generator(0))
    return past.double(), future.double()


def test_the_series_has_the_variances_that_are_said() -> None:
    """100,000 windows: a mean square is off by .0045 with one standard error."""
    past, future = drawn(100_000, generator(1))
    whole = torch.cat((past, future), 1)[..., 0]
    torch.testing.assert_close(whole.square().mean(0), torch.ones(12), rtol=0, atol=0.02)
    step, run = floors()
    new = (whole[:, 4:] - 0.8 * whole[:, 3:-1]).square().mean(0).double()
    torch.testing.assert_close(new, step, rtol=0, atol=0.01)
    ahead = 0.8 ** torch.arange(1.0, 9.0)
    far = (whole[:, 4:] - ahead * whole[:, 3:4]).square().mean(0).double()
    torch.testing.assert_close(far, run, rtol=0, atol=0.02)
    found = exact_errors(past.double(), future.double())
    assert found == (pytest.approx(new.mean().item()), pytest.approx(far.mean().item()))


def test_a_causal_mask_hides_what_comes_and_no_mask_does_not() -> None:
    past, future = windows()
    found = {masked: leak(decoder(0, masked=masked).double().eval(), told(past), future) for masked in (True, False)}
    assert found[True] < 1e-12
    assert found[False] > 1e-3


def test_a_one_shot_decoder_is_told_of_nothing_that_comes() -> None:
    past, future = windows()
    for masked in (True, False):
        assert leak(decoder(0, masked=masked, one_shot=True).double().eval(), told(past), future) == 0


@torch.no_grad()
def test_one_pass_over_its_own_forecasts_is_step_by_step() -> None:
    past, _ = windows()
    for masked in (True, False):
        network = decoder(0, masked=masked).double().eval()
        own = network(*told(past))[..., 0]
        again = network(*told(past), own)[..., 0]
        assert ((own - again).abs().max() < 1e-12) == masked
