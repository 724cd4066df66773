from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics import features
from genloom.metrics.features import (
    PixelFeatures,
    digest_of,
    distance_name,
    extract,
    moments,
    reference,
    streamed_moments,
)
from genloom.rng import generator


def pictures(count: int, seed: int = 0, channels: int = 3, size: int = 16) -> Tensor:
    return torch.randint(256, (count, channels, size, size), generator=generator(seed), dtype=torch.uint8)


def points(n: int, dim: int, seed: int = 0) -> Tensor:
    return torch.randn(n, dim, generator=generator(seed), dtype=torch.float64)


class Counting:
    """An extractor that counts the pictures it has seen."""

    name, dim = "pixels", 3

    def __init__(self, digest: str) -> None:
        self.digest, self.seen = digest, 0

    def __call__(self, batch: Tensor) -> Tensor:
        self.seen += len(batch)
        return batch.double().mean((2, 3))


def test_moments_are_those_of_the_textbook() -> None:
    x = points(50, 4)
    found = moments(x)
    assert torch.allclose(found.mean, x.mean(0), atol=1e-14)
    assert torch.allclose(found.covariance, torch.cov(x.T), atol=1e-14)
    assert found.n == 50


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 1000))
def test_merging_batches_is_exact_however_they_are_cut(sizes: list[int], seed: int) -> None:
    x = 1e3 + points(sum(sizes), 5, seed)  # a mean far from 0, where sums of squares would lose digits
    whole, parts = moments(x), [moments(part) for part in x.split(sizes)]
    total = parts[0]
    for part in parts[1:]:
        total = total.merge(part)
    assert total.n == whole.n
    assert torch.allclose(total.mean, whole.mean, rtol=1e-14)
    assert torch.allclose(total.covariance, whole.covariance, atol=1e-10)


def test_streamed_moments_are_those_of_all_features_at_once() -> None:
    given_pictures, extractor = pictures(70), PixelFeatures(3, side=2)
    whole = moments(extract(extractor, given_pictures))
    for batch in (1, 7, 64, 100):
        streamed = streamed_moments(extractor, given_pictures, batch=batch)
        assert torch.allclose(streamed.covariance, whole.covariance, atol=1e-14)
        assert torch.equal(extract(extractor, given_pictures, batch=batch), extract(extractor, given_pictures))


def test_pixel_features_are_means_of_areas() -> None:
    picture = torch.zeros(1, 1, 16, 16, dtype=torch.uint8)
    picture[0, 0, :2, 2:4] = 255
    found = PixelFeatures(1)(picture)
    assert found.shape == (1, 64) == (1, PixelFeatures(1).dim)
    assert found[0, 1] == 1
    assert found.sum() == 1
    assert PixelFeatures(3).dim == 192
    thirds = PixelFeatures(1, side=2)(torch.arange(9, dtype=torch.uint8).reshape(1, 1, 3, 3))  # sides need not divide
    assert torch.allclose(thirds * 255, torch.tensor([[2.0, 3, 5, 6]], dtype=torch.float64))


def test_digests_tell_pictures_and_extractors_apart() -> None:
    first = pictures(4)
    assert digest_of(first) == digest_of(first.clone())
    changed = first.clone()
    changed[3, 2, 15, 15] ^= 1
    different = {digest_of(p) for p in (first, changed, first.flip(0), first.reshape(4, 3, 8, 32), first[:3])}
    assert len(different) == 5
    assert PixelFeatures(3).digest == PixelFeatures(3).digest
    assert len({PixelFeatures(3).digest, PixelFeatures(1).digest, PixelFeatures(3, side=4).digest}) == 3


def test_a_long_set_has_the_digest_of_its_bytes() -> None:
    many = pictures(1500, channels=1, size=2)
    assert digest_of(many) == digest_of(many.transpose(2, 3).contiguous().transpose(2, 3))


def test_a_reference_is_kept_by_content_and_extractor(tmp_path: Path) -> None:
    real, extractor = pictures(10), Counting("a" * 64)
    made = reference(real, extractor, folder=tmp_path)
    again = reference(real.clone(), extractor, folder=tmp_path)
    assert extractor.seen == 10
    assert torch.equal(made.features, again.features)
    assert made.digest == again.digest == digest_of(real)
    reference(pictures(10, seed=1), extractor, folder=tmp_path)
    other = Counting("b" * 64)
    reference(real, other, folder=tmp_path)
    assert (extractor.seen, other.seen) == (20, 10)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_kept_reference_that_is_damaged_or_of_others_is_made_anew(tmp_path: Path) -> None:
    real, extractor = pictures(10), Counting("a" * 64)
    made = reference(real, extractor, folder=tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for damaged in (whole[:-3], whole[:-1] + bytes([whole[-1] ^ 1]), b"", whole.replace(b"a" * 64, b"c" * 64)):
        file.write_bytes(damaged)
        assert torch.equal(reference(real, extractor, folder=tmp_path).features, made.features)
        assert file.read_bytes() != damaged
    assert extractor.seen == 50


def test_only_inception_is_called_fid() -> None:
    assert distance_name(PixelFeatures(1)) == "FD-pixels"
    extractor = Counting("a" * 64)
    extractor.name = "inception"
    assert distance_name(extractor) == "FID"


@pytest.mark.parametrize("bad", [torch.zeros(2, 3, 8, 8), torch.zeros(3, 8, 8, dtype=torch.uint8),
                                 torch.zeros(0, 3, 8, 8, dtype=torch.uint8)])
def test_pictures_are_bytes_in_four_dimensions(bad: Tensor) -> None:
    for use in (lambda: extract(PixelFeatures(3), bad), lambda: digest_of(bad),
                lambda: streamed_moments(PixelFeatures(3), bad)):
        with pytest.raises(InputError, match="bytes of shape"):
            use()


def test_bad_features_are_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        moments(torch.tensor([[1.0, float("nan")]]))
    with pytest.raises(InputError, match="of shape"):
        moments(torch.zeros(5))
    with pytest.raises(InputError, match="channels"):
        PixelFeatures(2)
    with pytest.raises(InputError, match="pictures"):
        PixelFeatures(1)(pictures(2))
    assert features.as_features("x", torch.zeros(2, 1)).dtype == torch.float64
