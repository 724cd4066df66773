"""The two sides of `genloom bench images`, each run in a process of its own; prints one line of JSON."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from genloom import machine
from genloom.benchmarks.images import BATCH, MODELS, SEED, Setting
from genloom.errors import MissingExtra
from genloom.training.method import Batch, Method, Networks, Update

WARM, TIMED = 3, 12  # training steps before and while the clock runs
STEPS = 10  # sampling steps of a round
ROUNDS = 2


@dataclass
class Clocked:
    """A method that notes when each of its steps begins, and its losses."""

    method: Method
    begun: list[float] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)

    def updates(self, networks: Networks, batch: Batch, rng: Any) -> Iterator[Update]:
        """The method's own updates."""
        self.begun.append(time.perf_counter())
        for update in self.method.updates(networks, batch, rng):
            self.losses.append(update.loss.detach())
            yield update


def configuration(setting: Setting) -> dict[str, Any]:
    """The `config.json` of the network in diffusers' words."""
    chosen = MODELS[setting.model]
    widths = chosen["block_out_channels"]
    assert isinstance(widths, tuple)
    plain = len(widths) - bool(chosen["attention"])
    down = ["DownBlock2D"] * plain + ["AttnDownBlock2D"] * bool(chosen["attention"])
    up = ["AttnUpBlock2D"] * bool(chosen["attention"]) + ["UpBlock2D"] * plain
    return {"sample_size": setting.size, "in_channels": 3, "out_channels": 3, "block_out_channels": list(widths),
            "layers_per_block": chosen["layers_per_block"], "down_block_types": down, "up_block_types": up}


def pictures(setting: Setting) -> Tensor:
    """Pictures of uniform noise in [−1, 1], (BATCH · steps, 3, S, S)."""
    random = torch.Generator().manual_seed(SEED)
    return torch.rand((BATCH * (WARM + TIMED), 3, setting.size, setting.size), generator=random) * 2 - 1


def theirs(setting: Setting) -> nn.Module:
    """diffusers' network, seeded, in the setting's memory format.

    Errors: `MissingExtra` without diffusers.
    """
    try:
        from diffusers import UNet2DModel
    except ImportError:
        raise MissingExtra("diffusers", "bench", "this benchmark") from None
    torch.manual_seed(SEED)
    network: nn.Module = UNet2DModel(**configuration(setting))
    return _formatted(network, setting)


def ours(setting: Setting) -> nn.Module:
    """genloom's network with the same weights."""
    from genloom.nn.unet import UNet
    from genloom.recipes.interop.diffusers_unet import shape_of, state_of

    shape = shape_of(configuration(setting))
    network = UNet(shape)
    network.load_state_dict(state_of("diffusers", theirs(setting).state_dict(), shape, null_class=False))
    return _formatted(network, setting)


def train_genloom(setting: Setting) -> dict[str, float]:
    """Training by the engine, as a recipe does it."""
    from genloom.diffusion.method import Denoising
    from genloom.diffusion.schedule import cosine
    from genloom.diffusion.times import time_law
    from genloom.recipes.process import Diffusion
    from genloom.recipes.process_parts import make_denoiser
    from genloom.training.engine import Job, fit
    from genloom.training.options import Engine, Optimizer
    from genloom.training.run import RunFolder
    from genloom.training.screen import Screen
    from genloom.training.source import TensorSource

    machine.prepare()
    schedule, network = cosine(1000), ours(setting)
    chosen = Diffusion(time_input="index")
    method = Clocked(Denoising(make=lambda net, labels: make_denoiser(chosen, schedule, net, labels),
                               times=time_law("table", schedule)))
    options = Engine(steps=WARM + TIMED + 1, batch_size=BATCH, precision="bf16-mixed" if setting.bf16 else "32",
                     log_every=1000, seed=SEED, tensorboard=False)
    job = Job(method=method, networks={"denoiser": network}, optimizers={"denoiser": Optimizer(lr=1e-4)},
              source=TensorSource({"x": pictures(setting)}), options=options)
    with TemporaryDirectory() as folder:
        fit(job, RunFolder.create(Path(folder) / "run", "bench", ["bench"], {}), screen=Screen("quiet"))
    seconds = (method.begun[WARM + TIMED] - method.begun[WARM]) / (TIMED * BATCH)
    return _answer(seconds, torch.stack(method.losses[:WARM]).mean())


