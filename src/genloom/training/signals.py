"""SIGINT and SIGTERM ask a run to save and stop; a second one ends it at once."""

import os
import signal
import threading
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Whether a signal has asked to stop, for the length of a `with` block; the old handlers come back after it.

    number    the signal's number, 0 while there was none
    speak     whether this process is the one that talks to the person
    """

    def __init__(self, *, speak: bool = True) -> None:
        self.number = 0
        self._speak = speak
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():  # elsewhere Python refuses handlers
            self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.number:
            os._exit(128 + number)  # whatever is being written is not yet pointed to
        self.number = number
        if self._speak:  # by write(2): the handler may have come in the middle of a print
            os.write(2, b"\nsaving; again to quit now\n")
