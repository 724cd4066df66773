"""Tensors come from one file or from several, and an index that is wrong is told by name."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from genloom.autoregressive.shards import INDEX, WEIGHTS, read_tensors, weights_in
from genloom.errors import CheckpointError

TENSORS = {f"t{k}": torch.full((k + 1, 2), float(k)) for k in range(5)}
FILES = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files and their index."""
    places = {name: FILES[k % 2] for k, name in enumerate(TENSORS)}
    for file in FILES:
        save_file({name: TENSORS[name] for name, place in places.items() if place == file}, tmp_path / file)
    (tmp_path / INDEX).write_text(json.dumps({"metadata": {"total_size": 120}, "weight_map": places}))
    return tmp_path


def rewritten(folder: Path, **places: Any) -> None:
    body = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps({**body, "weight_map": {**body["weight_map"], **places}}))


def test_several_files_are_read_as_one(folder: Path) -> None:
    assert weights_in(folder) == folder / INDEX
    found = read_tensors(folder / INDEX)
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in TENSORS.items())


def test_one_file_goes_before_an_index_and_a_file_is_itself(folder: Path) -> None:
    save_file(TENSORS, folder / WEIGHTS)
    assert weights_in(folder) == folder / WEIGHTS
    assert weights_in(folder / FILES[0]) == folder / FILES[0]
    assert read_tensors(weights_in(folder)).keys() == TENSORS.keys()
    assert weights_in(folder.parent) == folder.parent / WEIGHTS


@pytest.mark.parametrize("file", ["../model.safetensors", "/etc/model.safetensors", "a/b.safetensors",
                                  "a\\b.safetensors", "model.bin", "", ".safetensors/..", 3, None, ["x.safetensors"]])
def test_an_index_leads_nowhere_else(folder: Path, file: Any) -> None:
    rewritten(folder, t0=file)
    with pytest.raises(CheckpointError, match=r"must be a \.safetensors file beside it"):
        read_tensors(folder / INDEX)


def test_what_an_index_and_its_files_do_not_agree_on(folder: Path) -> None:
    rewritten(folder, t9=FILES[0])
    with pytest.raises(CheckpointError, match=f"{FILES[0]} lacks t9"):
        read_tensors(folder / INDEX)
    rewritten(folder, t0=FILES[1])
    with pytest.raises(CheckpointError, match=f"{FILES[0]} has t0, which {INDEX} does not say"):
        read_tensors(folder / INDEX)
    (folder / FILES[1]).unlink()
    with pytest.raises(CheckpointError):
        read_tensors(folder / INDEX)


@pytest.mark.parametrize("body", ["", "[", "[]", "{}", '{"weight_map": {}}', '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_none(folder: Path, body: str) -> None:
    (folder / INDEX).write_text(body)
    with pytest.raises(CheckpointError, match=INDEX):
        read_tensors(folder / INDEX)


def test_files_that_are_missing_or_damaged(folder: Path) -> None:
    (folder / FILES[1]).write_bytes(b"\xff" * 40)
    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        read_tensors(folder / INDEX)
    for name in ("none.safetensors", f"none{INDEX}"):
        with pytest.raises(CheckpointError, match="is missing"):
            read_tensors(folder / name)
    with pytest.raises(CheckpointError, match="is no safetensors file"):
        read_tensors(folder / "pytorch_model.bin")
