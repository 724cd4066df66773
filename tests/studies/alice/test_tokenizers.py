"""The same bytes by several tokenizers."""

import os
from pathlib import Path

import pytest

from genloom.data.text.corpus import read_corpus
from genloom.studies.alice.tokenizers import GPT2, gpt2_counts, tokenizers_table
from genloom.studies.alice.work import experiment


def test_larger_vocabularies_need_fewer_tokens(tiny, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    table = tokenizers_table(experiment(tiny), tmp_path)
    each = {row[0]: float(row[3]) for row in table.rows}
    size = {row[0]: int(row[1].replace("\u202f", "")) for row in table.rows}
    assert GPT2 not in each, "it is not at hand here"
    assert each["characters"] == pytest.approx(1.0, abs=0.01)
    learned = sorted((size[name], value) for name, value in each.items() if name.startswith("bpe"))
    assert [value for _, value in learned] == sorted(value for _, value in learned)


def test_without_its_files_nothing_is_counted(tiny, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    assert gpt2_counts(experiment(tiny).corpus, tmp_path) is None


@pytest.mark.real_data
def test_alice_has_as_many_tokens_as_another_program_counts() -> None:
    root = Path(os.environ["GENLOOM_DATA"])
    assert gpt2_counts(read_corpus("alice", root), root) == (42_575, 3_948)
