"""S3.1 and S3.2: the counts of padding, and the layer that reads it."""

import warnings

import pytest
import torch
from torch.nn import functional as F

from genloom.studies.written import padding
from genloom.studies.written.padding import COUNTS, LAYER, by_definition, counted, needed, on_padded, padded, printed


@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (3, 2), (4, 4), (5, 1), (6, 7)])
@pytest.mark.parametrize("size", [(1, 1), (3, 8), (5, 2)])
def test_the_formula_is_the_count(size: tuple[int, int], kernel: tuple[int, int]) -> None:
    assert counted(size, kernel) == (*needed(kernel[0]), *needed(kernel[1]))


def test_the_printed_counts_are_negative_and_exchanged() -> None:
    """Rows of a 3 × 5 kernel: 1 and 1 are right, and columns 2 and 2."""
    assert counted((6, 6), (3, 5)) == (1, 1, 2, 2)
    assert printed(3, 5) == (2, -2, 1, -1)


def test_the_padded_picture_is_as_large_as_is_said() -> None:
    x = torch.arange(1.0, 41.0).reshape(2, 4, 5)
    for kernel in ((1, 1), (3, 4), (2, 7)):
        inside = padded(x, kernel)
        assert inside.shape == (2, 4 + kernel[0] - 1, 5 + kernel[1] - 1)
        top, left = kernel[0] // 2, kernel[1] // 2
        assert torch.equal(inside[:, top : top + 4, left : left + 5], x)
        assert inside.sum() == x.sum() == 820


def test_three_ways_to_the_same_layer() -> None:
    random = torch.Generator().manual_seed(0)
    for rows, columns in ((1, 1), (3, 3), (2, 4), (6, 5)):
        x, weight = (torch.randn(shape, generator=random, dtype=torch.float64) for shape in ((2, 4, 3),
                                                                                              (2, rows, columns)))
        known = by_definition(x, weight, 0.7)
        torch.testing.assert_close(on_padded(x, weight, 0.7), known, rtol=0, atol=1e-13)
        torch.testing.assert_close(F.conv2d(padded(x, (rows, columns))[None], weight[None])[0, 0] + 0.7, known, rtol=0,
                                   atol=1e-13)


def test_a_kernel_that_is_1_at_one_place_moves_the_picture() -> None:
    """Of an even kernel the place ⌊K/2⌋ + 1 reads the pixel itself."""
    x, weight = torch.arange(6.0).reshape(1, 2, 3), torch.zeros(1, 2, 2)
    weight[0, 1, 1] = 1
    assert torch.equal(by_definition(x, weight, 0.0), x[0])


def test_both_questions_are_answered_and_every_number_holds(page) -> None:
    counts = page(COUNTS)
    assert counts.results[1].value == 2
    assert counts.results[2].value == 4
    layer = page(LAYER)
    assert layer.results[3].value > 0.1, "torch's own padding is another one for even kernels"
    assert layer.results[2].n + layer.results[3].n == padding.CASES


@pytest.mark.parametrize(("size", "kernel"), [((5, 4), (2, 4)), ((5, 4), (6, 3)), ((1, 1), (6, 5)), ((1, 1), (1, 1))])
def test_the_other_padding_of_an_even_side_moves_the_output_by_one(size, kernel) -> None:
    random = torch.Generator().manual_seed(1)
    x, weight = (torch.randn(2, *shape, generator=random, dtype=torch.float64) for shape in (size, kernel))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        theirs = F.conv2d(x[None], weight[None], padding="same")[0, 0]
    down, right = (1 - side % 2 for side in kernel)
    ours = by_definition(x, weight, 0.0)
    torch.testing.assert_close(theirs[: size[0] - down, : size[1] - right], ours[down:, right:], rtol=0, atol=1e-13)