def train_diffusers(setting: Setting) -> dict[str, float]:
    """Training by the loop of diffusers' own examples."""
    from diffusers import DDPMScheduler

    if setting.allocator:
        machine.prepare()
    network, data, losses = theirs(setting), pictures(setting), []
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    network.train()
    began = 0.0
    for step in range(WARM + TIMED):
        if step == WARM:
            began = time.perf_counter()
        x = data[torch.randint(len(data), (BATCH,))]
        noise, t = torch.randn_like(x), torch.randint(1000, (BATCH,))
        with _autocast(setting):
            output = network(scheduler.add_noise(x, noise, t), t).sample
        loss = nn.functional.mse_loss(output.float(), noise)
        losses.append(loss.item())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
    seconds = (time.perf_counter() - began) / (TIMED * BATCH)
    return _answer(seconds, torch.tensor(losses[:WARM]).mean())


@torch.no_grad()
def sample_genloom(setting: Setting) -> dict[str, float]:
    """DDIM steps by genloom's sampler."""
    from genloom.diffusion.grid import grid
    from genloom.diffusion.samplers.registry import sample
    from genloom.diffusion.schedule import cosine
    from genloom.recipes.process import Diffusion
    from genloom.recipes.process_parts import make_denoiser
    from genloom.training.precision import for_inference

    machine.prepare()
    schedule = cosine(1000)
    network = for_inference(ours(setting).eval(), "bf16-mixed" if setting.bf16 else "32")
    denoiser = make_denoiser(Diffusion(time_input="index"), schedule, network)
    levels = grid(schedule, STEPS, "uniform", start=0.9)
    return _sampled(lambda x: sample("ddim", denoiser, x, levels), setting)


@torch.no_grad()
def sample_diffusers(setting: Setting) -> dict[str, float]:
    """DDIM steps by diffusers' scheduler."""
    from diffusers import DDIMScheduler

    if setting.allocator:
        machine.prepare()
    network = theirs(setting).eval()
    scheduler = DDIMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2", clip_sample=False)
    scheduler.set_timesteps(STEPS)

    def walk(x: Tensor) -> Tensor:
        for t in scheduler.timesteps:
            with _autocast(setting):
                output = network(x, t).sample
            x = scheduler.step(output.float(), t, x).prev_sample
        return x

    return _sampled(walk, setting)


def _sampled(walk: Callable[[Tensor], Tensor], setting: Setting) -> dict[str, float]:
    x = torch.randn((BATCH, 3, setting.size, setting.size), generator=torch.Generator().manual_seed(SEED))
    end, began = walk(x), time.perf_counter()
    for _ in range(ROUNDS):
        end = walk(x)
    return _answer((time.perf_counter() - began) / (ROUNDS * STEPS * BATCH), end.abs().mean())


def _answer(seconds: float, answer: Tensor) -> dict[str, float]:
    return {"seconds": seconds, "answer": answer.item(), "memory_mb": machine.memory_mb()}


def _formatted(network: nn.Module, setting: Setting) -> nn.Module:
    if setting.last:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if setting.compiled:
        network.compile()  # in place, so that the names of the weights stay
    return network


def _autocast(setting: Setting) -> contextlib.AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16) if setting.bf16 else contextlib.nullcontext()


SIDES: dict[str, Callable[[Setting], dict[str, float]]] = {
    "train-genloom": train_genloom, "train-diffusers": train_diffusers,
    "sample-genloom": sample_genloom, "sample-diffusers": sample_diffusers,
}

if __name__ == "__main__":
    print(json.dumps(SIDES[sys.argv[1]](Setting(**json.loads(sys.argv[2])))))
