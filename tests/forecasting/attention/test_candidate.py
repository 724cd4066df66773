"""Attention in a module: what is taken for it, and what is said where that fails."""

from types import ModuleType

import numpy as np
import pytest
import torch

from genloom.errors import InputError, UnknownName
from genloom.forecasting.attention.candidate import chosen, ways

PLAIN = "def my_attention(q, k, v):\n    return v\n"


def module(text: str) -> ModuleType:
    made = ModuleType("mine")
    made.__file__ = "mine.py"
    exec(text, vars(made))
    return made


def test_the_only_attention_is_taken() -> None:
    name, found = chosen(module("import math\nfrom torch.nn import MultiheadAttention\n"
                                "def helper(x):\n    return x\n" + PLAIN))
    assert name == "my_attention"
    assert found(1, 2, 3) == 3


def test_several_need_a_name() -> None:
    both = module(PLAIN + PLAIN.replace("my_", "other_"))
    with pytest.raises(InputError, match="--function with one of my_attention, other_attention"):
        chosen(both)
    assert chosen(both, "other_attention")[0] == "other_attention"
    with pytest.raises(UnknownName, match="did you mean 'my_attention'"):
        chosen(both, "my_atention")


def test_a_module_without_one_is_told_so() -> None:
    with pytest.raises(InputError, match="define a function"):
        chosen(module("x = 1\n"))


def test_a_function_is_called_in_both_layouts_with_tensors_and_arrays() -> None:
    seen = []

    def spy(q: object, k: object, v: object) -> object:
        seen.append((type(q), tuple(q.shape)))  # type: ignore[attr-defined]
        return v

    q = np.zeros((2, 4, 6, 5), dtype=np.float32)
    for way in ways(spy):
        assert way.call(q, q, q, None).shape == seen[-1][1]
    assert seen == [(torch.Tensor, (2, 4, 6, 5)), (np.ndarray, (2, 4, 6, 5)),
                    (torch.Tensor, (2, 6, 4, 5)), (np.ndarray, (2, 6, 4, 5))]


def test_a_class_is_made_by_the_names_of_its_arguments() -> None:
    class Mine:
        def __init__(self, width: int, n_heads: int, dropout: float = 0.5) -> None:
            self.made = (width, n_heads, dropout)

        def __call__(self, q: object, k: object, v: object) -> object:
            return v

    class Picky:
        def __init__(self, width: int) -> None:
            raise ValueError("never")

    assert next(ways(Mine)).heads == 4
    with pytest.raises(InputError, match="make an object in the file"):
        next(ways(Picky))
