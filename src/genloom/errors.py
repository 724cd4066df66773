"""The errors a person can meet: each is one line that names the value and the way to mend it.

`exit_code` is what the command line returns: 2 for bad input, 1 for a run that fails, 128 + n for signal n.
"""

from typing import Any


class GenloomError(Exception):
    """Any failure that genloom explains in one line."""

    exit_code = 1


class InputError(GenloomError, ValueError):
    """A value that cannot be used.

    >>> raise InputError("steps", 0, "an integer of at least 1", "pass --sampling.steps 50")
    Traceback (most recent call last):
    genloom.errors.InputError: steps = 0: must be an integer of at least 1; pass --sampling.steps 50
    """

    exit_code = 2

    def __init__(self, parameter: str, value: Any, allowed: str, remedy: str = "") -> None:
        self.parameter, self.value, self.allowed, self.remedy = parameter, value, allowed, remedy
        message = f"{parameter} = {_short(value)}: must be {allowed}"
        super().__init__(f"{message}; {remedy}" if remedy else message)


class UnknownName(InputError):
    """A name that is not in a list, with the nearest one that is.

    >>> raise UnknownName("recipe", "ve-sqare", ["ve-square", "score-letters"])
    Traceback (most recent call last):
    genloom.errors.UnknownName: recipe = 've-sqare': must be one of score-letters, ve-square; did you mean 've-square'?
    """

    def __init__(self, parameter: str, value: str, known: "list[str] | tuple[str, ...]") -> None:
        from difflib import get_close_matches

        near = get_close_matches(value, known, n=1, cutoff=0.5)
        remedy = f"did you mean {near[0]!r}?" if near else ""
        super().__init__(parameter, value, f"one of {', '.join(sorted(known))}", remedy)


class InputErrors(GenloomError, ValueError):
    """Several bad values, told at once in one line; `errors` holds each of them."""

    exit_code = 2

    def __init__(self, errors: "list[InputError]") -> None:
        self.errors = tuple(errors)
        super().__init__(f"{len(errors)} problems: " + " · ".join(map(str, errors)))


class CheckpointError(GenloomError):
    """A checkpoint that is missing, altered, of another shape or of a newer format."""

    exit_code = 2


class RunError(GenloomError):
    """A run folder that cannot be used: missing, incomplete, or not a run."""

    exit_code = 2


class RunInUse(RunError):
    """Another living process holds the run folder."""


class MissingExtra(GenloomError):
    """An optional package that this verb needs is not installed."""

    exit_code = 2

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}, which is not installed; pip install 'genloom[{extra}]'")


class DataError(GenloomError):
    """Data that cannot be used: missing, corrupt, not finite, or with another checksum."""

    exit_code = 2


class TrainingError(GenloomError):
    """Training had to stop; what was saved before is whole."""


class NonFiniteError(TrainingError):
    """A loss or a gradient is NaN or infinite; the optimizer was not stepped."""


class DiskFullError(TrainingError):
    """No room for a checkpoint; the previous one is intact."""


class PeerLost(TrainingError):
    """Another process of a distributed run has gone."""


class Interrupted(GenloomError):
    """A signal asked the run to stop; it was saved first."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


class NotHere(GenloomError):
    """A verb or a family that is planned and not there yet."""

    exit_code = 2


def _short(value: Any, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
