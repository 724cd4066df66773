import os
from pathlib import Path

import numpy as np
import pytest

from genloom.data.series.read import read_series
from genloom.errors import DataError, InputError, UnknownName


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def hourly(rows: list[str]) -> str:
    return "".join(f"2020-01-01 {hour:02}:00,{row}\n" for hour, row in enumerate(rows))


def test_a_table_with_times_is_a_series(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, "date,a,b\n" + hourly(["1,2", "3,4", "5,6"])))
    np.testing.assert_array_equal(series.values, [[1, 2], [3, 4], [5, 6]])
    assert series.channels == ("a", "b")
    assert series.step == np.timedelta64(3600, "s")
    assert (series.description, series.notes) == ("a.csv", ())


def test_the_column_of_times_is_found_by_its_name_or_by_what_is_in_it(tmp_path: Path) -> None:
    named = read_series(written(tmp_path, "a,DateTime\n1,2020-01-01\n2,2020-01-02\n"))
    assert named.channels == ("a",)
    found = read_series(written(tmp_path, "a,when\n1,31.12.2019\n2,01.01.2020\n"))
    np.testing.assert_array_equal(found.times, np.array(["2019-12-31", "2020-01-01"], dtype="datetime64[s]"))
    numbered = read_series(written(tmp_path, ",day,a\n0,2020-01-01,5\n1,2020-01-02,6\n"))
    assert numbered.channels == ("a",)


def test_years_are_a_grid_of_months(tmp_path: Path) -> None:
    rows = "".join(f"{year},{year - 1900}\n" for year in range(1959, 1969))
    series = read_series(written(tmp_path, f"year,sales\n{rows}"))
    assert series.step == np.timedelta64(12, "M")
    assert len(series) == 10


def test_date_and_clock_can_stand_in_two_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "Date;Time;a\n31/12/2019;23:00:00;1,5\n01/01/2020;00:00:00;2\n")
    with pytest.raises(DataError, match=r'--data.time "Date\+Time"'):
        read_series(path)
    series = read_series(path, time="Date+Time")
    assert series.step == np.timedelta64(3600, "s")
    np.testing.assert_array_equal(series.values, [[1.5], [2]])
    assert series.notes == ("the comma is the decimal sign in a",)


def test_channels_are_those_asked_for_and_text_is_left_out_and_told(tmp_path: Path) -> None:
    path = written(tmp_path, "date,a,where,b\n" + hourly(["1,x,2", "3,y,4"]))
    assert read_series(path).notes == ("columns without numbers were left out: where",)
    chosen = read_series(path, channels=("b",))
    assert (chosen.channels, chosen.notes) == (("b",), ())
    with pytest.raises(DataError, match="'where' holds text such as 'x'"):
        read_series(path, channels=("where",))
    with pytest.raises(UnknownName, match="channels = 'c'"):
        read_series(path, channels=("c",))
    with pytest.raises(InputError, match="different names"):
        read_series(path, channels=("a", "a"))


@pytest.mark.parametrize(("text", "told"), [
    ("date,a\n" + hourly(["1", "2", "x3", "4"]), "line 4, column 'a': 'x3' is not a number"),
    ("date,a\n" + hourly(["1", "inf"]), r"line 3 \(2020-01-01T01:00:00\) in 'a' is infinite"),
    ("date,a\n" + hourly(["1", "", "3"]), r"line 3 \(2020-01-01T01:00:00\) in 'a'; pass --data.missing"),
    ("date,a\n2020-01-01,1\n2020-01-99,2\n", "line 3, column 'date': '2020-01-99' is not a time"),
    ("date,a\n01/02/2020,1\n02/02/2020,2\n", "line 2, column 'date': '01/02/2020' can be day or month first"),
    ("a,b\n1,2\n3,4\n", "no column of times among a, b; name it by --data.time"),
    ("date,a\n" + hourly(["x", "y"]), "no column of numbers"),
])
def test_every_fault_is_told_with_line_column_and_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read_series(written(tmp_path, text))


def test_a_named_column_of_times_must_be_there_and_be_one(tmp_path: Path) -> None:
    path = written(tmp_path, "date,a\n" + hourly(["0.5", "2"]))
    with pytest.raises(UnknownName, match="did you mean 'date'"):
        read_series(path, time="dat")
    with pytest.raises(DataError, match=r"column 'a': 0\.5 is not a time"):
        read_series(path, time="a")
    with pytest.raises(DataError, match="'a' is not one of times"):
        read_series(path, time="date+a")


def test_a_fault_in_a_column_that_is_not_wanted_does_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, "date,a,b\n" + hourly(["1,1", "2,2", "x3,3"]))
    np.testing.assert_array_equal(read_series(path, channels=("b",)).values, [[1], [2], [3]])


def test_a_name_that_is_no_series_and_no_file_is_told() -> None:
    with pytest.raises(InputError, match="etth1, transformer, or the path"):
        read_series("etth3")
    with pytest.raises(DataError, match="not found"):
        read_series("nowhere.csv")


def test_where_etth1_is_not_at_hand_the_simulator_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    monkeypatch.setattr("genloom.data.store.cache", lambda: tmp_path)
    with pytest.raises(DataError, match=r"--data\.source transformer"):
        read_series("etth1", data_root=tmp_path)


def test_the_simulated_transformer_is_a_series_with_a_name() -> None:
    series = read_series("transformer", channels=("OT", "HUFL"))
    assert series.values.shape == (17_420, 2)


@pytest.mark.real_data
def test_etth1_is_regular_and_whole() -> None:
    series = read_series("etth1", data_root=os.environ["GENLOOM_DATA"])
    assert series.values.shape == (17_420, 7)
    assert series.channels == ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")
    assert (str(series.times[0]), str(series.times[-1])) == ("2016-07-01T00:00:00", "2018-06-26T19:00:00")
    assert series.notes == ()
    assert series.values[0, -1] == 30.5310001373291


def test_the_index_that_a_table_was_written_with_is_no_channel(tmp_path: Path) -> None:
    rows = "".join(f"{day},2020-01-0{day + 1},{day**2}\n" for day in range(5))
    for name in ("", "Unnamed: 0", "index"):
        path = written(tmp_path, f"{name},date,a\n{rows}")
        series = read_series(path)
        assert series.channels == ("a",)
        assert "counts the rows and was left out" in series.notes[0]
        asked = name or "column 1"
        assert read_series(path, channels=(asked, "a")).channels == (asked, "a")
    kept = read_series(written(tmp_path, "steps,date,a\n" + rows))  # a name of its own
    assert kept.channels == ("steps", "a")


def test_numbers_beyond_float32_and_columns_without_numbers_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 3 \(2020-01-01T01:00:00\) in 'a' is 1e\+300, beyond 1e\+30"):
        read_series(written(tmp_path, "date,a\n" + hourly(["1", "1e300", "2"])))
    with pytest.raises(DataError, match="no column of numbers beside the times; 'a' holds '1,000'"):
        read_series(written(tmp_path, "date,a\n" + hourly(['"1,000"', '"1,001"'])))
