"""GPT-2's files are the same function here as in transformers, both ways, and others are refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from genloom.autoregressive.shards import INDEX, WEIGHTS
from genloom.autoregressive.weights import CONFIG, read_gpt2, write_gpt2
from genloom.errors import CheckpointError, InputError
from genloom.nn.gpt import GPT, GPTShape

SHAPE = GPTShape(vocabulary=37, context=12, width=24, blocks=2, heads=3, expansion=2)


def made(shape: GPTShape = SHAPE) -> GPT:
    """A network in which nothing is at 0."""
    torch.manual_seed(0)
    network = GPT(shape).eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network


def opened(path: Path, vocabulary: int | None = None) -> GPT:
    shape, state = read_gpt2(path, vocabulary)
    network = GPT(shape).eval()
    network.load_state_dict(state)
    return network


@pytest.fixture
def tokens() -> Tensor:
    return torch.randint(37, (3, 12), generator=torch.Generator().manual_seed(1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_gpt2(tmp_path / "model", made())


def change(folder: Path, config: dict[str, Any] | None = None, weights: dict[str, Tensor | None] | None = None) -> None:
    """Other values, and tensors, under these names; None leaves a tensor out."""
    found = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**found, **(config or {})}))
    tensors = {**load_file(folder / WEIGHTS), **(weights or {})}
    save_file({name: tensor for name, tensor in tensors.items() if tensor is not None}, folder / WEIGHTS)


def test_a_model_in_several_files_is_the_same_model(folder: Path, tokens: Tensor) -> None:
    tensors = load_file(folder / WEIGHTS)
    files = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    places = {name: files[".ln_" in name] for name in tensors}
    for file in files:
        save_file({name: tensor for name, tensor in tensors.items() if places[name] == file}, folder / file)
    (folder / WEIGHTS).unlink()
    (folder / INDEX).write_text(json.dumps({"weight_map": places}))
    for path in (folder, folder / INDEX):
        assert torch.equal(opened(path)(tokens), made()(tokens))


def test_what_was_written_is_read_as_it_was(folder: Path, tokens: Tensor) -> None:
    shape, state = read_gpt2(folder)
    assert shape == SHAPE
    for name, tensor in made().state_dict().items():
        assert torch.equal(state[name], tensor)
    assert torch.equal(opened(folder / WEIGHTS)(tokens), made()(tokens))


def test_transformers_computes_the_same_from_what_is_written(folder: Path, tokens: Tensor) -> None:
    transformers = pytest.importorskip("transformers")
    theirs, told = transformers.GPT2LMHeadModel.from_pretrained(folder, output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    with torch.no_grad():
        torch.testing.assert_close(made()(tokens), theirs.eval()(tokens).logits, rtol=0, atol=1e-5)


@pytest.mark.parametrize("whole", [True, False])
def test_what_transformers_writes_computes_the_same(whole: bool, tmp_path: Path, tokens: Tensor) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(2)
    config = transformers.GPT2Config(vocab_size=37, n_positions=12, n_embd=24, n_layer=2, n_head=3, resid_pdrop=0.2,
                                     bos_token_id=0, eos_token_id=0)
    theirs = transformers.GPT2LMHeadModel(config).eval()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.2)
    (theirs if whole else theirs.transformer).save_pretrained(tmp_path)
    assert any(name.startswith("transformer.") for name in load_file(tmp_path / WEIGHTS)) == whole
    ours = opened(tmp_path)
    assert ours.shape == GPTShape(vocabulary=37, context=12, width=24, blocks=2, heads=3, dropout=0.2)
    with torch.no_grad():
        found = theirs(tokens, output_attentions=True)
        torch.testing.assert_close(ours(tokens), found.logits, rtol=0, atol=1e-5)
    loss = theirs(tokens, labels=tokens).loss
    torch.testing.assert_close(ours(tokens[:, :-1], targets=tokens[:, 1:]), loss, rtol=0, atol=1e-5)


def test_the_attention_is_that_of_transformers(folder: Path, tokens: Tensor) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.GPT2LMHeadModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        expected = theirs(tokens, output_attentions=True).attentions
        looks = made().trace(tokens).looks
    for look, weights in zip(looks, expected, strict=True):
        torch.testing.assert_close(look.weights, weights, rtol=0, atol=1e-6)


def test_a_network_without_added_vectors_is_written_with_zeros(tmp_path: Path, tokens: Tensor) -> None:
    network = made(GPTShape(vocabulary=37, context=12, width=24, blocks=2, heads=3, expansion=2, bias=False))
    torch.testing.assert_close(opened(write_gpt2(tmp_path, network))(tokens), network(tokens))


def test_rotary_positions_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"network\.positions = 'rotary'"):
        write_gpt2(tmp_path / "new", GPT(GPTShape(vocabulary=5, width=8, heads=2, blocks=1, positions="rotary")))
    assert not (tmp_path / "new").exists()


def test_the_separator_stands_in_the_config(tmp_path: Path) -> None:
    found = json.loads((write_gpt2(tmp_path, made(), separator=36) / CONFIG).read_text())
    assert found["bos_token_id"] == found["eos_token_id"] == 36


def test_rows_of_a_padded_vocabulary_are_left_out(folder: Path, tokens: Tensor) -> None:
    table = load_file(folder / WEIGHTS)["transformer.wte.weight"]
    change(folder, weights={"transformer.wte.weight": torch.cat((table, torch.ones(3, 24)))})
    assert torch.equal(opened(folder)(tokens), made()(tokens))
    change(folder, config={"vocab_size": 40})
    assert opened(folder)(tokens).shape == (3, 12, 40)
    assert torch.equal(opened(folder, vocabulary=37)(tokens), made()(tokens))
    with pytest.raises(CheckpointError, match="has vocab_size 40: the tokenizer has 41 tokens"):
        read_gpt2(folder, vocabulary=41)
    change(folder, config={"vocab_size": 41})
    with pytest.raises(CheckpointError, match=r"wte.weight is float32 \(40, 24\), which does not fit"):
        read_gpt2(folder)


def test_masks_and_a_head_that_is_the_table_add_nothing(folder: Path, tokens: Tensor) -> None:
    table = load_file(folder / WEIGHTS)["transformer.wte.weight"]
    change(folder, weights={
        "transformer.h.0.attn.bias": torch.ones(1, 1, 12, 12, dtype=torch.uint8).tril(),
        "transformer.h.0.attn.masked_bias": torch.tensor(-1e4), "lm_head.weight": table.clone()})
    assert torch.equal(opened(folder)(tokens), made()(tokens))


def test_half_precision_is_read_as_float32(folder: Path) -> None:
    change(folder, weights={name: tensor.half() for name, tensor in load_file(folder / WEIGHTS).items()})
    assert {tensor.dtype for tensor in read_gpt2(folder)[1].values()} == {torch.float32}


@pytest.mark.parametrize(("config", "message"), [
    ({"model_type": "llama"}, "has model_type 'llama': must be 'gpt2'"),
    ({"activation_function": "relu"}, "has activation_function 'relu': this network has 'gelu_new'"),
    ({"layer_norm_epsilon": 1e-6}, "has layer_norm_epsilon 1e-06"),
    ({"scale_attn_by_inverse_layer_idx": True}, "has scale_attn_by_inverse_layer_idx True"),
    ({"tie_word_embeddings": False}, "has tie_word_embeddings False"),
    ({"n_layer": 3}, "has 2 blocks where config.json says 3"),
    ({"n_layer": 10**15}, "n_layer 1000000000000000: must be a number from 1"),
    ({"n_head": 5}, "makes no network: network.width = 24: must be a multiple of the 5 heads"),
    ({"n_head": "3"}, "n_head '3': must be a number"),
    ({"n_embd": 48}, "n_inner 48|does not fit"),
    ({"n_inner": 49}, "n_inner 49: must be a multiple"),
    ({"n_positions": 13}, r"wpe.weight is float32 \(12, 24\), which does not fit the network"),
    ({"resid_pdrop": "x"}, "resid_pdrop 'x': must be a number"),
    ({"resid_pdrop": 1.5}, "network.dropout = 1.5"),
])
def test_an_architecture_of_another_kind_is_refused(folder: Path, config: dict[str, Any], message: str) -> None:
    change(folder, config=config)
    with pytest.raises(CheckpointError, match=message):
        read_gpt2(folder)


@pytest.mark.parametrize(("weights", "message"), [
    ({"transformer.h.1.ln_1.bias": None}, "it lacks h.1.ln_1.bias"),
    ({"transformer.h.1.extra": torch.zeros(1)}, "it has beyond it h.1.extra"),
    ({"wte.weight": torch.zeros(1)}, "both with and without"),
    ({"lm_head.weight": torch.zeros(37, 24)}, "lm_head.weight is not wte.weight"),
    ({"transformer.ln_f.bias": torch.full((24,), torch.nan)}, "ln_f.bias has numbers that are not finite"),
    ({"transformer.ln_f.bias": torch.zeros(24, dtype=torch.int64)}, "ln_f.bias is int64"),
    ({"transformer.h.0.attn.c_attn.weight": torch.zeros(72, 24)}, r"c_attn.weight is float32 \(72, 24\)"),
    ({"transformer.h.0.mlp.c_fc.weight": torch.zeros(24)}, r"c_fc.weight is float32 \(24,\)"),
])
def test_tensors_that_do_not_make_the_network_are_refused(
        folder: Path, weights: dict[str, Tensor | None], message: str) -> None:
    change(folder, weights=weights)
    with pytest.raises(CheckpointError, match=message):
        read_gpt2(folder)


def test_files_that_are_missing_or_damaged_are_told(folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing/config\.json is missing"):
        read_gpt2(folder / "nothing" / WEIGHTS)
    with pytest.raises(CheckpointError, match=r"config\.json is no safetensors file"):
        read_gpt2(folder / CONFIG)
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
        read_gpt2(folder)
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=r"model.safetensors is missing"):
        read_gpt2(folder)
    for text in (b"{", b"[]", b"\xff", b"[" * 100_000):
        (folder / CONFIG).write_bytes(text)
        with pytest.raises(CheckpointError, match=r"config.json (cannot be read as JSON|has model_type None)"):
            read_gpt2(folder)
