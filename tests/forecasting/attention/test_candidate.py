"""Attention in a file: what is taken for it, and what is said where that fails."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genloom.errors import DataError, InputError, UnknownName
from genloom.forecasting.attention.candidate import load, ways

PLAIN = "def my_attention(q, k, v):\n    return v\n"


def file(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_only_attention_is_taken(tmp_path: Path) -> None:
    name, found = load(file(tmp_path, "import math\nfrom torch.nn import MultiheadAttention\n"
                                      "def helper(x):\n    return x\n" + PLAIN))
    assert name == "my_attention"
    assert found(1, 2, 3) == 3


def test_a_file_may_import_its_neighbours_and_hold_dataclasses(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_mine.py").write_text("LIMIT = 7\n", encoding="utf-8")
    text = ("from __future__ import annotations\nfrom dataclasses import dataclass\n"
            "from neighbour_of_mine import LIMIT\n@dataclass\nclass Settings:\n    limit: int = LIMIT\n" + PLAIN)
    assert load(file(tmp_path, text))[0] == "my_attention"
    assert load(tmp_path / "mine.py", "Settings")[1]().limit == 7


def test_several_need_a_name(tmp_path: Path) -> None:
    path = file(tmp_path, PLAIN + PLAIN.replace("my_", "other_"))
    with pytest.raises(InputError, match="--function with one of my_attention, other_attention"):
        load(path)
    assert load(path, "other_attention")[0] == "other_attention"
    with pytest.raises(UnknownName, match="did you mean 'my_attention'"):
        load(path, "my_atention")


@pytest.mark.parametrize("text", ["raise ValueError('no')", "def f(:", "import sys; sys.exit(3)", "1 / 0"])
def test_a_file_that_fails_says_why(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"mine\.py failed when it was run"):
        load(file(tmp_path, text))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "nothing.py")
    (tmp_path / "text.txt").write_text(PLAIN, encoding="utf-8")
    with pytest.raises(DataError, match=r"\.py"):
        load(tmp_path / "text.txt")
    with pytest.raises(InputError, match="define a function"):
        load(file(tmp_path, "x = 1\n"))


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
