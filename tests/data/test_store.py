import contextlib
import csv
import gzip
import hashlib
import http.server
import json
import lzma
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genloom.data import store
from genloom.data.sources import SOURCES, File, Source
from genloom.data.store import fetch, locate, verify
from genloom.errors import DataError, InputError, UnknownName

CONTENT = b"x,y\n" + b"0.5,0.25\n" * 1000


class Server(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT in the way that the path names."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind = self.path.rpartition("/")[2].partition(".")[0]
        if kind == "missing":
            self.send_error(404)
            return
        body = {"altered": CONTENT[:-1] + b"!", "endless": CONTENT * 2000}.get(kind, CONTENT)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + (500 if kind == "truncated" else 0)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the other side may have heard enough
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def served() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (Server,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(store, "cache", lambda: tmp_path / "cache")
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    if "real_data" not in request.keywords:
        monkeypatch.delenv(store.DATA_ROOT_VARIABLE, raising=False)


def one_file(url: str, path: str = "set/points.csv") -> Source:
    file = File(path=path, bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest(), url=url)
    return Source(name="trial", summary="a trial", kind="fetched", licence="none", files=(file,))


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def test_a_download_is_checked_kept_and_not_repeated(served: tuple[str, list[str]], tmp_path: Path) -> None:
    url, asked = served
    trial = one_file(f"{url}/points.csv")
    got = fetch(trial)
    assert got == {"points.csv": tmp_path / "cache" / "set" / "points.csv"}
    assert got["points.csv"].read_bytes() == CONTENT
    assert locate(trial) == got
    assert fetch(trial) == got
    assert len(asked) == 1
    assert files_under(tmp_path) == [got["points.csv"]]


@pytest.mark.parametrize(("kind", "message"), [
    ("altered", "is not the registered file"),
    ("truncated", "broke off"),
    ("endless", "is not the registered file"),
    ("missing", "the server answers 404.*put the file into your data folder as set/points.csv"),
])
def test_a_bad_download_is_one_line_and_leaves_nothing(served: tuple[str, list[str]], tmp_path: Path, kind: str,
                                                       message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        fetch(one_file(f"{served[0]}/{kind}.csv"))
    assert "\n" not in str(caught.value)
    assert files_under(tmp_path) == []


def test_without_a_network_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be reached") as caught:
        fetch(one_file("http://127.0.0.1:1/points.csv"))  # nothing listens on port 1
    assert "\n" not in str(caught.value)
    assert files_under(tmp_path) == []


def test_a_broken_file_in_the_cache_is_replaced_only_by_a_good_one(served: tuple[str, list[str]],
                                                                   tmp_path: Path) -> None:
    broken = tmp_path / "cache" / "set" / "points.csv"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"half a fi")
    with pytest.raises(DataError):
        fetch(one_file(f"{served[0]}/missing.csv"))
    assert broken.read_bytes() == b"half a fi"
    assert fetch(one_file(f"{served[0]}/points.csv"))["points.csv"].read_bytes() == CONTENT


def test_a_folder_that_cannot_be_written_is_one_line(served: tuple[str, list[str]], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(DataError, match="cannot be written"):
        fetch(one_file(f"{served[0]}/points.csv"))


def put(folder: Path, content: bytes = CONTENT) -> Path:
    path = folder / "set" / "points.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def test_the_data_root_comes_before_the_variable_and_that_before_the_cache(monkeypatch: pytest.MonkeyPatch,
                                                                           tmp_path: Path) -> None:
    trial = one_file("http://127.0.0.1:1/points.csv")
    cached, named, given = (put(tmp_path / name) for name in ("cache", "named", "given"))
    assert locate(trial) == {"points.csv": cached}
    monkeypatch.setenv(store.DATA_ROOT_VARIABLE, str(tmp_path / "named"))
    assert locate(trial) == {"points.csv": named}
    assert locate(trial, tmp_path / "given") == {"points.csv": given}


def test_an_altered_file_is_an_error_even_where_a_good_copy_is_elsewhere(tmp_path: Path) -> None:
    put(tmp_path / "cache")
    put(tmp_path / "given", CONTENT[:-1] + b"!")
    with pytest.raises(DataError, match=r"given.*sha256 is .*must be"):
        locate(one_file("http://127.0.0.1:1/points.csv"), tmp_path / "given")


def test_an_absent_file_comes_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"ett/ETTh1.csv.*genloom data ett --fetch"):
        locate("ett")
    with pytest.raises(DataError, match=r"put cats64_0000-1999\.zip"):
        locate("cats64")


def test_a_data_root_that_is_no_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="data-root"):
        locate("ett", tmp_path / "absent")
    monkeypatch.setenv(store.DATA_ROOT_VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(InputError, match=r"\$GENLOOM_DATA"):
        locate("ett")


def test_what_is_not_downloaded_says_why() -> None:
    with pytest.raises(InputError, match="generated here"):
        fetch("square")
    with pytest.raises(InputError, match="put iclevr64_train"):
        fetch("iclevr-images")
    with pytest.raises(UnknownName):
        fetch("mnst")
    assert locate("square") == {}


def compressed(tmp_path: Path, content: bytes) -> tuple[File, Path]:
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(content, compresslevel=1))
    file = File(path="digits.gz", bytes=1, sha256="0" * 64, content_bytes=len(CONTENT),
                content_sha256=hashlib.sha256(CONTENT).hexdigest())
    return file, path


