import pytest
import torch
from torch import Tensor

from genloom.errors import InputError
from genloom.metrics.coverage import coverage
from genloom.metrics.features import PixelFeatures, digest_of, extract, moments, reference
from genloom.metrics.frechet import frechet_distance
from genloom.metrics.kid import kernel_distance
from genloom.metrics.picture_scores import compare
from genloom.rng import generator

EXTRACTOR = PixelFeatures(1, side=2)


def pictures(count: int, seed: int, shift: int = 0) -> Tensor:
    made = torch.randint(60, 160, (count, 1, 8, 8), generator=generator(seed))
    return (made + torch.randint(60, (count, 1, 1, 1), generator=generator(seed, 1)) + shift).to(torch.uint8)


def test_it_gathers_what_each_metric_says() -> None:
    made, real = pictures(40, 0, 20), pictures(90, 1)
    x, y = extract(EXTRACTOR, made), extract(EXTRACTOR, real)
    found = compare(made, real, EXTRACTOR)
    assert found.distance == "FD-pixels"
    assert found.frechet == pytest.approx(frechet_distance(moments(x), moments(y)), rel=1e-10)
    assert found.frechet_interval is not None
    assert found.frechet_interval[0] < found.frechet < found.frechet_interval[1]
    assert (found.kid, found.kid_error) == kernel_distance(x, y)[:2]
    assert (found.precision, found.recall, found.density, found.coverage, found.neighbours) == coverage(x, y)
    assert (found.n, found.references) == (40, 90)
    assert (found.reference_digest, found.extractor_digest) == (digest_of(real), EXTRACTOR.digest)
    assert found.floor is None
    assert found.note == ""


def test_the_floor_is_of_as_many_other_real_pictures() -> None:
    made, real, others = pictures(40, 0, 20), pictures(90, 1), pictures(70, 2)
    found = compare(made, real, EXTRACTOR, others=others)
    assert found.floor == compare(others[:40], real, EXTRACTOR)
    assert found.floor is not None
    assert found.floor.n == found.n
    assert found.floor.frechet < found.frechet
    with pytest.raises(InputError, match="as many as were generated"):
        compare(made, real, EXTRACTOR, others=others[:39])


def test_a_reference_is_made_once_and_only_of_its_own_extractor() -> None:
    made, real = pictures(40, 0), pictures(90, 1)
    known = reference(real, EXTRACTOR)
    assert compare(made, known, EXTRACTOR) == compare(made, real, EXTRACTOR)
    with pytest.raises(InputError, match="reference of extractor"):
        compare(made, known, PixelFeatures(1, side=4))


def test_quickly_leaves_out_the_interval_and_the_floor() -> None:
    made, real = pictures(40, 0), pictures(90, 1)
    whole, quick = compare(made, real, EXTRACTOR), compare(made, real, EXTRACTOR, others=real, quickly=True)
    assert quick.frechet == pytest.approx(whole.frechet, rel=1e-10)
    assert quick.frechet_interval is None
    assert quick.floor is None


def test_too_few_pictures_say_so() -> None:
    wide = PixelFeatures(1)
    assert "singular" in compare(pictures(40, 0), pictures(90, 1), wide).note
    assert "N = 50" in compare(pictures(90, 0), pictures(50, 1), wide).note  # a small reference is no better
    with pytest.raises(InputError, match="at least 6"):
        compare(pictures(5, 0), pictures(50, 1), wide)
