import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.twosample import as_samples


def test_vectors_count_as_one_column_and_become_float64() -> None:
    x, y = as_samples(torch.zeros(3), torch.zeros(4, 1))
    assert x.shape == (3, 1)
    assert y.shape == (4, 1)
    assert x.dtype == torch.float64


@pytest.mark.parametrize("bad", [torch.zeros(1, 2), torch.zeros(3, 3), torch.zeros(2, 2, 2), torch.zeros(3, 0)])
def test_samples_that_do_not_fit_are_refused(bad: torch.Tensor) -> None:
    with pytest.raises(InputError, match="shape"):
        as_samples(torch.zeros(3, 2), bad)


@pytest.mark.parametrize("number", [torch.nan, torch.inf, -torch.inf])
def test_a_number_that_is_not_finite_is_named_with_its_row(number: float) -> None:
    bad = torch.zeros(5, 2)
    bad[3, 1] = number
    with pytest.raises(InputError, match=r"y\[3\].*finite"):
        as_samples(torch.zeros(5, 2), bad)
