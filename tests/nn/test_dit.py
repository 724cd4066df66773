"""The Transformer starts as nothing, knows where its patches are, and computes what diffusers' DiT computes."""

import math

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.dit import DiT, DiTShape, grid_positions
from genloom.nn.embeddings import Sinusoidal

SMALL = DiTShape(size=8, channels=3, width=16, blocks=2, heads=2, classes=4)


def made(shape: DiTShape = SMALL) -> DiT:
    """A network in which no layer is at 0."""
    torch.manual_seed(0)
    network = DiT(shape).double().eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2)
    return network


def inputs(count: int = 5) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    x = torch.randn(count, 3, 8, 8, generator=random, dtype=torch.float64)
    return x, torch.tensor([0.0, 3, 500, 998, 999, 7])[:count].double(), torch.arange(count) % 5


def test_it_starts_as_nothing_and_each_block_as_the_identity() -> None:
    network = DiT(SMALL).double()
    assert not network(*inputs()).any()
    tokens, told = torch.randn(2, 16, 16).double(), torch.randn(2, 1, 16).double()
    for block in network.blocks:
        assert torch.equal(block(tokens, told), tokens)


def test_the_gradient_reaches_each_parameter() -> None:
    network = made()
    network(*inputs()).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_sample_does_not_depend_on_the_others() -> None:
    network, (x, time, labels) = made(), inputs()
    whole = network(x, time, labels)
    torch.testing.assert_close(network(x[2:4], time[2:4], labels[2:4]), whole[2:4], rtol=0, atol=1e-13)


def test_a_shared_time_and_no_label_are_what_they_say() -> None:
    network, (x, _, _) = made(), inputs()
    time = torch.tensor([3.0], dtype=torch.float64)
    torch.testing.assert_close(network(x, time), network(x, time.expand(5), torch.full((5,), 4)), rtol=0, atol=1e-13)
    assert not torch.allclose(network(x, time), network(x, time, torch.tensor([1])))


def test_label_sets_and_other_channels() -> None:
    network = made(DiTShape(size=8, channels=3, out_channels=6, width=16, blocks=1, heads=2, label_set=3))
    x, time, _ = inputs(2)
    sets = torch.tensor([[0.0, 0, 0], [1, 0, 1]], dtype=torch.float64)
    out = network(x, time, sets)
    assert out.shape == (2, 6, 8, 8)
    torch.testing.assert_close(network(x[:1], time[:1]), out[:1])


def test_labels_of_a_set_are_tokens_that_patches_attend_to() -> None:
    network = made(DiTShape(size=8, channels=3, width=16, blocks=2, heads=2, label_set=4, tokens=2))
    x, time, _ = inputs(3)
    sets = torch.tensor([[0.0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]], dtype=torch.float64)
    out = network(x, time, sets)
    assert out.shape == x.shape
    torch.testing.assert_close(network(x[2:], time[2:], sets[2:]), out[2:])
    torch.testing.assert_close(network(x[1:2], time[1:2]), out[1:2])
    with torch.no_grad():  # without the sum of vectors the tokens alone still tell the sets apart
        network.label.forward = lambda labels: torch.zeros(1, 16, dtype=torch.float64)
    assert not torch.allclose(network(x[:1], time[:1], sets[:1]), network(x[:1], time[:1], sets[2:]))


def test_saving_and_loading_keep_the_function() -> None:
    network, other = made(), DiT(SMALL).double().eval()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(*inputs()), network(*inputs()))


def test_positions_are_sines_of_the_column_and_of_the_row() -> None:
    found = grid_positions(3, 8)
    assert found.shape == (9, 8)
    for token in range(9):
        row, column = divmod(token, 3)
        for start, place in ((0, column), (4, row)):
            expected = [math.sin(place), math.sin(place / 100), math.cos(place), math.cos(place / 100)]
            torch.testing.assert_close(found[token, start : start + 4], torch.tensor(expected))


def test_its_activation_is_the_one_that_was_asked_for() -> None:
    sizes = {"size": 8, "channels": 1, "width": 16, "blocks": 2, "heads": 2}
    plain, other = made(DiTShape(**sizes)), made(DiTShape(**sizes, activation="silu"))
    x, time = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(3)).double(), torch.tensor([0.2, 0.9])
    assert not torch.allclose(plain(x, time), other(x, time))
    for block in plain.blocks:
        block.mlp[1] = nn.SiLU()
    assert torch.equal(plain(x, time), other(x, time))


