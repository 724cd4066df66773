"""Windows of text, photographs and a chain, and shares with their intervals."""

import pytest
import torch

from genloom.nn.encoder import EncoderShape
from genloom.studies.written import hiding
from genloom.studies.written.hiding import LETTERS, LEVELS, PLACES, bits, chain, judge, letters, pictures, share, train

SMALL = EncoderShape(width=16, blocks=1, heads=4)


@pytest.mark.parametrize(("kind", "vocabulary"), [(letters, len(LETTERS)), (pictures, LEVELS), (chain, 8)])
def test_windows_are_tokens_of_the_vocabulary(kind, vocabulary: int) -> None:
    made = kind()
    assert made.vocabulary == vocabulary
    assert made.grid[0] * made.grid[1] == PLACES
    for draw in (made.train, made.test):
        x = draw(50, torch.Generator().manual_seed(0))
        assert (x.shape, x.dtype) == ((50, PLACES), torch.int64)
        assert 0 <= int(x.min()) <= int(x.max()) < vocabulary
        assert torch.equal(x, draw(50, torch.Generator().manual_seed(0)))


def test_text_is_folded_and_its_end_is_kept_for_judging() -> None:
    made = letters()
    train_text, test_text = ({"".join(LETTERS[k] for k in row) for row in draw(3000, torch.Generator().manual_seed(0))
                              .tolist()} for draw in (made.train, made.test))
    assert len(train_text & test_text) < 0.002 * len(test_text), "what is repeated all over the text"
    assert any(" the " in line for line in train_text)
    assert not any("  " in line for line in train_text), "blanks are one"


def test_training_on_the_chain_comes_near_the_best_fill_and_is_a_function_of_the_seed() -> None:
    made = chain()
    first, again = (train(made, 30, 3, SMALL) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    rows = judge(first, made, 3, count=100, rates=(0.15, 0.75))
    for row in rows:
        assert row.best is not None
        assert row.excess is not None
        assert row.network.value < row.best.value < 1
        assert row.neighbour.value < row.best.value
        assert row.excess.low > 0
    assert rows[0].best.value > rows[1].best.value


def test_shares_and_bits_are_of_the_hidden_places_alone() -> None:
    hidden = torch.tensor([[True, False], [True, True]])
    losses = torch.tensor([[1.0, 50.0], [1.0, 1.0]], dtype=torch.float64)
    assert share(losses, torch.full((2, 2), 4.0, dtype=torch.float64), hidden).value == pytest.approx(0.75)
    assert bits(losses, hidden).value == pytest.approx(1 / 0.6931471805599453)


def test_the_interval_of_a_share_holds_it_nineteen_times_in_twenty() -> None:
    random, held = torch.Generator().manual_seed(4), 0
    for _ in range(300):
        hidden = torch.rand(60, 9, generator=random) < 0.4
        losses = torch.rand(60, 9, dtype=torch.float64, generator=random) + torch.rand(60, 1, generator=random)
        found = share(losses, torch.full_like(losses, 2.0), hidden)
        held += found.low <= 0.5 <= found.high
    assert 270 <= held <= 297


def test_rates_of_training_go_from_nearly_none_to_nearly_all() -> None:
    assert all(hiding.LEAST < rate < hiding.MOST for rate in hiding.RATES)
