from pathlib import Path

import numpy as np
import pytest

from genloom.data.series import cells
from genloom.data.series.cells import MISSING, Columns, read_csv
from genloom.errors import DataError


def read(folder: Path, text: str | bytes) -> Columns:
    path = folder / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv(path)


def test_numbers_are_numbers_and_the_rest_is_text(tmp_path: Path) -> None:
    read_columns = read(tmp_path, "date,a,note\n2020-01-01,1.5,x\n2020-01-02,-2e3,y\n")
    date, number, note = read_columns.columns
    assert date.texts == ["2020-01-01", "2020-01-02"]
    np.testing.assert_array_equal(number.numbers, [1.5, -2000.0])
    assert note.numbers is None
    assert read_columns.lines.tolist() == [2, 3]


@pytest.mark.parametrize("mark", sorted(MISSING))
def test_what_stands_for_missing_is_nan_and_no_fault(tmp_path: Path, mark: str) -> None:
    column = read(tmp_path, f"t,a\nx,1\nx,{mark.upper()}\nx,3\n").columns[1]
    np.testing.assert_array_equal(column.numbers, [1, np.nan, 3])
    assert column.fault is None


def test_a_cell_that_is_no_number_is_a_fault_with_its_line(tmp_path: Path) -> None:
    column = read(tmp_path, "t,a\n\nx,1\nx,2\nx,3o\nx,4p\nx,5\n").columns[1]
    assert column.fault == (5, "3o")


def test_faults_are_found_in_every_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_CHUNK", 3)
    read_columns = read(tmp_path, "t,a\n" + "".join(f"x,{i}\n" for i in range(10)) + "x,ten\nx,11\n")
    assert read_columns.columns[1].fault == (12, "ten")
    assert len(read_columns.columns[1].numbers if read_columns.columns[1].numbers is not None else []) == 12


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_line_of_names_tells_what_separates(tmp_path: Path, delimiter: str) -> None:
    read_columns = read(tmp_path, f"t{delimiter}a{delimiter}b\nx{delimiter}1{delimiter}2\n")
    assert read_columns.names() == ("t", "a", "b")
    np.testing.assert_array_equal(read_columns.columns[2].numbers, [2])


def test_a_decimal_comma_is_read_where_commas_do_not_separate(tmp_path: Path) -> None:
    column = read(tmp_path, "t;a\nx;1,5\nx;-2\n").columns[1]
    np.testing.assert_array_equal(column.numbers, [1.5, -2])
    assert column.comma
    assert read(tmp_path, 't,a\nx,"1,500"\nx,"2,500"\n').columns[1].numbers is None


def test_a_byte_order_mark_windows_lines_and_empty_lines_do_no_harm(tmp_path: Path) -> None:
    read_columns = read(tmp_path, b"\xef\xbb\xbft,a\r\nx,1\r\n\r\nx,2\r\n\r\n")
    assert read_columns.names() == ("t", "a")
    assert read_columns.lines.tolist() == [2, 4]


def test_lines_are_counted_through_cells_of_several_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_CHUNK", 2)
    read_columns = read(tmp_path, 't,a\n"x\ny",1\n\n"x\n\ny",2\n  \nx,3\n')
    assert read_columns.lines.tolist() == [3, 7, 9]


def test_a_column_without_a_name_gets_its_place(tmp_path: Path) -> None:
    assert read(tmp_path, ",a\nx,1\n").names() == ("column 1", "a")


@pytest.mark.parametrize(("text", "told"), [
    ("", "is empty"),
    ("t,a\n", "names and no rows"),
    ("t,a\nx,1\nx,1,2\n", "line 3 has 3 cells, the line of names 2"),
    ("t,a\nx,1\nx\n", "line 3 has 1 cells"),
    ("2020-01-01,5\n2020-01-02,6\n", "the number 5 where a name should be"),
    ("t,a,a\nx,1,2\n", "two columns are named 'a'"),
    ("words\nwithout columns\n", "one column alone"),
    ("\n\n\n", "no line of names"),
    (b"t,a\nx,\x00\n", "zero byte"),
    ("t,a\nx,1\n".encode("utf-16"), "not UTF-8"),
    (b"t,a\nx,1\xb0\n", "not UTF-8"),
    ("t,a\nx," + "1" * (1 << 20) + "\n", "longer than"),
    ("t,a\nx,\"" + "1\n" * 100_000, "cannot be read as CSV"),
    (",".join(f"c{i}" for i in range(10_001)) + "\n", "at most 10,000"),
])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str | bytes, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(tmp_path, text)


def test_a_folder_and_a_file_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a file"):
        read_csv(tmp_path)
    with pytest.raises(DataError, match="not found"):
        read_csv(tmp_path / "b.csv")


def test_random_bytes_end_in_one_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    alphabet = np.frombuffer(b'0123456789,,,;\n\n\n"-.eE:T nax\xc3\x00', dtype=np.uint8)
    for _ in range(300):
        text = rng.choice(alphabet, int(rng.integers(0, 200))).tobytes()
        try:
            read_columns = read(tmp_path, text)
        except DataError:
            continue
        assert all(len(column.texts if column.numbers is None else column.numbers) == len(read_columns.lines)
                   for column in read_columns.columns)
