from pathlib import Path

import pytest
from gpt_small import small, small_recipe, text, text_file

from genloom.data import store
from genloom.data.text.corpus import read_corpus
from genloom.data.text.document import Span
from genloom.data.text.split import split
from genloom.errors import DataError
from genloom.recipes.gpt import Generation, Tokenizer
from genloom.recipes.gpt_parts import make_choice, make_tokenizer


@pytest.mark.parametrize(("chosen", "kind"), [(Tokenizer(vocabulary=280), "bpe"),
                                              (Tokenizer(kind="characters"), "characters")])
def test_tokenizers_learn_of_the_training_text_alone(chosen: Tokenizer, kind: str, tmp_path: Path) -> None:
    corpus = read_corpus(str(text_file(tmp_path)))
    parts = split(corpus, blocks=2)
    found = make_tokenizer(chosen, corpus, parts.train, None)
    assert found.kind == kind
    assert make_tokenizer(chosen, corpus, parts.train, None).digest == found.digest
    (tmp_path / "new.txt").write_text(text(100) + "ÆØÅ and such words words words words\n" * 9)
    other = read_corpus(str(tmp_path / "new.txt"))
    learned = make_tokenizer(chosen, other, (Span(0, 0, other.bytes),), None)
    first = make_tokenizer(chosen, other, (Span(0, 0, len(text(100).encode())),), None)
    assert "ÆØÅ words" in learned.decode(learned.encode("ÆØÅ words"))
    assert len(learned.encode("ÆØÅ words")) < len(first.encode("ÆØÅ words")) == len(found.encode("ÆØÅ words"))


def test_gpt2_s_files_are_looked_for_in_the_folder_and_then_among_the_data_sets(tmp_path: Path,
                                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    from genloom.recipes.interop.gpt2_folder import _spelled

    corpus = read_corpus(str(text_file(tmp_path)))
    learned = small(tmp_path / "small.txt").tokenizer
    for name, content in _spelled(learned).items():
        (tmp_path / name).write_text(content)
    found = make_tokenizer(Tokenizer(kind="gpt2", folder=str(tmp_path)), corpus, (), None)
    assert found.encode("the squirrel sees nothing") == learned.encode("the squirrel sees nothing")
    monkeypatch.setattr(store, "cache", lambda: tmp_path / "nothing")
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    with pytest.raises(DataError, match="genloom data gpt2-bpe --fetch"):
        make_tokenizer(Tokenizer(kind="gpt2"), corpus, (), None)


def test_the_choice_is_the_recipe_s() -> None:
    made = make_choice(Generation(temperature=0.5, top_k=3, top_p=0.9, min_p=0.1, repetition=1.2))
    assert (made.temperature, made.top_k, made.top_p, made.min_p, made.repetition) == (0.5, 3, 0.9, 0.1, 1.2)
    assert small_recipe(Path("x")).generation.past == "slide"
