"""Mistakes that are made in practice are named, and what is right passes, however it is written."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.forecasting.attention.check import check

Step = Callable[[Tensor, Tensor], Tensor]
HIDE: Step = lambda scores, mask: scores.masked_fill(~mask, -torch.inf)  # noqa: E731 # a table of one-liners follows


def written(scale: Callable[[int], float] = lambda d: d**-0.5, hide: Step | None = HIDE, after: Step | None = None,
            axis: int = -1) -> Callable[..., Tensor]:
    def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        scores = q @ k.transpose(-2, -1) * scale(q.shape[-1])
        if mask is not None and hide is not None:
            scores = hide(scores, mask)
        found = scores.softmax(axis)
        if mask is not None and after is not None:
            found = after(found, mask)
        return found @ v

    return attention


def turned(inner: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        return inner(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), mask).transpose(1, 2)

    return attention


def in_numpy(q: Any, k: Any, v: Any) -> Any:
    scores = np.einsum("bhid,bhjd->bhij", q, k) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True) @ v


RIGHT: dict[str, Any] = {
    "plain": written(),
    "mask == 0": written(hide=lambda s, m: s.masked_fill(m == 0, -1e9)),
    "mask added": written(hide=lambda s, m: s + m),
    "mask per sample": written(hide=lambda s, m: s.masked_fill(~m.unsqueeze(1), -torch.inf)),
    "length before heads": turned(written()),
    "heads joined": lambda q, k, v, mask=None: written()(q, k, v, mask).transpose(1, 2).flatten(2),
    "no mask": lambda q, k, v: written()(q, k, v),
    "numpy": in_numpy,
    "fused": F.scaled_dot_product_attention,
    "a switch": lambda q, k, v, is_causal=False: F.scaled_dot_product_attention(q, k, v, is_causal=is_causal),
    "always causal": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    "a mask that must be given": lambda q, k, v, mask: written()(q, k, v, mask),
    "a switch that must be given": lambda q, k, v, causal: F.scaled_dot_product_attention(q, k, v, is_causal=causal),
    "torch's module": nn.MultiheadAttention(20, 4),
    "torch's module, batch first": nn.MultiheadAttention(24, 3, batch_first=True),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name: str) -> None:
    finding = check(RIGHT[name], name)
    assert finding.right, finding.verdict
    assert finding.relative_error < 3e-7
    assert finding.verdict == f"relative error {finding.relative_error:.0e}"


def test_the_layout_and_the_mask_are_said() -> None:
    assert check(written()).layout == "(B, H, L, d)"
    assert check(turned(written())).layout == "(B, L, H, d)"
    assert check(RIGHT["mask added"]).mask == "(L, L): 0 or −∞, added to the scores"
    assert check(RIGHT["no mask"]).mask == "it takes none"
    assert check(RIGHT["a switch"]).mask == "a switch for causality"
    assert check(RIGHT["always causal"]).notes == ("it is causal in every call, though no mask is passed",)
    assert "True hides" in check(RIGHT["torch's module"]).mask
    assert check(RIGHT["heads joined"]).notes == ("heads are joined in the last axis of the output",)


def overflowing(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    powers = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    return powers / powers.sum(-1, keepdim=True) @ v


def in_place(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    q *= q.shape[-1] ** -0.5
    return written(lambda d: 1.0)(q, k, v)


def of_the_batch(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return written()(q, k, v) if len(q) > 1 else 2 * written()(q, k, v)


def of_equal_lengths(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return written()(q, k[:, :, : q.shape[2]], v[:, :, : q.shape[2]])


def half(kind: torch.dtype) -> Callable[..., Tensor]:
    return lambda q, k, v, mask=None: written()(q.to(kind), k.to(kind), v.to(kind), mask).float()


def later(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    seen = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool)
    return written()(q, k, v, seen.tril(1) if causal else seen)


WRONG: dict[str, Any] = {
    "the scale is missing": written(lambda d: 1.0),
    "the scale is 1/d": written(lambda d: 1 / d),
    "the scores are multiplied by √d": written(lambda d: d**0.5),
    "the scale is that of all heads together": written(lambda d: (4 * d) ** -0.5),
    "the softmax is over the queries": written(hide=None, axis=-2),
    "the softmax is over the heads": written(hide=None, axis=1),
    "the softmax is over the batch": written(hide=None, axis=0),
    "the softmax is missing": lambda q, k, v: q @ k.mT * q.shape[-1] ** -0.5 @ v,
    "the softmax is taken twice": lambda q, k, v: (q @ k.mT * q.shape[-1] ** -0.5).softmax(-1).softmax(-1) @ v,
    "queries and keys are swapped": lambda q, k, v: written()(k, q, v),
    "keys stand for the values": lambda q, k, v: written()(q, k, k),
    "the mask is missing": written(hide=None),
    "the mask is inverted": written(hide=lambda s, m: s.masked_fill(m, -torch.inf)),
    "hidden scores become 0": written(hide=lambda s, m: s.masked_fill(~m, -1e-9)),
    "the mask is multiplied after the softmax": written(hide=None, after=lambda w, m: w * m),
    "the mask is added after the softmax": written(hide=None, after=lambda w, m: w - 1e4 * ~m),
    "the mask is transposed": written(hide=lambda s, m: HIDE(s, m.mT)),
    "a query does not see its own step": written(hide=lambda s, m: HIDE(s, m & ~torch.eye(6, dtype=torch.bool))),
    "a query sees the next step": later,
    "heads are mixed where they are joined":
        lambda q, k, v: written()(q, k, v).reshape(q.shape[0], q.shape[2], -1),
    "dropout is active": lambda q, k, v: F.dropout(written()(q, k, v), 0.1),
    "it computes in float16": half(torch.float16),
    "it computes in bfloat16": half(torch.bfloat16),
    "large scores overflow": overflowing,
    "it changes its input": in_place,
    "the others of its batch": of_the_batch,
    "more keys than queries": of_equal_lengths,
    "the scale is missing; ": lambda q, k, v, mask=None: written(lambda d: 1.0, hide=None)(q, k, v),
    "from every known mistake": lambda q, k, v: written()(q, k, v) + v,
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_mistake_is_named_with_its_remedy(fault: str) -> None:
    finding = check(WRONG[fault])
    assert not finding.right
    assert fault in finding.verdict
    assert len(finding.faults) <= 2
    assert all(one.remedy for one in finding.faults)


def test_a_mistake_in_one_that_is_always_causal_is_named() -> None:
    finding = check(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0))
    assert [fault.name for fault in finding.faults] == ["the scale is missing"]


def test_two_mistakes_are_both_named() -> None:
    both = check(written(lambda d: 1.0, hide=lambda s, m: s.masked_fill(m, -torch.inf)))
    assert [fault.name for fault in both.faults] == ["the scale is missing", "the mask is inverted: True hides"]
    turned_and_wrong = check(turned(written(lambda d: 1 / d, hide=None)))
    assert {fault.name for fault in turned_and_wrong.faults} == {
        "the scale is 1/d", "the mask is missing: it is passed and not used"}


class Heads(nn.Module):
    """Multi-head attention as it is written in courses."""

    def __init__(self, d_model: int, heads: int, bad: str = "") -> None:
        super().__init__()
        self.heads, self.bad = heads, bad
        self.q, self.k, self.v, self.out = (nn.Linear(d_model, d_model) for _ in range(4))

    def split(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        if self.bad == "split":
            return x.view(batch, self.heads, length, width // self.heads)
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def forward(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Any:
        found = written()(self.split(self.q(q)), self.split(self.k(k)), self.split(self.v(v)), mask)
        found = found if self.bad == "join" else found.transpose(1, 2)
        return self.out(found.reshape(q.shape)), None


class Fused(nn.Module):
    """Self-attention with one layer for queries, keys and values."""

    def __init__(self, dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Any:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.num_heads, width // self.num_heads).permute(2, 0, 3, 1, 4)
        return self.proj(written(lambda d: width**-0.5 if self.training else d**-0.5)(q, k, v, mask)
                         .transpose(1, 2).flatten(2))


def test_modules_with_weights_are_checked_by_their_attention_alone() -> None:
    assert check(Heads).right  # the class: it is made with 4 heads of 5 channels
    assert check(Heads(24, 3)).right
    assert "split" in check(Heads(24, 4, "split")).verdict
    assert "joined" in check(Heads(24, 3, "join")).verdict
    fused = check(Fused(24).train())
    assert fused.right  # in evaluation, as it is used
    assert "who is who is not checked" in fused.notes[-1]


def test_the_reader_s_module_is_left_as_it_is() -> None:
    module = Heads(24, 3).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    check(module)
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_what_cannot_be_called_is_said() -> None:
    with pytest.raises(InputError, match="TypeError"):
        check(lambda q: q)
    with pytest.raises(InputError, match="a function or a torch module"):
        check(3)
    with pytest.raises(InputError, match="shape of the output"):
        check(lambda q, k, v: v.sum())
    with pytest.raises(InputError, match="one width"):
        check(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 6)))


def test_what_raises_when_it_is_called_again_keeps_state() -> None:
    calls = []

    def once(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        calls.append(1)
        if len(calls) > 1:
            raise ValueError("used up")
        return written()(q, k, v)

    assert check(once).verdict.startswith("it raises when it is called again")


def test_what_is_no_number_is_called_so_and_nothing_else_is_said_of_it() -> None:
    for candidate in (lambda q, k, v: q * torch.nan, lambda q, k, v: written()(q, k, v).index_fill(
            2, torch.tensor([0]), torch.inf)):
        found = check(candidate)
        assert found.verdict == "its output is not a number"
        assert found.notes == ()


def test_what_is_unlike_every_mistake_is_not_called_causal() -> None:
    found = check(lambda q, k, v: v.flip(2) ** 3)
    assert "every known mistake" in found.verdict
    assert found.notes == ()


def test_what_a_right_one_refuses_is_a_note() -> None:
    def fussy(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        assert len(q) == 2, "two samples"
        assert q.abs().max() < 50, "small scores"
        return written()(q, k, v, mask)

    found = check(fussy)
    assert found.right
    assert [note.split(":")[0] for note in found.notes] == [
        "it raises AssertionError for scores that are a hundred times larger",
        "it raises AssertionError for one sample alone"]


@pytest.mark.parametrize(("returns", "said"), [(None, "it returns NoneType"), ({"out": 1}, "it returns dict"),
                                               (torch.zeros(2, 4, 6, 5) * 1j, "complex numbers")])
def test_what_is_no_array_of_numbers_is_refused_by_its_type(returns: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check(lambda q, k, v: returns)


def test_leaving_is_no_verdict() -> None:
    def leaves(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        raise SystemExit(0)

    with pytest.raises(InputError, match="SystemExit"):
        check(leaves)


def test_a_module_that_cannot_be_copied_is_refused_in_one_line() -> None:
    class Locked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lock = threading.Lock()

        def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            return v

    with pytest.raises(InputError, match=r"copy\.deepcopy"):
        check(Locked())
