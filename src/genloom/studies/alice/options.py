"""What this study alone can be asked for; free of torch, so that flags answer at once."""

from dataclasses import dataclass, field

from genloom.recipes.gpt import Data


@dataclass(frozen=True, kw_only=True)
class Options:
    """The text and its parts, as in a language model's recipe.

    data   without a text, Alice where it is at hand, else the documentation inside Python
    """

    data: Data = field(default_factory=lambda: Data(text=""))
