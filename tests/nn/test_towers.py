"""Encoders of pictures and of sentences give each its vector, whatever stands beside it in the batch."""

import torch
from safetensors.torch import load, save

from genloom.nn.encoder import EncoderShape
from genloom.nn.towers import PictureTower, SentenceTower


def towers() -> tuple[PictureTower, SentenceTower]:
    torch.manual_seed(0)
    return (PictureTower(16, widths=(8, 16), out=5).double(),
            SentenceTower(7, 4, encoder=EncoderShape(width=8, blocks=1, heads=2), out=5).double())


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    pictures = torch.randn(3, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return pictures, torch.tensor([[1, 2, 3, 0], [4, 0, 0, 0], [7, 6, 5, 4]])


def test_vectors_do_not_depend_on_the_batch() -> None:
    for tower, given in zip(towers(), inputs(), strict=True):
        assert tower(given).shape == (3, 5)
        torch.testing.assert_close(tower(given[1:2]), tower(given)[1:2], rtol=0, atol=1e-12)


def test_the_gradient_reaches_each_parameter_and_saving_keeps_the_function() -> None:
    for tower, other, given in zip(towers(), towers(), inputs(), strict=True):
        tower(given).square().sum().backward()
        assert [name for name, p in tower.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
        torch.nn.init.zeros_(other.output.weight)
        other.load_state_dict(load(save(tower.state_dict())))
        assert torch.equal(other(given), tower(given))


def test_words_that_are_not_there_count_for_nothing_and_the_order_counts() -> None:
    _, tower = towers()
    with torch.no_grad():
        before = tower(torch.tensor([[1, 2, 0, 0]]))
        torch.testing.assert_close(tower(torch.tensor([[1, 2, 0]])), before, rtol=0, atol=1e-12)
        tower.words.weight[0] += 5
        torch.testing.assert_close(tower(torch.tensor([[1, 2, 0, 0]])), before, rtol=0, atol=1e-12)
        assert not torch.allclose(tower(torch.tensor([[2, 1, 0, 0]])), before, atol=1e-4)
