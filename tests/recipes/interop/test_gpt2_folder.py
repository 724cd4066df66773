"""Language models go to transformers and come back as the same function, with their tokens."""

import json
from pathlib import Path

import pytest
import torch

from genloom.autoregressive.bpe import train_bpe
from genloom.autoregressive.characters import Characters
from genloom.autoregressive.weights import write_gpt2
from genloom.cli import runs
from genloom.data import store
from genloom.errors import CheckpointError, DataError, InputError
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes.experiment import build, kept
from genloom.recipes.interop import gpt2_folder
from genloom.recipes.interop.gpt2_folder import ImportedText, export_run, is_one, read, write_run
from genloom.recipes.known_text import KnownText
from genloom.training.run import RunFolder

TOKENIZER = train_bpe(["the squirrel holds a walnut and the owl holds nothing " * 20], 280)


def network(**shape: object) -> GPT:
    torch.manual_seed(0)
    usual = {"vocabulary": TOKENIZER.vocabulary, "context": 16, "width": 8, "blocks": 2, "heads": 2}
    return GPT(GPTShape(**usual | shape)).eval()  # type: ignore[arg-type]


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of transformers with its tokenizer."""
    folder = write_gpt2(tmp_path / "theirs", network())
    for name, content in gpt2_folder._spelled(TOKENIZER).items():
        (folder / name).write_text(content)
    return folder


def run_of(imported: ImportedText, path: Path) -> RunFolder:
    return write_run(imported, path, ["genloom", "import"], {})


def test_a_folder_becomes_a_run_with_the_same_function(theirs: Path, tmp_path: Path) -> None:
    assert is_one(theirs)
    assert is_one(theirs / "model.safetensors")
    run = run_of(read(theirs), tmp_path / "run")
    assert run.status["state"] == "finished"
    recipe = runs.recipe_of(run)
    made = runs.with_weights(run, build(recipe, None, kept(recipe, run.path)))
    tokens = torch.tensor([TOKENIZER.encode("the owl holds a walnut")[:16]])
    torch.testing.assert_close(made.networks["gpt"](tokens), network()(tokens), rtol=0, atol=1e-6)
    assert made.experiment.tokenizer.encode("the owl") == TOKENIZER.encode("the owl")  # type: ignore[attr-defined]
    assert made.experiment.facts()[0][0] == "data", "it is judged on a text of which it was not trained"


def test_there_and_back_is_the_same(theirs: Path, tmp_path: Path) -> None:
    imported = read(theirs)
    known = KnownText(TOKENIZER, "a small text", "ab" * 32)
    run = run_of(imported._replace(known=known), tmp_path / "run")
    made = export_run(run, tmp_path / "out")
    assert (made.folder, made.loaded.step) == (tmp_path / "out", 1)
    again = read(tmp_path / "out")
    assert (again.known.description, again.known.digest) == ("a small text", "ab" * 32)
    assert again.recipe.tokenizer.kind == "bpe"
    assert again.recipe.network == imported.recipe.network
    assert all(torch.equal(again.state[name], imported.state[name]) for name in imported.state)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "library_name: transformers" in card
    assert "sha256 `" in card
    assert str(tmp_path) not in card


def test_transformers_opens_it_with_the_same_tokens_and_logits(theirs: Path, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    run = run_of(read(theirs), tmp_path / "run")
    export_run(run, tmp_path / "out")
    model = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "out").eval()
    tokenizer = transformers.GPT2Tokenizer.from_pretrained(tmp_path / "out")
    ids = TOKENIZER.encode("the owl holds a walnut")
    assert tokenizer("the owl holds a walnut").input_ids == ids
    with torch.no_grad():
        torch.testing.assert_close(model(torch.tensor([ids])).logits, network()(torch.tensor([ids])), rtol=0, atol=1e-5)


def test_rows_beyond_the_tokenizer_are_left_out(theirs: Path) -> None:
    write_gpt2(theirs, network(vocabulary=TOKENIZER.vocabulary + 8))
    assert read(theirs).state["token_table.weight"].shape[0] == TOKENIZER.vocabulary


def test_without_its_tokens_a_small_model_is_refused(theirs: Path) -> None:
    for name in ("vocab.json", "merges.txt"):
        (theirs / name).unlink()
    with pytest.raises(CheckpointError, match=r"put its vocab.json and merges.txt beside the weights"):
        read(theirs)


def test_gpt2_s_own_number_of_tokens_takes_its_tokens_from_the_data_sets(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_gpt2(tmp_path / "theirs", network(vocabulary=50257, width=2, heads=1, blocks=1))
    monkeypatch.setattr(store, "cache", lambda: tmp_path / "nothing")
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    with pytest.raises(DataError, match=r"GPT-2's are not at hand: .*genloom data gpt2-bpe --fetch"):
        read(folder)


@pytest.mark.parametrize("content", ["", "[]", '{"model_type": "llama"}', "{"])
def test_other_folders_are_not_taken_for_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    assert not is_one(tmp_path)
    assert not is_one(tmp_path / "nowhere")


def test_what_transformers_has_not_is_refused_and_leaves_nothing(theirs: Path, tmp_path: Path) -> None:
    imported = read(theirs)
    characters = imported._replace(known=KnownText(Characters("é" * 3), "", ""))
    run = run_of(characters, tmp_path / "a")
    with pytest.raises(InputError, match="bpe or gpt2 for transformers"):
        export_run(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    run = run_of(imported, tmp_path / "b")
    (run.path / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError, match=r"has no tokenizer.json; `genloom resume` of this run makes it"):
        export_run(run, tmp_path / "out")


def test_a_damaged_note_of_the_text_is_named(theirs: Path) -> None:
    (theirs / gpt2_folder.KNOWN).write_text(json.dumps({"format": 1}))
    with pytest.raises(CheckpointError, match=r"genloom_text.json cannot be read"):
        read(theirs)
