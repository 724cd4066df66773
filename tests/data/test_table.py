import contextlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genloom.data import table
from genloom.data.table import read_csv, read_npy
from genloom.errors import DataError


def csv_file(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "points.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("text", [
    "1,2\n3,4\n", "x,y\n1,2\n3,4\n", "1;2\n3;4", "1\t2\n3\t4\n", "1 2\n3  4\n", "# points\n\n1,2\r\n3,4\r\n",
    b"\xef\xbb\xbfx,y\n1,2\n3,4\n", ' "1" , "2"\n3,4\n',
])
def test_the_usual_forms_are_read(tmp_path: Path, text: str | bytes) -> None:
    read = read_csv(csv_file(tmp_path, text))
    assert read.points.tolist() == [[1, 2], [3, 4]]
    assert read.points.dtype == torch.float32
    assert read.labels is None


def test_classes_may_be_integers_sorted_as_numbers_or_names(tmp_path: Path) -> None:
    read = read_csv(csv_file(tmp_path, "x,y,class\n0,0,10\n1,1,9\n2,2,10\n"))
    assert read.class_names == ("9", "10")
    assert read.labels is not None
    assert read.labels.tolist() == [1, 0, 1]
    assert read_csv(csv_file(tmp_path, "0,0,dog\n1,1,cat\n")).class_names == ("cat", "dog")


@pytest.mark.parametrize(("text", "message"), [
    ("1,2\n3,nan\n", r"line 2: 'nan' is not a finite number"),
    ("x,y\n1,2\n\n3,inf\n", r"line 4: 'inf' is not a finite number"),
    ("1,2\n3,1e39\n", r"line 2: '1e39'"),
    ("1,2\n3,abc\n", r"line 2: 'abc'"),
    ("1,2\n3\n", r"line 2 has 1 columns; give 2"),
    ("1,2\n3,4,5\n", r"line 2 has 3 columns; give 2"),
    ("1\n2\n", r"line 1 has 1 columns; give 2 \(x, y\) or 3"),
    ("1,2,3,4\n", r"line 1 has 4 columns"),
    ("1,2,\n", r"line 1: the class is empty"),
    ("x,y\n", r"no points in it"),
    ("", r"is empty"),
    (b"\xff\xfe1\x002\x00", r"cannot be read as CSV"),
    ("1," + "2" * 5000, r"line 1 is longer than 4096"),
    ("".join(f"0,0,{i}\n" for i in range(1001)), r"1001 classes"),
])
def test_a_bad_row_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_csv(csv_file(tmp_path, text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("read", [read_csv, read_npy])
def test_missing_files_folders_and_too_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                               read: Callable[[Path], table.Table]) -> None:
    with pytest.raises(DataError, match="not found"):
        read(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="not a file"):
        read(tmp_path)
    monkeypatch.setattr(table, "LARGEST_FILE", 3)
    with pytest.raises(DataError, match="take a part of it"):
        read(csv_file(tmp_path, "1,2\n3,4\n"))


def npy_file(tmp_path: Path, array: object) -> Path:
    path = tmp_path / "points.npy"
    np.save(path, np.asarray(array), allow_pickle=True)
    return path


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i8", "u1", ">f8"])
def test_real_numbers_of_every_width_are_read(tmp_path: Path, kind: str) -> None:
    read = read_npy(npy_file(tmp_path, np.array([[1, 2], [3, 4]], dtype=kind)))
    assert read.points.tolist() == [[1, 2], [3, 4]]
    assert read.points.dtype == torch.float32


def test_a_third_column_is_the_class(tmp_path: Path) -> None:
    read = read_npy(npy_file(tmp_path, [[0.0, 0, 7], [1, 1, -2], [2, 2, 7]]))
    assert read.labels is not None
    assert read.labels.tolist() == [1, 0, 1]
    assert read.class_names == ("-2", "7")


@pytest.mark.parametrize(("array", "message"), [
    ([[0.0, 1], [np.nan, 1]], r"row 1 is not finite"),
    ([[0.0, 1], [1e300, 1]], r"row 1 is not finite in 32 bits"),
    ([[0.0, 1, 0.5]], r"row 0: class 0.5 is not an integer"),
    ([[0.0, 1, np.nan]], r"row 0: class nan"),
    ([[0.0, 1, 1e300]], r"row 0: class 1e\+300"),
    (np.zeros((3, 4)), r"shape \(3, 4\)"),
    (np.zeros(4), r"shape \(4,\)"),
    (np.zeros((0, 2)), r"shape \(0, 2\)"),
    (np.zeros((2, 2), dtype=complex), r"complex128; give real numbers"),
    ([["a", "b"]], r"give real numbers"),
    (np.array([[{}, 1]], dtype=object), r"cannot be read as NPY"),
])
def test_a_bad_array_is_refused_and_its_row_named(tmp_path: Path, array: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_npy(npy_file(tmp_path, array))


def test_a_pickle_or_an_archive_named_npy_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "points.npy"
    path.write_bytes(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")
    with pytest.raises(DataError, match="is not an NPY file"):
        read_npy(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"")
    with pytest.raises(DataError, match="is not an NPY file"):
        read_npy(path)


def test_a_truncated_or_lying_header_is_refused(tmp_path: Path) -> None:
    path = npy_file(tmp_path, np.zeros((100, 2)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    with pytest.raises(DataError):
        read_npy(path)
    path.write_bytes(whole.replace(b"(100, 2)", b"(9**9,2)"))
    with pytest.raises(DataError):
        read_npy(path)
    path.write_bytes(whole.replace(b"(100, 2), }       ", b"(1000000, 2), }   "))
    with pytest.raises(DataError):
        read_npy(path)


fuzz = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzz
@given(data=st.binary(max_size=200))
def test_any_bytes_as_csv_give_points_or_a_data_error(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(DataError):
        assert read_csv(csv_file(tmp_path, data)).points.isfinite().all()


@fuzz
@given(where=st.integers(0, 130), byte=st.integers(0, 255))
def test_any_altered_byte_of_an_npy_gives_points_or_a_data_error(tmp_path: Path, where: int, byte: int) -> None:
    path = npy_file(tmp_path, np.ones((4, 2)))
    data = bytearray(path.read_bytes())
    data[where] = byte
    path.write_bytes(bytes(data))
    with contextlib.suppress(DataError):
        assert read_npy(path).points.isfinite().all()