def test_a_shared_modulation_is_the_layer_that_all_blocks_have_with_a_bias_of_their_own() -> None:
    sizes = {"size": 8, "channels": 3, "width": 16, "blocks": 2, "heads": 2, "classes": 4}
    own, shared = made(DiTShape(**sizes)), made(DiTShape(**sizes, modulation="shared"))
    state = shared.state_dict()
    weight, bias = state.pop("shared.layer.weight"), state.pop("shared.layer.bias")
    for i in range(2):
        table = state.pop(f"blocks.{i}.modulation.table")
        state |= {f"blocks.{i}.modulation.layer.weight": weight, f"blocks.{i}.modulation.layer.bias": bias + table}
    own.load_state_dict(state)
    torch.testing.assert_close(shared(*inputs()), own(*inputs()), rtol=0, atol=1e-13)
    x, time, labels = inputs()
    assert not DiT(DiTShape(**sizes, modulation="shared")).double()(x, time, labels).any()


def test_a_patch_of_the_output_lies_where_the_patch_of_the_input_lay() -> None:
    """With one block that is the identity and a linear output, only the patch that was changed changes."""
    network = made(DiTShape(size=8, channels=3, width=16, blocks=1, heads=2, patch=4))
    nn.init.zeros_(network.blocks[0].modulation.layer.weight)
    nn.init.zeros_(network.blocks[0].modulation.layer.bias)
    x, time, _ = inputs(1)
    changed = x.clone()
    changed[:, :, 5, 1] += 1
    moved = (network(changed, time) - network(x, time)).abs().sum(dim=(0, 1)) > 0
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[4:, :4] = True
    assert torch.equal(moved, expected)


def test_it_equals_the_transformer_of_diffusers() -> None:
    pytest.importorskip("diffusers")
    from diffusers.models.transformers.dit_transformer_2d import DiTTransformer2DModel

    torch.manual_seed(3)
    theirs = DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=3, out_channels=3, num_layers=2, sample_size=8,
        patch_size=2, num_embeds_ada_norm=4, attention_bias=True, activation_fn="gelu-approximate", norm_eps=1e-6,
    ).double().eval()
    ours = made()
    ours.time.features = Sinusoidal(256, frequency_shift=1)  # diffusers changed this; the published DiT has no shift
    theirs.load_state_dict(their_names(ours, theirs.state_dict()))
    x, _, labels = inputs()
    time = torch.arange(5)  # early ones: their frequencies are float32, and at 999 an angle is off by 1e-4
    torch.testing.assert_close(ours(x, time, labels), theirs(x, time, labels).sample, rtol=0, atol=2e-6)


def their_names(ours: DiT, theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our weights under the names of diffusers, which keeps the time's and the classes' layers in each block."""
    state = {"pos_embed.proj": ours.embed, "proj_out_1": ours.final.layer}
    for i, block in enumerate(ours.blocks):
        at = f"transformer_blocks.{i}"
        state |= {f"{at}.norm1.emb.timestep_embedder.linear_1": ours.time.first,
                  f"{at}.norm1.emb.timestep_embedder.linear_2": ours.time.second,
                  f"{at}.norm1.linear": block.modulation.layer, f"{at}.attn1.to_out.0": block.attention.out,
                  f"{at}.ff.net.0.proj": block.mlp[0], f"{at}.ff.net.2": block.mlp[2]}
    found = {f"{name}.{kind}": getattr(layer, kind).detach() for name, layer in state.items()
             for kind in ("weight", "bias")}
    for kind in ("weight", "bias"):
        # the rows of our output are (channel, y, x), those of theirs (y, x, channel)
        rows = getattr(ours.output, kind).detach()
        found[f"proj_out_2.{kind}"] = rows.unflatten(0, (3, 2, 2)).movedim(0, 2).flatten(0, 2)
        for i, block in enumerate(ours.blocks):
            parts = getattr(block.attention.qkv, kind).detach().chunk(3)
            found |= {f"transformer_blocks.{i}.attn1.to_{n}.{kind}": p for n, p in zip("qkv", parts, strict=True)}
    assert ours.label is not None
    for i in range(len(ours.blocks)):
        table = ours.label.table.weight.detach()
        found[f"transformer_blocks.{i}.norm1.emb.class_embedder.embedding_table.weight"] = table
    return {**{name: value for name, value in theirs.items() if name.endswith("pos_embed.pos_embed")}, **found}


@pytest.mark.parametrize(("wrong", "message"), [
    ({"patch": 3}, "network.patch = 3"), ({"patch": 0}, "network.patch = 0"), ({"width": 18}, "network.width = 18"),
    ({"heads": 3}, "network.width = 16"), ({"blocks": 0}, "network.blocks = 0"),
    ({"label_set": 2}, "network.label_set = 2"),
])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DiTShape(**{"size": 8, "width": 16, "blocks": 2, "heads": 2, "classes": 4, **wrong})
