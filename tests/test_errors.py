"""Errors are one line, name the value, and know their exit code."""

import pytest

from genloom import errors


def test_a_long_value_is_cut() -> None:
    error = errors.InputError("data", "x" * 10_000, "short")
    assert len(str(error)) < 120
    assert "\n" not in str(error)


@pytest.mark.parametrize(("error", "code"), [
    (errors.InputError("a", 1, "2"), 2), (errors.UnknownName("a", "b", ["c"]), 2), (errors.CheckpointError("x"), 2),
    (errors.RunInUse("x"), 2), (errors.DataError("x"), 2), (errors.MissingExtra("p", "e", "it"), 2),
    (errors.NotHere("x"), 2),
    (errors.NonFiniteError("x"), 1), (errors.DiskFullError("x"), 1), (errors.PeerLost("x"), 1),
    (errors.Interrupted("x", 2), 130), (errors.Interrupted("x", 15), 143),
])
def test_exit_codes(error: errors.GenloomError, code: int) -> None:
    assert error.exit_code == code


def test_the_nearest_name_is_offered_only_when_near() -> None:
    assert "did you mean" not in str(errors.UnknownName("recipe", "zzz", ["square"]))
