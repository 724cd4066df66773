"""The chain's own numbers: counted over all words of a small one, and of draws."""

import itertools
import math

import pytest
import torch

from genloom.nn.masked import hide
from genloom.studies.written.sticky import Sticky

SMALL = Sticky(0.7, 3)


def probability(word: tuple[int, ...]) -> float:
    """Of a word, step by step from the definition."""
    found = 1 / 3
    for before, after in itertools.pairwise(word):
        found *= 0.7 * (before == after) + 0.3 / 3
    return found


WORDS = list(itertools.product(range(3), repeat=4))


def test_tokens_repeat_as_often_as_they_must() -> None:
    x = SMALL.draw(20_000, 4, torch.Generator().manual_seed(0))
    counts = torch.bincount((x * torch.tensor([27, 9, 3, 1])).sum(1), minlength=81) / len(x)
    known = torch.tensor([probability(word) for word in WORDS], dtype=torch.float64)
    assert float(((counts - known).abs() / (known * (1 - known) / len(x)).sqrt()).max()) < 4.5


@pytest.mark.parametrize("pattern", [(1, 0, 0, 0), (0, 1, 1, 0), (1, 1, 1, 1), (1, 0, 1, 1), (0, 0, 1, 0)])
def test_the_loss_is_that_of_bayes_formula(pattern: tuple[int, ...]) -> None:
    hidden = torch.tensor([pattern], dtype=torch.bool)
    shown = [k for k in range(4) if not pattern[k]]
    for word in ((0, 0, 0, 0), (0, 1, 1, 2), (2, 1, 0, 1)):
        found = SMALL.loss(torch.tensor([word]), hidden)[0]
        fits = [each for each in WORDS if all(each[k] == word[k] for k in shown)]
        whole = sum(map(probability, fits))
        for place in range(4):
            if pattern[place]:
                same = sum(probability(each) for each in fits if each[place] == word[place])
                assert float(found[place]) == pytest.approx(-math.log(same / whole), abs=1e-12)


@pytest.mark.parametrize("rate", [0.2, 0.75])
def test_the_expected_loss_is_the_sum_over_all_words(rate: float) -> None:
    total, words = 0.0, torch.tensor(WORDS)
    shares = torch.tensor([probability(word) for word in WORDS], dtype=torch.float64)
    for pattern in itertools.product((False, True), repeat=4):
        loss = SMALL.loss(words, torch.tensor(pattern).expand(len(WORDS), 4))
        for place in range(4):
            if pattern[place]:
                others = math.prod(rate if each else 1 - rate for k, each in enumerate(pattern) if k != place)
                total += others * float(shares @ loss[:, place]) / 4
    assert SMALL.expected_loss(rate, 4) == pytest.approx(total, abs=1e-12)


def test_its_ends() -> None:
    """Nothing visible, nothing repeated, and always repeated but for a hair."""
    assert SMALL.known_share(1 - 1e-12, 5) == pytest.approx(0, abs=1e-9)
    assert Sticky(0.0, 4).known_share(0.3, 5) == pytest.approx(0, abs=1e-12)
    assert Sticky(1 - 1e-9, 4).known_share(0.3, 30) == pytest.approx(1, abs=1e-3)
    rates = [0.05, 0.3, 0.6, 0.9]
    shares = [Sticky(0.9).known_share(rate, 36) for rate in rates]
    assert shares == sorted(shares, reverse=True)


def test_the_loss_of_draws_is_the_expected_one() -> None:
    random = torch.Generator().manual_seed(1)
    x = Sticky(0.9).draw(2000, 36, random)
    hidden = hide((2000, 36), 0.75, random)
    each = (Sticky(0.9).loss(x, hidden) * hidden).sum(1)
    mean = float(each.sum() / hidden.sum())
    error = float((each - mean * hidden.sum(1)).std()) / float(hidden.sum(1).double().mean()) / 2000**0.5
    assert mean == pytest.approx(Sticky(0.9).expected_loss(0.75, 36), abs=4 * error)
