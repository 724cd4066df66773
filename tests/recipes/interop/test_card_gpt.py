from dataclasses import replace

from genloom.autoregressive.characters import Characters
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes import recipe
from genloom.recipes.gpt import Data
from genloom.recipes.interop.card_gpt import card
from genloom.recipes.known_text import KnownText
from genloom.training.checkpoint import Loaded
from genloom.training.run import RunFolder


def made(tmp_path, digest="ab" * 32, **parts):
    whole = replace(recipe("gpt-nano"), **parts)
    network = GPT(GPTShape(vocabulary=257, context=16, width=8, blocks=1, heads=1))
    known = KnownText(Characters(""), "a small text, 9 bytes", digest)
    return card(whole, network, known, RunFolder(tmp_path), Loaded(20, tmp_path, "cd" * 32, True), "me/model")


def test_it_says_what_it_is_and_how_to_use_it(tmp_path):
    said = made(tmp_path)
    assert said.startswith("---\nlibrary_name: transformers\n")
    assert "averaged weights of step 20 (checkpoint sha256 `cdcdcdcdcdcdcdcd`)" in said
    assert 'from_pretrained("me/model")' in said
    assert "genloom import me/model --out runs/imported" in said
    assert "a small text, 9 bytes; sha256 `abab" in said
    assert "Nothing was measured yet" in said


def test_no_path_of_the_machine_is_in_it(tmp_path):
    said = made(tmp_path, data=Data(text="/home/someone/secret/book.txt"))
    assert "/home/someone" not in said
    assert "book.txt" in said


def test_an_imported_model_is_not_said_to_be_trained_here(tmp_path):
    said = made(tmp_path, digest="", name="imported")
    assert "what they were trained on is not known here" in said
    assert "Elsewhere" in said
