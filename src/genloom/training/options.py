"""What a person can choose about training; free of torch, so that the command line answers at once."""

from dataclasses import dataclass
from typing import Literal

Precision = Literal["auto", "32", "bf16-mixed"]


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How weights are updated."""

    name: Literal["adam", "adamw", "muon", "sgd"] = "adam"
    """Adam [Kingma & Ba 2015], AdamW [Loshchilov & Hutter 2019], Muon [Jordan 2024] for matrices, or plain descent."""
    lr: float = 1e-3
    """Learning rate at its highest."""
    beta1: float = 0.9
    """Decay of Adam's first moment; the momentum of SGD."""
    beta2: float = 0.999
    """Decay of Adam's second moment."""
    weight_decay: float = 0.0
    """Weight decay: decoupled for adamw and muon, an L2 penalty for the others."""
    decay: Literal["all", "matrices"] = "all"
    """What decays: all weights, or matrices alone, so that biases and gains of normalisations stay free."""
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    """How the learning rate falls from `lr` to `lr · final` between the end of the warm-up and the last step."""
    warmup: int = 0
    """Steps over which the learning rate rises linearly from 0."""
    final: float = 0.0
    """Fraction of `lr` that is left at the last step of a cosine or linear schedule."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How long, on what, and what is kept."""

    steps: int = 3000
    """Optimizer steps of the training method."""
    batch_size: int = 0
    """Samples per step over all devices; 0 takes all of the data in every step."""
    accumulate: int = 1
    """Micro-batches whose gradients are averaged before each optimizer step."""
    clip: float = 0.0
    """Largest norm of the gradient; 0 does not clip."""
    ema: float = 0.0
    """Decay of the exponential moving average of the weights, at most (1 + step)/(10 + step); 0 keeps none."""
    precision: Precision = "32"
    """Arithmetic of the networks, auto being bf16-mixed where it is fast; weights and losses stay in float32."""
    devices: int = 1
    """Processes, one for each device."""
    nodes: int = 1
    """Machines."""
    accelerator: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes a GPU where there is one."""
    threads: int = 0
    """CPU threads of each process; 0 leaves torch's choice."""
    workers: int = 0
    """Threads that prepare batches ahead of time; they do not change which batches come."""
    seed: int = 0
    """Seed of the weights, of the order of the data and of all draws."""
    log_every: int = 10
    """Steps between rows of metrics.jsonl."""
    save_every: int = 0
    """Steps between checkpoints; 0 saves ten times in a run, but not twice within 15 seconds."""
    sample_every: int = 0
    """Steps between pictures of samples on the way; 0 draws none, and the report shows the end."""
    evaluate_every: int = 0
    """Steps between evaluations, whose first metric decides which checkpoint is best; 0 evaluates only at the end."""
    patience: int = 0
    """Evaluations in a row without a better one after which training ends; 0 goes on to the last step."""
    keep: int = 2
    """Most recent checkpoints to keep, beside the best one."""
    tensorboard: bool = True
    """Write TensorBoard event files."""
    wandb: Literal["off", "offline", "online"] = "off"
    """Log to Weights & Biases as well."""
