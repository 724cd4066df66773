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
    assert told_apart(x + 100, x).value == 1
    assert told_apart(x, x + 100).value == 0
    assert told_apart(torch.ones(5), torch.ones(7)).value == 0.5


def test_the_interval_covers_the_truth_in_about_95_percent() -> None:
    truth = torch.distributions.Normal(0, 1).cdf(torch.tensor(0.7 / 2**0.5)).item()
    random, hits = generator(1), 0
    for _ in range(400):
        found = told_apart(0.7 + torch.randn(60, generator=random), torch.randn(90, generator=random))
        hits += found.low <= truth <= found.high
    assert 0.91 <= hits / 400 <= 0.98


def test_few_samples_that_are_all_in_order_leave_room_for_doubt() -> None:
    """DeLong's variance is 0 there: two samples of each kind would prove a ranking that is never wrong."""
    x = torch.arange(2.0)
    assert told_apart(x + 100, x)[:3] == pytest.approx((1, 0.025**0.5, 1))
    assert told_apart(x, x + 100)[:3] == pytest.approx((0, 0, 1 - 0.025**0.5))
    many = torch.arange(2000.0)
    assert told_apart(many + 1e4, many).low == pytest.approx(0.998, abs=2e-4)
    truth = torch.distributions.Normal(0, 1).cdf(torch.tensor(2 / 2**0.5)).item()
    random, hits = generator(2), []
    for _ in range(400):
        found = told_apart(2 + torch.randn(5, generator=random), torch.randn(5, generator=random))
        if found.value == 1:
            hits.append(found.low <= truth)
    assert len(hits) > 40
    assert all(hits)


@pytest.mark.parametrize(("first", "second"), [
    (torch.ones(1), torch.ones(5)), (torch.ones(2, 2), torch.ones(5)), (torch.tensor([1.0, torch.nan]), torch.ones(5))])
def test_what_cannot_be_ranked_is_refused(first: torch.Tensor, second: torch.Tensor) -> None:
    with pytest.raises(InputError):
        told_apart(first, second)
