"""Dropout hides the share that it says, keeps the mean, and is a function of torch's seed."""

import math

import pytest
import torch

from genloom.errors import InputError
from genloom.forecasting.dropout import Dropout, kept


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5, 0.9])
def test_the_share_that_is_hidden_and_the_mean_of_what_is_kept(p: float) -> None:
    torch.manual_seed(0)
    n = 1_000_003
    found = kept(torch.empty(n, dtype=torch.float64), p)
    rounded = round(p * 65536) / 65536
    spread = 4 * math.sqrt(p * (1 - p) / n)
    assert (found == 0).double().mean().item() == pytest.approx(rounded, abs=spread)
    assert found.mean().item() == pytest.approx(1, abs=spread / (1 - p))
    assert found[found > 0].unique().tolist() == [1 / (1 - rounded)]


def test_the_four_numbers_of_a_draw_are_independent_and_of_one_law() -> None:
    """Also that of the sign bit: shares in each quarter agree, and neighbours do not go together."""
    torch.manual_seed(1)
    hidden = (kept(torch.empty(1_000_000, dtype=torch.float64), 0.3) == 0).double().view(-1, 4)
    assert hidden.mean(0).tolist() == pytest.approx([0.3] * 4, abs=4 * math.sqrt(0.21 / 250_000))
    off = torch.corrcoef(hidden.T) - torch.eye(4).double()
    assert off.abs().max().item() < 4.5 / math.sqrt(250_000)


def test_in_use_nothing_is_changed_and_in_training_the_gradient_is_what_was_kept() -> None:
    dropout, x = Dropout(0.25), torch.randn(7, 9, dtype=torch.float64, requires_grad=True)
    assert dropout.eval()(x) is x
    torch.manual_seed(2)
    found = dropout.train()(x)
    found.sum().backward()
    torch.testing.assert_close(found, x * x.grad)
    torch.manual_seed(2)
    assert torch.equal(dropout(x), found)
    assert Dropout(0.0).train()(x) is x


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_type_stays(dtype: torch.dtype) -> None:
    assert Dropout(0.1).train()(torch.ones(3, dtype=dtype)).dtype == dtype


def test_a_share_of_all_is_refused() -> None:
    with pytest.raises(InputError, match=r"network\.dropout"):
        Dropout(1.0)
