"""Features of the time tell close times apart, in float32, under autocast."""

import math

import pytest
import torch

from genloom.errors import InputError
from genloom.nn.embeddings import FourierFeatures, Sinusoidal, TimeEmbedding


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


@pytest.mark.parametrize("frequency_shift", [0, 1])
@pytest.mark.parametrize("cosine_first", [True, False])
def test_sinusoidal_values(cosine_first: bool, frequency_shift: int) -> None:
    found = Sinusoidal(6, cosine_first=cosine_first, frequency_shift=frequency_shift)(torch.tensor([7.0]).double())
    angles = [7 * 10_000 ** (-k / (3 - frequency_shift)) for k in range(3)]
    sines, cosines = [math.sin(a) for a in angles], [math.cos(a) for a in angles]
    expected = cosines + sines if cosine_first else sines + cosines
    torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float64), rtol=0, atol=1e-14)


def test_sinusoidal_of_whole_numbers_is_float32() -> None:
    assert Sinusoidal(6)(torch.tensor([7])).dtype == torch.float32


@pytest.mark.parametrize(("count", "shift"), [(5, 0), (2, 1)])
def test_features_that_do_not_pair_are_refused(count: int, shift: int) -> None:
    with pytest.raises(InputError, match=rf"network\.time_features = {count}: must be even and more than"):
        Sinusoidal(count, frequency_shift=shift)


def test_time_embedding_is_the_same_under_autocast() -> None:
    embedding, times = TimeEmbedding(16, 32), torch.tensor([998.0, 999.0])
    plain = embedding(times)
    with torch.autocast("cpu", torch.bfloat16):
        found = embedding(times)
    assert torch.equal(found, plain)
    assert not torch.equal(found[0], found[1])
