"""Forms of a mask: the one that a candidate takes is found."""

import pytest
import torch
from torch import Tensor

from genloom.forecasting.attention.check import check


def taking(ndim: int, added: bool) -> object:
    def attention(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None = None) -> Tensor:
        scores = q @ k.mT / q.shape[-1] ** 0.5
        if attn_mask is not None:
            if attn_mask.ndim != ndim or attn_mask.is_floating_point() != added:
                raise ValueError("another mask is wanted")
            mask = attn_mask[:, None] if ndim == 3 else attn_mask
            scores = scores + mask if added else scores.masked_fill(~mask, -torch.inf)
        return scores.softmax(-1) @ v

    return attention


@pytest.mark.parametrize(("ndim", "words"), [(2, "(L, L)"), (3, "(B, L, L)"), (4, "(1, 1, L, L)")])
@pytest.mark.parametrize("added", [False, True])
def test_shape_and_values_are_found(ndim: int, words: str, added: bool) -> None:
    finding = check(taking(ndim, added))
    assert finding.right, finding.verdict
    assert finding.mask.startswith(words)
    assert ("added" in finding.mask) == added


def test_one_that_takes_no_form_is_said() -> None:
    assert check(taking(7, False)).mask == "it cannot be called with one"


def test_a_mask_that_is_inverted_is_no_mask_of_another_form() -> None:
    """A mask of −∞ turned to truth values would hide the right keys by accident."""
    def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = q @ k.mT / q.shape[-1] ** 0.5
        return (scores if mask is None else scores.masked_fill(mask.bool(), -torch.inf)).softmax(-1) @ v

    assert [fault.name for fault in check(attention).faults] == ["the mask is inverted: True hides"]


def test_an_unknown_use_is_said() -> None:
    def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = q @ k.mT / q.shape[-1] ** 0.5
        return (scores if mask is None else scores.where(mask, scores - 2)).softmax(-1) @ v

    assert "with a mask it differs" in check(attention).verdict
