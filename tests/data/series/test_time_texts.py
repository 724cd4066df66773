import numpy as np
import pytest

from genloom.data.series.time_texts import TimeFault, from_numbers, is_clock, is_time, one_time, parse

NOON = np.datetime64("2016-12-31T13:05:00", "s")


@pytest.mark.parametrize("text", [
    "2016-12-31 13:05:00", "2016-12-31T13:05:00", "2016-12-31T13:05", "2016-12-31 13:05:00.000", " 2016-12-31 13:05 ",
    "2016/12/31 13:05", "2016.12.31 13:05:00", "31.12.2016 13:05", "31/12/2016 13:05", "12/31/2016 13:05",
    "12/31/2016 1:05 PM", "12-31-2016, 01:05:00 pm", "20161231 13:05", "20161231T1305", "201612311305",
])
def test_one_moment_in_many_forms(text: str) -> None:
    assert parse([text]).times.tolist() == [NOON.tolist()]


def test_midnight_and_noon_of_twelve_hours() -> None:
    times = parse(["1/31/2016 12:00 AM", "1/31/2016 12:00 PM"]).times
    assert times.astype("datetime64[h]").astype(str).tolist() == ["2016-01-31T00", "2016-01-31T12"]


def test_one_number_above_12_tells_the_order_of_the_whole_column() -> None:
    assert parse(["01/02/2016", "13/02/2016"]).times.astype(str)[0] == "2016-02-01T00:00:00"
    assert parse(["01/02/2016", "01/13/2016"]).times.astype(str)[0] == "2016-01-02T00:00:00"


def test_points_are_day_first() -> None:
    assert parse(["01.02.2016"]).times.astype(str).tolist() == ["2016-02-01T00:00:00"]


def test_one_zone_is_told_and_several_become_utc() -> None:
    one = parse(["2016-07-01T00:00:00+02:00", "2016-07-01T01:00:00+02:00"])
    assert one.times.astype(str)[0] == "2016-07-01T00:00:00"
    assert one.notes == ("times are those of the zone +02:00",)
    several = parse(["2016-10-30T02:00:00+02:00", "2016-10-30T02:00:00+01:00", "2016-10-30T02:00:00Z"])
    assert np.diff(several.times).tolist() == [np.timedelta64(1, "h").tolist()] * 2
    assert "UTC" in several.notes[0]


@pytest.mark.parametrize(("texts", "index", "told"), [
    (["01/02/2016", "03/04/2016"], 0, "day or month first"),
    (["13/01/2016", "01/13/2016"], 1, "another order"),
    (["01/02/16", "13/02/16"], 0, "year of four digits"),
    (["2016/01/02", "01/02/2016"], 0, "year of four digits"),
    (["2016-01-01", "2016-02-30"], 1, "not a time"),
    (["2016-01-01", "soon"], 1, "'soon' is not a time"),
    (["2016-01-01", ""], 1, "empty"),
    (["2016-01-01", "today"], 1, "not a time"),
    (["2016-01-01", "12016-01-01"], 1, "not a time"),
    (["30/02/2016"], 0, "no day of the calendar"),
    (["31/12/2016 24:00"], 0, "no time of the day"),
    (["31/12/2016 13:00 PM"], 0, "hour 13"),
    (["2016-01-01T00:00:00.5"], 0, "between two seconds"),
    (["2016-01-01T00:00:00Z", "2016-01-01T00:00:00"], 1, "no zone"),
    (["2016-01-01T00:00:00", "2016-01-01T00:00:00Z"], 1, "not a time"),
    (["x"], 0, "not a time"),
])
def test_what_is_no_time_or_two_times_is_told_with_its_place(texts: list[str], index: int, told: str) -> None:
    with pytest.raises(TimeFault, match=told) as caught:
        parse(texts)
    assert caught.value.index == index


def test_numbers_can_be_years_days_or_seconds() -> None:
    assert from_numbers(np.array([1959.0, 1960.0])).times.astype(str).tolist() == ["1959-01-01T00:00:00",
                                                                                  "1960-01-01T00:00:00"]
    assert from_numbers(np.array([20161231.0])).times.astype("datetime64[D]").astype(str).tolist() == ["2016-12-31"]
    seconds = from_numbers(np.array([1.4829e9, 1.482903600e9]))
    assert seconds.times.astype(np.int64).tolist() == [1_482_900_000, 1_482_903_600]
    assert "seconds since 1970" in seconds.notes[0]
    assert from_numbers(np.array([1.4829e12])).times.astype(np.int64).tolist() == [1_482_900_000]


@pytest.mark.parametrize("numbers", [[0.0, 1.0], [2016.5], [np.nan], [20161331.0], [1e30]])
def test_other_numbers_are_no_times(numbers: list[float]) -> None:
    with pytest.raises(TimeFault):
        from_numbers(np.array(numbers))


def test_forms_of_times_are_told_from_numbers_and_words() -> None:
    assert all(map(is_time, ["2016-07-01", "1/2/2016", "2016-07-01T05:00Z"]))
    assert not any(map(is_time, ["20160701", "5", "", "red", "1.5", "05:00"]))
    assert all(map(is_clock, ["5:00", "23:59:59", "11:30 pm"]))
    assert not is_clock("2016-07-01 05:00")


@pytest.mark.parametrize("text", ["now", "today", "", "2016-13-01", "2016-07-01T05:00+02:00", "1 July 2016"])
def test_one_time_is_iso_without_a_zone(text: str) -> None:
    assert one_time(text) is None
    assert one_time(" 2016-07-01 05:00 ") == np.datetime64("2016-07-01T05:00:00", "s")
