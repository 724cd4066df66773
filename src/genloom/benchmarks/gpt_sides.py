"""The sides of `genloom bench gpt`, each run in a process of its own; prints one line of JSON."""

import contextlib
import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genloom import machine
from genloom.autoregressive.weights import write_gpt2
from genloom.benchmarks.gpt import BATCH, BLOCKS, CONTEXT, HEADS, SEED, VOCABULARY, WIDTH, Setting, Task
from genloom.benchmarks.gpt_layers import layered
from genloom.benchmarks.images_sides import Clocked
from genloom.errors import MissingExtra
from genloom.nn.gpt import GPT, GPTShape
from genloom.recipes.gpt import gpt as recipe
from genloom.training.feed import Order
from genloom.training.lr import rate
from genloom.training.method import Batch
from genloom.training.optimizers import groups, trainable
from genloom.training.options import Engine, Optimizer
from genloom.training.source import TensorSource

WARM, TIMED, LAST = 5, 60, 10  # steps before and while the clock runs, and those whose loss is told
SURE, WIDER = 0.75, 4.0
ROUNDS = 3  # times that the same is written; the fastest counts

_Loss = Callable[[Batch], Tensor]


def network(task: Task) -> GPT:
    """The network of the task; weights that are a function of the seed."""
    torch.manual_seed(SEED)
    return GPT(GPTShape(vocabulary=VOCABULARY, context=task.context, width=WIDTH, blocks=BLOCKS, heads=HEADS,
                        dropout=task.dropout))


def writer(task: Task) -> GPT:
    """The network with wider matrices, so that what it writes does not repeat one token."""
    made = network(task).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(WIDER if parameter.ndim > 1 else 1.0)
    return made


def theirs(made: GPT, setting: Setting) -> nn.Module:
    """transformers' network with the same weights, by way of a file.

    Errors: `MissingExtra` without transformers.
    """
    try:
        from transformers import GPT2LMHeadModel
    except ImportError:
        raise MissingExtra("transformers", "bench", "this benchmark") from None
    with TemporaryDirectory() as folder:
        same: nn.Module = GPT2LMHeadModel.from_pretrained(write_gpt2(Path(folder), made),
                                                          attn_implementation=setting.attention or "sdpa")
    return same


def chain(count: int) -> Tensor:
    """Tokens (count,) of a chain: each is followed by one of its own with probability `SURE`, else by any."""
    random = torch.Generator().manual_seed(SEED)
    after = torch.randperm(VOCABULARY, generator=random).tolist()
    sure = (torch.rand(count, generator=random) < SURE).tolist()
    found = torch.randint(VOCABULARY, (count,), generator=random).tolist()
    for i in range(1, count):
        if sure[i]:
            found[i] = after[found[i - 1]]
    return torch.tensor(found)


def entropy() -> float:
    """Nats of a token of the chain, given the one before it: no model can do better.

    >>> 0 < entropy() < math.log(VOCABULARY)
    True
    """
    each = (1 - SURE) / VOCABULARY
    return -((SURE + each) * math.log(SURE + each) + (VOCABULARY - 1) * each * math.log(each))


