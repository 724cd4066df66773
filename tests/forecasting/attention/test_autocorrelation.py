"""Auto-correlation: lags by the Fourier transform, and the batch that training mixes as published."""

from collections.abc import Callable

import torch
from torch import Tensor

from genloom.forecasting.attention import reference
from genloom.forecasting.attention.kinds import attend, weights
from genloom.forecasting.attention.options import Options

Three = Callable[..., tuple[Tensor, Tensor, Tensor]]


def test_it_is_the_plain_algorithm(three: Three) -> None:
    q, k, v = (x.detach() for x in three(9))
    right = reference.lags(q.numpy(), k.numpy(), v.numpy(), factor=1.5)
    found = attend("autocorrelation", q, k, v, options=Options(factor=1.5))
    assert reference.relative_error(found.numpy(), right) < 1e-13


def test_a_period_is_found(three: Three) -> None:
    steps = torch.arange(96, dtype=torch.float64)
    wave = (2 * torch.pi * steps / 24).sin()[None, None, :, None].expand(1, 1, 96, 2) * 10
    matrix = weights("autocorrelation", wave, wave, options=Options(factor=0.9))[0, 0]
    lags = {int((j - i) % 96) for i, j in matrix.nonzero().tolist()}
    assert lags == {0, 24, 48, 72}


def test_as_published_training_mixes_the_samples_of_a_batch(three: Three) -> None:
    q, k, v = (x.detach() for x in three(40, batch=4))
    others = [torch.cat((x[:1], x[1:] * 9 + 1)) for x in (q, k, v)]

    def change(name: str, training: bool) -> float:
        options = Options(factor=1.0, training=training)
        return float((attend(name, *others, options=options) - attend(name, q, k, v, options=options))[0].abs().max())

    assert change("autocorrelation-published", True) > 0.1
    assert change("autocorrelation-published", False) == 0
    assert change("autocorrelation", True) == 0


def test_as_published_a_mask_is_ignored_and_the_future_shows(three: Three) -> None:
    q, k, v = (x.detach() for x in three(40))
    later = v.clone()
    later[:, :, 30:] += 1
    name = "autocorrelation-published"
    assert torch.equal(attend(name, q, k, v, causal=True), attend(name, q, k, v))
    assert (attend(name, q, k, later, causal=True) - attend(name, q, k, v, causal=True))[:, :, :30].abs().max() > 0.1


def test_rows_sum_to_one_for_equal_lengths(three: Three) -> None:
    q, k, _ = three(33)
    torch.testing.assert_close(weights("autocorrelation", q, k).sum(3), torch.ones(2, 3, 33, dtype=torch.float64))
