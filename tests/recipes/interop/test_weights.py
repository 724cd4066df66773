import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import safetensors.torch
import torch

from genloom.errors import CheckpointError
from genloom.recipes.interop.weights import read_tensors

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.ones(4, dtype=torch.float16)}


class _Runs:
    """What a hostile pickle holds: a call that would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def _save(path: Path, what: object, *, zipped: bool = True) -> Path:
    torch.save(what, path, _use_new_zipfile_serialization=zipped)  # noqa: TID251 # what other programs write
    return path


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt", "w.bin", "w.pth", "w.ckpt"])
def test_every_kind_of_file_gives_its_tensors(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(STATE, path)
    else:
        _save(path, STATE)
    found = read_tensors(path)
    assert set(found) == set(STATE)
    assert all(torch.equal(found[key], STATE[key]) for key in STATE)


@pytest.mark.parametrize("zipped", [True, False])
def test_weights_inside_a_usual_name_are_found(tmp_path: Path, zipped: bool) -> None:
    whole = {"model": {"state_dict": OrderedDict(STATE)}, "step": 3}
    assert set(read_tensors(_save(tmp_path / "w.pt", whole, zipped=zipped))) == set(STATE)


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_in_a_pickle_is_run(tmp_path: Path, zipped: bool) -> None:
    mark = tmp_path / "mark"
    path = _save(tmp_path / "w.pt", {"a": torch.zeros(1), "b": _Runs(mark)}, zipped=zipped)
    with pytest.raises(CheckpointError, match="genloom runs nothing that a file brings"):
        read_tensors(path)
    assert not mark.exists()


def test_a_pickle_of_another_protocol_is_refused_without_a_remark(tmp_path: Path) -> None:
    torch.save({"a": _Runs(tmp_path / "mark")}, tmp_path / "w.pt", pickle_protocol=4)  # noqa: TID251
    with pytest.raises(CheckpointError, match="genloom runs nothing that a file brings"):
        read_tensors(tmp_path / "w.pt")
    assert not (tmp_path / "mark").exists()


def test_a_whole_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="save its state_dict alone"):
        read_tensors(_save(tmp_path / "w.pt", torch.nn.Linear(2, 2)))


def test_a_compressed_archive_is_not_unpacked(tmp_path: Path) -> None:
    plain = _save(tmp_path / "plain.pt", {"a": torch.zeros(1 << 20)})
    bomb = tmp_path / "bomb.pt"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert bomb.stat().st_size < plain.stat().st_size / 100
    with pytest.raises(CheckpointError, match="compressed archive"):
        read_tensors(bomb)


@pytest.mark.parametrize("what", [
    {"a": torch.zeros(1).expand(1 << 20)}, {"a": torch.eye(3).to_sparse()}, {"a": torch.tensor([1.0, float("nan")])},
    {"a": torch.tensor([float("inf")])}], ids=["expanded", "sparse", "nan", "inf"])
def test_tensors_that_are_not_plain_numbers_are_refused(tmp_path: Path, what: object) -> None:
    with pytest.raises(CheckpointError, match=r"w.pt: a (is not a plain tensor|has numbers that are not finite)"):
        read_tensors(_save(tmp_path / "w.pt", what))


@pytest.mark.parametrize("what", [[], {}, {"a": 1}, torch.zeros(3), {"model": {"model": {"model": {"model": 1}}}}])
def test_what_is_no_state_is_refused(tmp_path: Path, what: object) -> None:
    with pytest.raises(CheckpointError, match="holds no state_dict"):
        read_tensors(_save(tmp_path / "w.pt", what))


@pytest.mark.parametrize("name", ["w.pt", "w.bin", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04broken", b"\x80\x02.", b"\xff" * 4096])
def test_files_that_are_no_weights_are_one_error(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=name):
        read_tensors(path)


def test_truncated_files_are_one_error(tmp_path: Path) -> None:
    safetensors.torch.save_file(STATE, tmp_path / "w.safetensors")
    _save(tmp_path / "w.pt", STATE)
    for name in ("w.safetensors", "w.pt"):
        whole = (tmp_path / name).read_bytes()
        for share in (1, 3, 5, 7):
            (tmp_path / f"cut-{name}").write_bytes(whole[: len(whole) * share // 8])
            with pytest.raises(CheckpointError, match="cut-"):
                read_tensors(tmp_path / f"cut-{name}")


def test_another_ending_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="its name must end in"):
        read_tensors(tmp_path / "w.npz")
    with pytest.raises(CheckpointError, match="is missing"):
        read_tensors(tmp_path / "w.pt")
