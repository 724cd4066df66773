import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genloom.report.numbers import (
    at_least,
    at_most,
    decimals_of,
    duration,
    judge,
    known,
    measured,
    near,
    number,
)
from genloom.report.results import Result


@pytest.mark.parametrize(("value", "half", "text"), [
    (0.82803, 0.0008, "0.8280 ± 0.0008"), (0.82803, 0.0031, "0.8280 ± 0.0031"), (-1.3862, 0.05, "−1.39 ± 0.05"),
    (1234.56, 20, "1\u202f235 ± 20"), (0.0, 0.2, "0.00 ± 0.20"), (3e-12, 1e-12, "3.000e−12 ± 1.0e−12"),
])
def test_a_value_has_the_decimals_of_its_interval(value, half, text):
    assert measured(Result(name="x", value=value, interval=(value - half, value + half))) == text


def test_a_lopsided_interval_shows_its_ends():
    assert measured(Result(name="x", value=0.97, interval=(0.91, 0.99))) == "0.97 [0.91, 0.99]"


def test_the_known_answer_keeps_its_own_digits_beside_a_wide_interval():
    assert known(Result(name="x", value=0.9, known=0.8266, interval=(0.6, 1.2))) == "0.8266"
    assert known(Result(name="x", value=0.01, known=0.0, interval=(-0.01, 0.03))) == "0"


@pytest.mark.parametrize(("value", "text"), [
    (None, "—"), (math.nan, "NaN"), (-math.inf, "−∞"), (0, "0"), (34562, "34\u202f562"),
    (-0.5, "−0.5000"), (1e20, "1.000e20"), (-3.2e-9, "−3.200e−9"),
])
def test_numbers_for_people(value, text):
    assert number(value) == text


@given(st.floats(allow_nan=True), st.floats(min_value=0, max_value=1e300), st.floats())
def test_any_number_can_be_written(value, half, answer):
    result = Result(name="x", value=value, known=answer, interval=(value - half, value + half))
    assert measured(result)
    assert known(result)


@given(st.floats(min_value=1e-7, max_value=1e6))
def test_the_interval_never_shows_as_zero(half):
    assert float(f"{half:.{decimals_of(half)}f}") > 0


def test_verdicts():
    assert judge(0.828, 0.8266, 0.004) == "pass"
    assert judge(0.84, 0.8266, 0.004) == "fail"
    assert judge(None, 0.8266, 0.004) == "fail"
    result = near(Result(name="x", value=0.84, known=0.8266), 0.004)
    assert (result.status, result.tolerance) == ("fail", "within 0.004")
    assert result.accepted == pytest.approx((0.8226, 0.8306), abs=1e-12)
    assert at_least(Result(name="p", value=0.3), 0.05).status == "pass"
    assert at_most(Result(name="p", value=math.nan), 0.05).status == "fail"
    assert at_most(Result(name="p", value=0.01, tolerance="tiny"), 0.05).tolerance == "tiny"


def test_near_needs_an_answer():
    with pytest.raises(ValueError, match="no known answer"):
        near(Result(name="x", value=1.0), 0.1)


def test_durations():
    assert [duration(s) for s in (0.04, 59.7, 3599, 86399)] == ["0.0 s", "1 min 0 s", "59 min 59 s", "23 h 59 min"]
