"""Features of digits and what a probe makes of them."""

import pytest
import torch

from genloom.studies.written import digit_features
from genloom.studies.written.digit_features import LABELS, Digits, patches, pretrained, probes, read


def test_digits_are_those_of_scikit_learn_with_the_last_fifth_kept() -> None:
    data = read()
    assert (data.x.shape, data.kept_x.shape) == ((1438, 64), (359, 64))
    assert (float(data.x.min()), float(data.x.max())) == (-1, 1)
    assert data.y.unique().tolist() == list(range(10))


def test_whole_patches_are_hidden_at_the_rate() -> None:
    hidden = patches(2000, 0.5, torch.Generator().manual_seed(0))
    tiles = hidden.view(-1, 4, 2, 4, 2).permute(0, 1, 3, 2, 4).flatten(3)
    assert torch.equal(tiles.all(-1), tiles.any(-1))
    assert float(hidden.float().mean()) == pytest.approx(0.5, abs=4 * 0.5 / 32_000**0.5)


def test_probes_learn_from_the_labels_that_they_are_given() -> None:
    """Classes that lie on ten axes need one label each; features that tell nothing leave chance."""
    y = torch.arange(200) % 10
    data = Digits(torch.zeros(200, 64), y, torch.zeros(100, 64), torch.arange(100) % 10)
    clear = torch.nn.functional.one_hot(y, 10).float()
    assert probes(clear, clear[:100], data, 2, 0)[1].tolist() == [1, 1]
    noise = torch.randn(300, 10, generator=torch.Generator().manual_seed(1))
    found = probes(noise[:200], noise[200:], data, 3, 0)
    assert set(found) == set(LABELS)
    assert all(float(each.mean()) < 0.25 for each in found.values())


def test_training_is_looked_at_on_its_way(monkeypatch) -> None:
    monkeypatch.setattr(digit_features, "_MARKS", (0, 4))
    way = pretrained(read(), 30, 2, 0)
    assert [each.step for each in way] == [0, 4, 30]
    assert way[0].loss > way[1].loss > way[2].loss
    assert all(len(values) == 2 for each in way for values in each.probes.values())
    again = pretrained(read(), 30, 2, 0)
    assert [each.loss for each in again] == [each.loss for each in way]
