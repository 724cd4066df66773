"""The area under the ROC curve is right, and its interval covers."""

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.ranking import told_apart
from genloom.rng import generator


def test_it_is_the_share_of_pairs_in_order() -> None:
    random = generator(0)
    a, b = torch.randint(5, (40,), generator=random).double(), torch.randint(5, (30,), generator=random).double()
    ahead = a[:, None] - b[None, :]
    share = ((ahead > 0).double() + (ahead == 0).double() / 2).mean()
    assert told_apart(a, b).value == pytest.approx(float(share))
    assert told_apart(a, b).value + told_apart(b, a).value == pytest.approx(1)


def test_nothing_everything_and_ties() -> None:
    x = torch.arange(10.0)
    assert told_apart(x + 100, x)[:3] == (1, 1, 1)
    assert told_apart(torch.ones(5), torch.ones(7)).value == 0.5


def test_the_interval_covers_the_truth_in_about_95_percent() -> None:
    truth = torch.distributions.Normal(0, 1).cdf(torch.tensor(0.7 / 2**0.5)).item()
    random, hits = generator(1), 0
    for _ in range(400):
        found = told_apart(0.7 + torch.randn(60, generator=random), torch.randn(90, generator=random))
        hits += found.low <= truth <= found.high
    assert 0.91 <= hits / 400 <= 0.98


@pytest.mark.parametrize(("first", "second"), [
    (torch.ones(1), torch.ones(5)), (torch.ones(2, 2), torch.ones(5)), (torch.tensor([1.0, torch.nan]), torch.ones(5))])
def test_what_cannot_be_ranked_is_refused(first: torch.Tensor, second: torch.Tensor) -> None:
    with pytest.raises(InputError):
        told_apart(first, second)