def test_a_file_compressed_anew_is_known_by_its_contents(tmp_path: Path) -> None:
    verify(*compressed(tmp_path, CONTENT))
    file, path = compressed(tmp_path, CONTENT[:-1] + b"!")
    with pytest.raises(DataError, match="sha256"):
        verify(file, path)
    with pytest.raises(DataError, match="sha256"):
        verify(replace(file, content_bytes=None, content_sha256=None), path)


def test_a_gzip_bomb_is_not_unpacked_and_a_torn_gzip_is_an_error(tmp_path: Path,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    file, path = compressed(tmp_path, bytes(50 << 20))
    reads: list[int] = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda stream, size: (reads.append(size), read(stream, size))[1])
    with pytest.raises(DataError, match="sha256"):
        verify(file, path)
    assert len(reads) == 1
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"cannot be read|sha256"):
        verify(replace(file, content_bytes=50 << 20), path)
    path.write_bytes(b"no gzip at all")
    with pytest.raises(DataError, match="cannot be read"):
        verify(file, path)


def _read(path: Path) -> int:
    """Read a real file superficially: how many records it has."""
    if path.name.endswith(".npy.xz"):
        with lzma.open(path) as stream:
            assert b"(18009, 64, 64, 3)" in stream.read(128)
        return 18009
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            assert stream.read(3) == b"\0\0\x08"  # IDX of unsigned bytes
            stream.read(1)
            return int.from_bytes(stream.read(4), "big")
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return sum(name.endswith(".png") for name in archive.namelist())
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        return len(json.loads(text))
    return len(list(csv.reader(text.splitlines()))) - 1 if path.suffix == ".csv" else len(text.splitlines())


WEIGHTS = ("inception",)  # no data: nobody's data folder needs them
RECORDS = {"ETTh1.csv": 17_420, "train.json": 18_009, "test.json": 32, "new_test.json": 32, "objects.json": 24,
           "clevr_properties.json": 4, "encoder.json": 50_257, "vocab.bpe": 50_001, "cats64_0000-1999.zip": 2_000,
           "train-images-idx3-ubyte.gz": 60_000, "train-labels-idx1-ubyte.gz": 60_000,
           "t10k-images-idx3-ubyte.gz": 10_000, "t10k-labels-idx1-ubyte.gz": 10_000, "iclevr64_train.npy.xz": 18_009}


@pytest.mark.real_data
@pytest.mark.skipif(not os.environ.get(store.DATA_ROOT_VARIABLE), reason=f"${store.DATA_ROOT_VARIABLE} is not set")
@pytest.mark.parametrize("name", [name for name, known in SOURCES.items() if known.files and name not in WEIGHTS])
def test_the_real_files_are_the_registered_ones_and_can_be_read(name: str) -> None:
    for file_name, path in locate(name).items():
        records = _read(path)
        assert records == RECORDS.get(file_name, records)
        assert records > 1
