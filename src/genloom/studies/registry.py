"""The studies by name; free of torch, so that listings and mistakes answer at once."""

from typing import TYPE_CHECKING

from genloom.errors import UnknownName
from genloom.recipes.registry import STUDIES, resolve

if TYPE_CHECKING:
    from genloom.studies.study import Study

__all__ = ["STUDIES", "study"]


def study(name: str) -> "Study":
    """The study of this name, imported now.

    Errors: `UnknownName` with the nearest name that is there.
    """
    if name not in STUDIES:
        raise UnknownName("study", name, list(STUDIES))
    found: Study = resolve(STUDIES[name].function)
    return found