def options(task: Task) -> tuple[Optimizer, Engine]:
    """Those of the recipe `gpt`, for so few steps; as many tokens in a batch whatever the context."""
    base = recipe()
    engine = replace(base.engine, steps=WARM + TIMED + 1, batch_size=max(1, BATCH * CONTEXT // task.context), seed=SEED,
                     precision="bf16-mixed" if task.setting.bf16 else "32", accelerator="cpu", tensorboard=False,
                     evaluate_every=0, patience=0)
    return replace(base.optimizer, warmup=min(10, TIMED)), engine


def source(task: Task) -> TensorSource:
    """Windows of the chain, one for each place in a batch of each step."""
    count, length = options(task)[1].batch_size * (WARM + TIMED + 1), task.context
    windows = chain(count * length + 1)
    return TensorSource({"x": windows[:-1].view(count, length), "y": windows[1:].view(count, length)})


def train_genloom(task: Task) -> dict[str, Any]:
    """Training by the engine, as a recipe does it."""
    from genloom.autoregressive.method import LanguageModel
    from genloom.training.engine import Job, fit
    from genloom.training.run import RunFolder
    from genloom.training.screen import Screen

    _prepare(replace(task.setting, allocator=True))
    optimizer, engine = options(task)
    method, made = Clocked(LanguageModel()), network(task)
    _compile(made, task.setting)
    job = Job(method=method, networks={"gpt": made}, optimizers={"gpt": optimizer}, source=source(task),
              options=engine)
    with TemporaryDirectory() as folder:
        fit(job, RunFolder.create(Path(folder) / "run", "bench", ["bench"], {}), screen=Screen("quiet"))
    return _trained(task, method.begun, [loss.item() for loss in method.losses])


def train_transformers(task: Task) -> dict[str, Any]:
    """Training by a plain loop of transformers' network."""
    _prepare(task.setting)
    made = theirs(network(task), task.setting)
    _compile(made, task.setting)
    return _loop(made, lambda batch: _cross_entropy(made(batch["x"], use_cache=False).logits, batch["y"]), task)


def train_layers(task: Task) -> dict[str, Any]:
    """Training by a plain loop of torch's own Transformer layers."""
    _prepare(task.setting)
    made = layered(network(task))
    _compile(made, task.setting)
    return _loop(made, lambda batch: _cross_entropy(made(batch["x"]), batch["y"]), task)


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


def _loop(made: nn.Module, loss_of: _Loss, task: Task) -> dict[str, Any]:
    """The loop that people write; its batches are those that the engine takes, cut before the clock runs."""
    option, engine = options(task)
    data = source(task)
    order = Order(len(data), engine)
    batches = [data.batch(order.indices(step)[0]) for step in range(engine.steps)]
    parameters = trainable(made.train())
    optimizer = torch.optim.AdamW(groups(option, parameters), option.lr, (option.beta1, option.beta2),
                                  weight_decay=option.weight_decay, fused=task.setting.fused or None)
    begun, losses = list[float](), list[float]()
    for step, batch in enumerate(batches):
        begun.append(time.perf_counter())
        for group in optimizer.param_groups:
            group["lr"] = rate(option, step, engine.steps)
        with _autocast(task.setting):
            loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch gives no type
        nn.utils.clip_grad_norm_(parameters, engine.clip)
        optimizer.step()
        losses.append(loss.item())
    return _trained(task, begun, losses)


def _trained(task: Task, begun: list[float], losses: list[float]) -> dict[str, Any]:
    """Seconds of a step, and the mean loss of the last ones that the clock saw."""
    step = (begun[WARM + TIMED] - begun[WARM]) / TIMED
    tokens, last = options(task)[1].batch_size * task.context, losses[WARM + TIMED - LAST : WARM + TIMED]
    return {"seconds": step, "rate": tokens / step, "tokens": tokens, "loss": sum(last) / len(last),
            "losses": losses, "steps": WARM + TIMED, "last": LAST, "entropy": entropy(),
            "memory_mb": machine.memory_mb()}


def write_genloom(task: Task) -> dict[str, Any]:
    """Greedy writing by genloom."""
    from genloom.autoregressive.choice import Choice
    from genloom.autoregressive.generation import generate

    _prepare(replace(task.setting, allocator=True))
    made, prompt = writer(task), chain(task.prompt)[None]

    def write(count: int) -> list[int]:
        steps = generate(made, prompt, count=count, choice=Choice(temperature=0.0), past="refuse", cached=task.cached)
        return torch.cat([step.tokens for step in steps]).tolist()

    return _wrote(task, write)


def write_transformers(task: Task) -> dict[str, Any]:
    """Greedy writing by transformers' `generate`; compiled it keeps its cache in tensors of one size."""
    _prepare(task.setting)
    made: Any = theirs(writer(task), task.setting).eval()
    prompt = chain(task.prompt)[None]
    how: dict[str, Any] = {"cache_implementation": "static"} if task.setting.compiled else {}
    if task.setting.compiled:
        made.forward = torch.compile(made.forward)

    def write(count: int) -> list[int]:
        with torch.inference_mode():
            found = made.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=count,
                                  min_new_tokens=count, do_sample=False, use_cache=task.cached, pad_token_id=0, **how)
        return found[0, prompt.shape[1] :].tolist()  # type: ignore[no-any-return]

    return _wrote(task, write)


def _wrote(task: Task, write: Callable[[int], list[int]]) -> dict[str, Any]:
    """Seconds of all tokens, of one more token behind the others, and of the first time, which compiles."""
    first, tokens = _clocked(write, task.written)
    times = [_clocked(write, task.written)[0] for _ in range(ROUNDS)]
    alone = [_clocked(write, 1)[0] for _ in range(ROUNDS)]
    seconds = min(times)
    return {"seconds": seconds, "rate": task.written / seconds, "first": first, "written": tokens,
            "marginal": max(0.0, seconds - min(alone)) / max(1, task.written - 1), "memory_mb": machine.memory_mb()}


def _clocked(write: Callable[[int], list[int]], count: int) -> tuple[float, list[int]]:
    began = time.perf_counter()
    tokens = write(count)
    return time.perf_counter() - began, tokens


def _prepare(setting: Setting) -> None:
    if setting.allocator:
        machine.prepare(setting.threads)
    elif setting.threads:
        torch.set_num_threads(setting.threads)


def _compile(made: nn.Module, setting: Setting) -> None:
    if setting.compiled:
        made.compile()  # in place, so that the names of the weights stay


def _autocast(setting: Setting) -> contextlib.AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16) if setting.bf16 else contextlib.nullcontext()


SIDES: dict[str, Callable[[Task], dict[str, Any]]] = {
    "train-genloom": train_genloom, "train-transformers": train_transformers, "train-layers": train_layers,
    "write-genloom": write_genloom, "write-transformers": write_transformers,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Task.read(sys.argv[2]))))
