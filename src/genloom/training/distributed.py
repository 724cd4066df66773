"""The processes of one run: started by us on one machine, or by torchrun or SLURM; joined by Lightning Fabric.

Free of torch until a run starts. Gradients are averaged by one collective for each update, not by wrapping the
networks: so a method may call them as often and in whatever order it likes, and differentiate twice.
"""

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from genloom.errors import InputError, PeerLost
from genloom.training.options import Engine

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric
    from torch import Tensor, nn

_PLACES = ("RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "SLURM_PROCID")
_STARTED = "GENLOOM_STARTED"  # set in a process that the first one started
_CHILD = {_STARTED: "1", "TORCH_CPP_LOG_LEVEL": "ERROR"}  # a lost peer is told in one line, not in a C++ trace
_PATIENCE = timedelta(minutes=5)  # a collective; a dead peer is noticed at once, this is for one that hangs
_GRACE = 5.0  # seconds in which a process may end by itself after a peer died


def is_main() -> bool:
    """Whether this is the process that writes and speaks: the only one, or the first."""
    return all(os.environ.get(name, "0") == "0" for name in _PLACES)


@dataclass(frozen=True)
class World:
    """This process among those of the run.

    fabric   device, precision and collectives
    rank     0 … size − 1
    size     number of processes
    """

    fabric: "Fabric"
    rank: int = 0
    size: int = 1

    @property
    def device(self) -> "torch.device":
        """Where this process computes."""
        return self.fabric.device

    def share(self, value: Any) -> Any:
        """The first process's value, in every process."""
        if self.size == 1:
            return value
        with _explain_loss():
            return self.fabric.broadcast(value)

    def average(self, parameters: "Sequence[nn.Parameter]", values: Sequence[float]) -> list[float]:
        """Average gradients in place and return averaged `values`, by one collective."""
        import torch
        from torch import distributed

        gradients = [p.grad for p in parameters if p.grad is not None]
        wide = torch.promote_types(torch.float32, gradients[0].dtype) if gradients else torch.float64
        numbers = torch.tensor(values, dtype=wide, device=self.device)
        flat = torch.cat([*(g.reshape(-1) for g in gradients), numbers])
        with _explain_loss():
            distributed.all_reduce(flat)
        flat /= self.size
        *pieces, last = torch.split(flat, [g.numel() for g in gradients] + [len(values)])
        for parameter, piece in zip(parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter).to(parameter.dtype)
        averaged: list[float] = last.tolist()
        return averaged

    def align(self, tensors: "Sequence[Tensor]") -> None:
        """Give every process the first one's tensors."""
        from torch import distributed

        if self.size > 1:
            with _explain_loss():
                for tensor in tensors:
                    distributed.broadcast(tensor, 0)

    def wait_for_main(self, event: str) -> None:
        """Wait while the first process does something that may take long; it ends that by calling this as well."""
        if self.size == 1:
            return
        from torch import distributed
        from torch.distributed import distributed_c10d

        store = distributed_c10d._get_default_store()
        with _explain_loss():
            if self.rank == 0:
                store.set(event, "done")
            while not store.check([event]):  # not a barrier alone: evaluating may take longer than its patience
                time.sleep(0.05)
            distributed.barrier()  # the first process keeps the store, and may leave only when all have looked


@contextlib.contextmanager
def join(options: Engine, run: Path) -> Iterator[World]:
    """The world of a run for the length of a `with` block; starts this machine's other processes if nobody else does.

    Errors: `PeerLost` if another process goes; `InputError` if the devices are not there.
    """
    if options.devices * options.nodes == 1:
        yield World(_fabric(options))
        return
    with _peers(options, run) as peers:
        fabric = _fabric(options)
        try:
            with _explain_loss():
                fabric.launch()
            yield World(fabric, fabric.global_rank, fabric.world_size)
            with contextlib.suppress(subprocess.TimeoutExpired):
                for peer in peers:
                    peer.wait(timeout=30)
        except BaseException:
            for peer in peers:  # before they notice, so that one error is told once
                peer.kill()
            raise
        finally:
            _leave()


def _fabric(options: Engine) -> "Fabric":
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    logging.getLogger("lightning.fabric").setLevel(logging.WARNING)
    several = options.devices * options.nodes > 1
    try:
        return Fabric(accelerator=options.accelerator, devices=options.devices, num_nodes=options.nodes,
                      strategy=DDPStrategy(timeout=_PATIENCE) if several else "auto", precision=_precision(options))
    except (RuntimeError, ValueError) as error:
        raise InputError("engine.accelerator", options.accelerator, f"one that this machine has ({error})",
                         "pass --engine.accelerator cpu") from error


def _precision(options: Engine) -> Literal["32", "bf16-mixed"]:
    from genloom.training.precision import resolve  # which imports torch, as this module does not

    device = None if options.accelerator == "auto" else options.accelerator
    return "bf16-mixed" if resolve(options.precision, device) == "bf16-mixed" else "32"


def _leave() -> None:
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


@contextlib.contextmanager
def _explain_loss() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0][:120]
        raise PeerLost(f"another process of this run has gone ({reason}); what was saved is whole: "
                       "resume the run") from error


