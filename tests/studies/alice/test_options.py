"""The flags of the study are those of a language model's text."""

from genloom.recipes.fields import leaves
from genloom.recipes.gpt import Data
from genloom.studies.alice.options import Options


def test_without_a_text_the_study_chooses() -> None:
    assert Options().data == Data(text="")
    assert {leaf.name for leaf in leaves(Options)} == {f"data.{name}" for name in ("text", "valid", "test", "blocks",
                                                                                   "stride")}
