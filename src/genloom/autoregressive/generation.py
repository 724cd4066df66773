"""Text from a language model, token by token; what was computed of the tokens before is kept."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from genloom.autoregressive.choice import Choice, drawn
from genloom.errors import InputError
from genloom.nn.gpt import GPT
from genloom.nn.key_values import KeyValues
from genloom.nn.one_token import OneToken
from genloom.rng import generator

Past = Literal["refuse", "slide", "halve"]
"""What is done where the text grows longer than the context: nothing is generated; the last tokens are seen, as many as
the context has; or the older half is dropped whenever the context is full."""

PASTS: tuple[Past, ...] = ("refuse", "slide", "halve")
_SMALL = 1 << 24  # numbers multiplied for a token, up to which a second thread costs more than it brings


class Step(NamedTuple):
    """One more token of each of B texts.

    tokens      (B,) int64
    log_probs   of these tokens under the model itself, (B,) float32, in nats
    chosen      under the law that they were drawn by
    """

    tokens: Tensor
    log_probs: Tensor
    chosen: Tensor


def generate(gpt: GPT, prompt: Tensor, *, count: int, choice: Choice | None = None, seed: int = 0, first: int = 0,
             past: Past = "slide", cached: bool = True) -> Iterator[Step]:
    """`count` tokens after each of B prompts, (B, L) int64 with L ≥ 1, one `Step` at a time.

    Row i is a function of the prompt and of (seed, first + i) alone: its draws do not depend on its batch.

    past     past the context, "refuse" generates nothing at all; "slide" sees the last tokens, as many as the context
             has, and computes them anew for each token, since their places have moved; "halve" drops the older half
             whenever the context is full, computes the newer half once and goes on: many times cheaper, seeing less
    cached   keep keys and values; without them the same tokens are computed again and again, to the same result

    Errors: `InputError` for an empty prompt, a network in training mode, or a text that `refuse` does not let grow.
    """
    _check(gpt, prompt, count, past)
    return _steps(gpt, prompt, count, choice or Choice(), _uniform(len(prompt), count, seed, first),
                  _Decoder(gpt, len(prompt), past, cached))


def decoding_threads(gpt: GPT, batch: int) -> int:
    """Threads to decode on: 1 where a token costs less than it takes to share the work out, else torch's own choice.

    >>> from genloom.nn.gpt import GPTShape
    >>> decoding_threads(GPT(GPTShape(vocabulary=8, width=8, blocks=1, heads=1)), 1)
    1
    """
    return 1 if gpt.parameters_count * batch <= _SMALL else torch.get_num_threads()


def window_start(length: int, context: int, past: Past) -> int:
    """The first token that is still seen of a text of this length.

    >>> [window_start(length, 8, "slide") for length in (8, 9, 10)]
    [0, 1, 2]
    >>> [window_start(length, 8, "halve") for length in (8, 9, 12, 13)]
    [0, 4, 4, 8]
    """
    if length <= context or past == "refuse":
        return 0
    if past == "slide":
        return length - context
    half = max(1, context // 2)
    return -(-(length - context) // half) * half


class _Decoder:
    """Logits (B, V) of the next token; the texts grow between calls."""

    def __init__(self, gpt: GPT, batch: int, past: Past, cached: bool) -> None:
        self._gpt, self._past, self._context = gpt, past, gpt.shape.context
        weight = gpt.token_table.weight
        self._held = KeyValues(gpt.shape, batch, self._context, weight.device, weight.dtype) if cached else None
        self._one, self._start = OneToken(gpt), 0

    @torch.inference_mode()
    def __call__(self, texts: Tensor) -> Tensor:
        """Of texts (B, L)."""
        length = texts.shape[1]
        start = window_start(length, self._context, self._past)
        if self._held is None or (self._past == "slide" and start > 0):  # places move at every token: nothing to keep
            return self._gpt(texts[:, start:], last=True)[:, 0]  # type: ignore[no-any-return]
        if start != self._start:
            self._held.reset()
            self._start = start
        new = texts[:, start + self._held.length :]
        if new.shape[1] == 1:
            return self._one(new[:, 0], self._held)
        return self._gpt(new, past=self._held, last=True)[:, 0]  # type: ignore[no-any-return]


def _steps(gpt: GPT, prompt: Tensor, count: int, choice: Choice, uniform: Tensor,
           decoder: _Decoder) -> Iterator[Step]:
    device, length = gpt.token_table.weight.device, prompt.shape[1]
    texts = torch.empty(len(prompt), length + count, dtype=torch.int64, device=device)
    texts[:, :length] = prompt
    uniform, rows = uniform.to(device), torch.arange(len(prompt), device=device)
    seen = None
    if choice.repetition != 1:
        seen = torch.zeros(len(prompt), gpt.shape.vocabulary, dtype=torch.bool, device=device)
        seen.scatter_(1, texts[:, :length], True)
    for i in range(count):
        logits = decoder(texts[:, : length + i]).float()
        law = choice.adjusted(logits, seen)
        tokens = law.argmax(-1) if choice.temperature == 0 else drawn(law, uniform[:, i])
        texts[:, length + i] = tokens
        if seen is not None:
            seen[rows, tokens] = True
        this = tokens[:, None]
        yield Step(tokens, logits.log_softmax(-1).gather(1, this)[:, 0], law.gather(1, this)[:, 0])


def _uniform(batch: int, count: int, seed: int, first: int) -> Tensor:
    """Row i holds the draws of the text first + i, float64 (B, count); more tokens do not change the first ones."""
    draws = [torch.rand(count, generator=generator(seed, first + i), dtype=torch.float64) for i in range(batch)]
    return torch.stack(draws)


def _check(gpt: GPT, prompt: Tensor, count: int, past: Past) -> None:
    if prompt.ndim != 2 or prompt.numel() == 0:
        raise InputError("prompt", tuple(prompt.shape), "at least one token in each of (B, L)",
                         "give a prompt, or the token that texts begin after")
    if gpt.training:
        raise InputError("network", "in training mode", "in evaluation mode, where nothing is dropped out",
                         "call network.eval()")
    if count < 1:
        raise InputError("tokens", count, "at least 1")
    if past not in PASTS:
        raise InputError("past", past, f"one of {', '.join(PASTS)}")
    needed = prompt.shape[1] + count - 1  # the last token is not seen by another
    if past == "refuse" and needed > gpt.shape.context:
        raise InputError("past", past, f"slide or halve for {prompt.shape[1]} tokens and {count} more, beyond the "
                         f"context of {gpt.shape.context}",
                         f"pass --past slide, or --tokens {max(1, gpt.shape.context + 1 - prompt.shape[1])}")