@contextlib.contextmanager
def _peers(options: Engine, run: Path) -> "Iterator[list[subprocess.Popen[bytes]]]":
    """Start this machine's other processes, unless a launcher did, and end with them."""
    if "LOCAL_RANK" in os.environ or "SLURM_NTASKS" in os.environ:
        with _watched([], run):
            yield []
        return
    ours = {"LOCAL_RANK": "0", "WORLD_SIZE": str(options.devices * options.nodes), **_address(options)}
    os.environ.update(ours)
    peers = [subprocess.Popen(_this_command(), env={**os.environ, "LOCAL_RANK": str(rank), **_CHILD})
             for rank in range(1, options.devices)]
    try:
        with _watched(peers, run):
            yield peers
    finally:
        for peer in peers:
            if peer.poll() is None:
                peer.kill()
                peer.wait()
        for name in ours:
            os.environ.pop(name, None)


def _address(options: Engine) -> dict[str, str]:
    if options.nodes > 1 and not {"MASTER_ADDR", "MASTER_PORT", "NODE_RANK"} <= set(os.environ):
        raise InputError("engine.nodes", options.nodes, "1 unless MASTER_ADDR, MASTER_PORT and NODE_RANK are set",
                         "set them on each machine, or start with torchrun or SLURM")
    if options.nodes > 1:
        return {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}


def _this_command() -> list[str]:
    """The command that started this process, as a script or as `python -m package`."""
    import __main__

    spec = getattr(__main__, "__spec__", None)
    start = ["-m", spec.name.removesuffix(".__main__")] if spec is not None else [str(Path(sys.argv[0]).absolute())]
    return [sys.executable, *start, *sys.argv[1:]]


@contextlib.contextmanager
def _watched(peers: "list[subprocess.Popen[bytes]]", run: Path) -> Iterator[None]:
    """End this process if a peer has died and a collective hangs for it, as some back ends do."""
    over = threading.Event()
    threading.Thread(target=_watch, args=(peers, run, over), daemon=True, name="genloom-peers").start()
    try:
        yield
    finally:
        over.set()


def _watch(peers: "list[subprocess.Popen[bytes]]", run: Path, over: threading.Event) -> None:
    parent = os.getppid()
    while not over.wait(0.25):
        orphaned = _STARTED in os.environ and os.getppid() != parent
        if orphaned or any(peer.poll() for peer in peers):
            if not over.wait(_GRACE):
                text = f"error: another process of this run has gone; what was saved is whole: genloom resume {run}\n"
                os.write(2, text.encode())
                os._exit(1)
            return
