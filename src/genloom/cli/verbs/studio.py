"""`genloom studio`: the local web app, which is planned."""

from typing import NoReturn

from genloom.errors import NotHere


def run(args: list[str]) -> NoReturn:
    """Say that it is not there.

    Errors: `NotHere`.
    """
    raise NotHere("genloom studio (the local web app) is planned and not there yet; `genloom sample RUN` and "
                  "`genloom report RUN` show a run")
