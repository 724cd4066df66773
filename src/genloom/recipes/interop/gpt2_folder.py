"""Language models of transformers as runs, and runs as folders that transformers opens: GPT-2's architecture."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from genloom.autoregressive.bpe import SEPARATOR, gpt2
from genloom.autoregressive.tokenizer import Tokenizer
from genloom.autoregressive.weights import CONFIG, read_gpt2, write_gpt2
from genloom.data.store import locate
from genloom.errors import CheckpointError, DataError, InputError
from genloom.nn.gpt import GPTShape
from genloom.recipes import known_text, rules, serial
from genloom.recipes.build_gpt import NAME, make_gpt
from genloom.recipes.experiment import kept
from genloom.recipes.gpt import Data, GptRecipe, Network
from genloom.recipes.gpt import Tokenizer as TokenizerChoice
from genloom.recipes.interop.card_gpt import card
from genloom.recipes.interop.imported import nothing_left
from genloom.recipes.known_text import KnownText
from genloom.report.results import write_atomically
from genloom.training.checkpoint import Checkpoints, Loaded, Which, load_networks
from genloom.training.options import Engine, Optimizer
from genloom.training.run import RunFolder
from genloom.training.state import Snapshot

CARD, KNOWN = "README.md", "genloom_text.json"
"""Files of an exported folder beside those of transformers: the model card, and what the run kept of its text."""
_STEP = 1  # as of other imported models
_FILES = ("vocab.json", "merges.txt")


class ImportedText(NamedTuple):
    """A recipe, the state of its network, what is known of its text, and what a person should know."""

    recipe: GptRecipe
    state: dict[str, Tensor]
    known: KnownText
    notes: tuple[str, ...] = ()


def is_one(path: Path) -> bool:
    """Whether a folder, or the folder of a file, says that it is GPT-2's architecture."""
    file = (path if path.is_dir() else path.parent) / CONFIG
    try:
        found = json.loads(file.read_bytes()) if path.exists() and file.is_file() else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("model_type") == "gpt2"


def read(path: Path, text: str = "", data_root: Path | None = None) -> ImportedText:
    """The model in a folder with config.json and model.safetensors, or with the index of several, and its tokenizer.

    text   what it is judged on, "python-docs" if nothing is named

    Its tokens are those that the folder spells (vocab.json and merges.txt, or encoder.json and vocab.bpe), or where it
    has no such files and GPT-2's number of tokens, those of the data set gpt2-bpe.

    Errors: `CheckpointError` for files that are missing or of another architecture; `DataError` without a tokenizer.
    """
    folder = path if path.is_dir() else path.parent
    known = _known(folder, path, data_root)
    shape, state = read_gpt2(path, known.tokenizer.vocabulary)
    recipe = GptRecipe(
        name="imported", summary=f"GPT-2's architecture of transformers, {path.name}",
        data=Data(text=text or "python-docs"), tokenizer=_choice(known.tokenizer), network=network_of(shape),
        optimizer=Optimizer(name="adamw", lr=1e-4, beta2=0.95, weight_decay=0.1, decay="matrices"),
        engine=Engine(steps=_STEP, batch_size=4, clip=1.0, precision="auto"))
    rules.validate(recipe)
    serial.from_yaml(serial.to_yaml(recipe))
    return ImportedText(recipe, state, known, (
        f"what it was trained on is {known.description or 'not known here'}; it is judged on {recipe.data.text}",))


def _choice(tokenizer: Tokenizer) -> TokenizerChoice:
    if tokenizer.kind == "bpe":
        return TokenizerChoice(kind="bpe", vocabulary=tokenizer.vocabulary)
    return TokenizerChoice(kind="gpt2")


def network_of(shape: GPTShape) -> Network:
    """The configuration of a network of that shape."""
    return Network(width=shape.width, blocks=shape.blocks, heads=shape.heads, context=shape.context,
                   expansion=shape.expansion, dropout=shape.dropout, positions=shape.positions, bias=shape.bias)


