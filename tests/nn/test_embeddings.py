"""Fourier features tell close times apart, in float32, under autocast."""

import torch

from genloom.nn.embeddings import FourierFeatures


def test_values() -> None:
    found = FourierFeatures(2)(torch.tensor([0.0, 0.5, 1.0]))
    expected = torch.tensor([[1.0, 1, 0, 0], [0, -1, 1, 0], [-1, 1, 0, 0]])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


def test_autocast_does_not_round_the_time() -> None:
    features = FourierFeatures(8)
    with torch.autocast("cpu", torch.bfloat16):
        a, b = features(torch.tensor([0.999])), features(torch.tensor([1.0]))
    assert a.dtype == torch.float32
    assert (a - b).abs().max() > 1e-3


def test_a_moved_network_keeps_its_frequencies() -> None:
    assert FourierFeatures(3).state_dict() == {}
