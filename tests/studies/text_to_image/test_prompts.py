"""Prompts are read strictly from four kinds of files, and the curated ones cover all families."""

import re
from pathlib import Path

import pytest

from genloom.errors import DataError
from genloom.studies.text_to_image.prompts import FAMILIES, Prompt, curated, parse, read_prompts, to_yaml


def test_the_curated_ones_try_every_family_with_a_reason() -> None:
    found = curated()
    assert len(found) >= 10
    assert set(found.families) == set(FAMILIES)
    assert all(each.expected and len(each.why) > 100 and each.source for each in found)
    assert not any(each.verdict or each.explanation for each in found), "to be filled in by who looks"


def test_the_long_one_is_cut_off_before_its_balloon() -> None:
    (prompt,) = [each.prompt for each in curated() if "balloon" in each.prompt]
    before = prompt[: prompt.index("one large orange")]
    assert len(re.findall(r"[\w'-]+|,", before)) > 75, "a token each at least, of 75 between the marks"
    others = [each.prompt for each in curated() if each.prompt != prompt]
    assert max(len(each.split()) for each in others) < 40


def test_two_prompts_exchange_their_colours() -> None:
    one, other = (each.prompt for each in curated() if each.family == "attribute binding")
    assert sorted(one.split()) == sorted(other.split())


def test_four_kinds_of_files_say_the_same(tmp_path: Path) -> None:
    kinds = {"a.txt": "# mine\ntwo cats\n\n  a dog  \n", "a.yaml": "- two cats\n- prompt: a dog\n",
             "b.yml": "prompts:\n  - two cats\n  - {prompt: a dog}\n", "a.jsonl": '"two cats"\n\n{"prompt": "a dog"}\n',
             "a.json": '["two cats", {"prompt": "a dog"}]'}
    for name, text in kinds.items():
        (tmp_path / name).write_text(text)
        assert [each.prompt for each in read_prompts(tmp_path / name)] == ["two cats", "a dog"], name


def test_what_is_filled_in_comes_back() -> None:
    mine = parse("- prompt: two cats\n  verdict: fails\n  explanation: 'three: of them'\n", "mine.yaml")
    assert mine[0] == Prompt(prompt="two cats", verdict="fails", explanation="three: of them")
    assert parse(to_yaml(mine), "again.yaml") == mine
    assert parse(to_yaml(curated()), "again.yaml") == curated()
    assert "verdict: ''" in to_yaml(curated())


def test_digests_tell_words_from_prompts() -> None:
    one, other = parse("- a\n- b\n", "a.yaml"), parse("- {prompt: a, verdict: fails}\n- b\n", "a.yaml")
    assert one.digest != other.digest
    assert one.texts == other.texts


@pytest.mark.parametrize(("name", "text", "said"), [
    ("a.txt", "# nothing\n", "0 prompts"),
    ("a.txt", "\n".join(f"prompt {k}" for k in range(1001)), "1001 prompts"),
    ("a.txt", "a dog\na cat\na  dog\n", "prompts 1 and 3 are the same"),
    ("a.yaml", "- {prompt: a dog, familly: count}\n", "did you mean 'family'"),
    ("a.yaml", "- {prompt: no}\n", "not a text; put it in quotes"),
    ("a.yaml", "- {family: count}\n", "prompt 1: must be a text"),
    ("a.yaml", "- {prompt: a dog, verdict: yes it fails}\n", "it is fails, holds, or empty"),
    ("a.yaml", "- &a a dog\n- *a\n", "aliases"),
    ("a.yaml", "- {prompt: a, prompt: b}\n", "occurs twice"),
    ("a.yaml", "a: b\n", "not a list"),
    ("a.yaml", "- [", "not YAML"),
    ("a.yaml", "- !!python/object/apply:os.system [ls]\n", "not YAML"),
    ("a.json", "[" * 100_000, "not JSON"),
    ("a.jsonl", '{"prompt": "a"}\n{', "line 2: not JSON"),
    ("a.jsonl", "17\n", "must be a text"),
    ("a.yaml", f"- {'x' * 5000}\n", "more than 4000 characters"),
    ("a.yaml", "- '   '\n", "is empty"),
])
def test_mistakes_are_named_with_their_place(name: str, text: str, said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)) as error:
        parse(text, name)
    assert str(error.value).startswith(name)
    assert len(str(error.value)) < 400


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_prompts(tmp_path / "none.txt")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        read_prompts(tmp_path / "a.txt")
    (tmp_path / "b.txt").write_bytes(b"x" * 1_000_001)
    with pytest.raises(DataError, match="larger than 1 MB"):
        read_prompts(tmp_path / "b.txt")