def write_run(imported: ImportedText, out: Path, command: Sequence[str], environment: Mapping[str, Any]) -> RunFolder:
    """A run with these weights as its only checkpoint; whatever goes wrong, nothing is left at `out`.

    Errors: `RunError` where there is something at `out`; `DiskFullError`.
    """
    tensors = {f"{NAME}/{name}": tensor for name, tensor in imported.state.items()}
    with nothing_left(out):
        run = RunFolder.create(out, serial.to_yaml(imported.recipe), command, environment)
        imported.known.write(out)
        checkpoints = Checkpoints(run.checkpoints)
        checkpoints.sweep()
        checkpoints.save(Snapshot(_STEP, {"networks": tensors}, {}))
        run.set_status("finished", _STEP, _STEP)
    return run


class Exported(NamedTuple):
    """A folder that was written, and the weights that are in it."""

    folder: Path
    loaded: Loaded


def export_run(run: RunFolder, out: Path, step: Which | None = None, name: str = "") -> Exported:
    """Write a run of a language model for transformers: weights, tokenizer, card; needs no text.

    step   a saved step, "best" or "last"; None is the best where there is one, else the last
    name   by which the card's reader will find the model, where it is not the folder

    Errors: `InputError` for tokens or positions that transformers' GPT-2 has not; `CheckpointError` for a run that kept
    no tokenizer. Then nothing is left at `out`.
    """
    recipe: GptRecipe = serial.from_yaml(run.recipe_yaml)
    known: KnownText | None = kept(recipe, run.path)
    if known is None:
        raise CheckpointError(f"{run.path} has no {known_text.FILE}; `genloom resume` of this run makes it")
    spelled = _spelled(known.tokenizer)
    network = make_gpt(recipe, known.tokenizer.vocabulary)
    store = Checkpoints(run.checkpoints)
    loaded = load_networks(run.path, {NAME: network}, step=step or ("last" if store.best() is None else "best"))
    with nothing_left(out):
        write_gpt2(out, network, known.tokenizer.separator)
        for file, content in spelled.items():
            write_atomically(out / file, content.encode())
        write_atomically(out / KNOWN, json.dumps(known.to_json(), ensure_ascii=False).encode())
        write_atomically(out / CARD, card(recipe, network, known, run, loaded, name or out.name).encode())
    return Exported(out, loaded)


def _known(folder: Path, path: Path, data_root: Path | None) -> KnownText:
    if (folder / KNOWN).is_file():
        try:
            return known_text.from_json(json.loads((folder / KNOWN).read_bytes()))
        except (OSError, ValueError, RecursionError, CheckpointError) as error:
            raise CheckpointError(f"{folder / KNOWN} cannot be read: {error}") from error
    return KnownText(_tokenizer(folder, path, data_root), "", "")


def _tokenizer(folder: Path, path: Path, data_root: Path | None) -> Tokenizer:
    try:
        return gpt2(folder)
    except InputError:
        rows = json.loads((folder / CONFIG).read_bytes()).get("vocab_size", 50257)
        if not isinstance(rows, int) or rows < 50257:
            raise CheckpointError(f"{path}: its tokens are not known: put its {' and '.join(_FILES)} beside the "
                                  "weights") from None
    try:
        return gpt2(next(iter(locate("gpt2-bpe", data_root).values())).parent)
    except DataError as error:
        raise DataError(f"{path} has no {' and '.join(_FILES)}, and GPT-2's are not at hand: {error}") from error


def _spelled(tokenizer: Tokenizer) -> dict[str, str]:
    """The files of a byte-level BPE.

    Errors: `InputError` for characters, which transformers has no tokenizer of.
    """
    values = tokenizer.to_json()
    if "merges" not in values:
        raise InputError("tokenizer.kind", tokenizer.kind, "bpe or gpt2 for transformers",
                         "train with --tokenizer.kind bpe")
    ends = {} if tokenizer.separator is None else dict.fromkeys(("bos_token", "eos_token", "unk_token"), SEPARATOR)
    config = {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, **ends}
    return {_FILES[0]: json.dumps({piece: k for k, piece in enumerate(values["pieces"])}, ensure_ascii=False),
            _FILES[1]: "\n".join(["#version: 0.2", *values["merges"], ""]),
            "tokenizer_config.json": json.dumps(config, indent=1)}


