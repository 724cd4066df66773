import numpy as np
from sklearn.datasets import load_digits

from genloom.data.images.digits import KEPT, digits


def test_the_parts_are_a_fixed_fifth_and_the_rest() -> None:
    train, test = digits(8, 1, "train"), digits(8, 1, "test")
    assert (len(train[0]), len(test[0])) == (1797 - KEPT, KEPT)
    assert abs(KEPT / 1797 - 0.2) < 1e-3
    assert [*train[1], *test[1]] == load_digits().target.tolist()
    for _, labels in (train, test):
        assert min(np.bincount(labels, minlength=10)) > 0.07 * len(labels)


def test_at_their_own_size_the_levels_are_the_files_own() -> None:
    pictures, _ = digits(8, 1, "train")
    assert np.array_equal(pictures[:, 0], np.round(load_digits().images[: 1797 - KEPT] * 15.9375))
    assert (pictures.min(), pictures.max()) == (0, 255)


def test_they_are_enlarged_and_coloured_as_asked() -> None:
    pictures, _ = digits(32, 3, "test")
    assert (pictures.shape, pictures.dtype) == ((KEPT, 3, 32, 32), np.uint8)
    assert np.array_equal(pictures[:, 0], pictures[:, 2])
    assert np.array_equal(pictures[:, :1], digits(32, 1, "test")[0])
