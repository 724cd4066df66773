import json

import pytest

from genloom.errors import CheckpointError
from genloom.training import manifest


def sealed(folder, **contents):
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / manifest.MANIFEST).write_bytes(manifest.describe(contents))


def test_verified_files_come_back(tmp_path):
    sealed(tmp_path, a=b"one", b=b"")
    assert manifest.read_verified(tmp_path) == {"a": b"one", "b": b""}


def test_every_flipped_bit_of_a_manifest_is_noticed(tmp_path):
    sealed(tmp_path, a=b"one")
    path = tmp_path / manifest.MANIFEST
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CheckpointError):
            manifest.unseal(bytes(altered), path)


def test_newer_format_is_refused_with_a_remedy(tmp_path):
    raw = manifest.seal({"format": manifest.FORMAT + 1, "files": {}})
    with pytest.raises(CheckpointError, match="format 2; this genloom reads formats up to 1: upgrade genloom"):
        manifest.unseal(raw, tmp_path / "manifest.json")


@pytest.mark.parametrize("body", [
    {"format": "1"}, {"format": 1, "files": []}, {"format": 1, "files": {"a": 3}}, {"format": 1, "files": {"a": {}}},
    {"format": 1, "files": {"a": {"bytes": "x", "sha256": ""}}},
    {"format": 1, "files": {"../a": {"bytes": 1, "sha256": ""}}},
    {"format": 1, "files": {"/etc/passwd": {"bytes": 9999, "sha256": ""}}},
])
def test_a_hostile_manifest_is_a_typed_error(tmp_path, body):
    (tmp_path / manifest.MANIFEST).write_bytes(manifest.seal(body))
    with pytest.raises(CheckpointError):
        manifest.read_verified(tmp_path)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"null", b'{"body": 3, "sha256": ""}', b"\xff\xfe", b"[" * 100_000])
def test_junk_is_a_typed_error(tmp_path, raw):
    (tmp_path / manifest.MANIFEST).write_bytes(raw)
    with pytest.raises(CheckpointError):
        manifest.read_verified(tmp_path)


def test_a_file_that_grew_is_not_read(tmp_path, monkeypatch):
    sealed(tmp_path, a=b"one")
    (tmp_path / "a").write_bytes(b"one and a bomb")
    with pytest.raises(CheckpointError, match="14 bytes where at most 3 were written"):
        manifest.read_verified(tmp_path)


def test_floats_survive_json_exactly():
    value = 0.1 + 0.2
    assert json.loads(json.dumps(value)) == value
