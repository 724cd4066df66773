"""The model card of an exported language model."""

from dataclasses import replace
from pathlib import Path

from genloom.nn.gpt import GPT
from genloom.recipes import serial
from genloom.recipes.gpt import TEXTS, GptRecipe
from genloom.recipes.interop.card import measured_numbers
from genloom.recipes.interop.imported import NAME
from genloom.recipes.known_text import KnownText
from genloom.training.checkpoint import Loaded
from genloom.training.run import RunFolder

_HEAD = """---
library_name: transformers
pipeline_tag: text-generation
tags:
- genloom
- gpt2
---
"""

_USE = """```python
from transformers import GPT2LMHeadModel, GPT2Tokenizer

model, tokenizer = GPT2LMHeadModel.from_pretrained("PATH"), GPT2Tokenizer.from_pretrained("PATH")
prompt = tokenizer("The ", return_tensors="pt")
print(tokenizer.decode(model.generate(**prompt, do_sample=True, max_length={context})[0]))
```

Or, beyond its context and with scores, attention and inversion:

```
genloom import PATH --out runs/imported
genloom sample runs/imported --prompt "The "
```"""


def card(recipe: GptRecipe, network: GPT, known: KnownText, run: RunFolder, loaded: Loaded, name: str) -> str:
    """The card as Markdown with the hub's heading; its numbers are those of the run's results.json.

    name   by which the reader will find the model: owner/name of the hub, or the folder
    """
    shape, tokens = network.shape, known.tokenizer
    what = (f"A language model of GPT-2's architecture: {shape.blocks} blocks, {shape.heads} heads, width "
            f"{shape.width}, context {shape.context}, {network.parameters_count:,} parameters with the tied head "
            f"counted once, {tokens.vocabulary:,} tokens ({tokens.kind}). These are the "
            f"{'averaged weights' if loaded.averaged else 'weights'} of step {loaded.step:,} (checkpoint sha256 "
            f"`{loaded.digest[:16]}`).")
    parts = [_HEAD + f"# {recipe.name}: {recipe.summary}", what, "## Data", _data(known), "## Training",
             _training(recipe), "## Measured", measured_numbers(run, loaded), "## Use",
             _USE.format(context=shape.context).replace("PATH", name), "## Limits", _LIMITS, "## Recipe",
             f"```yaml\n{serial.to_yaml(_public(recipe)).rstrip()}\n```"]
    return "\n\n".join(parts) + "\n"


_LIMITS = """- It goes on as the text does that it was trained on, and knows nothing else; what it says may be false.
- A model of little text can give back stretches of it word for word; the numbers above say how long they are.
- The licence of these weights is for whoever publishes them to state; that of the text stays as it is."""


def _data(known: KnownText) -> str:
    if not known.digest:
        return "The weights were imported; what they were trained on is not known here."
    return f"{known.description}; sha256 `{known.digest}`. Its licence is for whoever publishes this to state."


def _training(recipe: GptRecipe) -> str:
    engine, optimizer = recipe.engine, recipe.optimizer
    if recipe.name == NAME:
        return "Elsewhere; see where the weights are from."
    return (f"At most {engine.steps:,} steps of {optimizer.name} with batches of {engine.batch_size} windows and "
            f"learning rate {optimizer.lr:g} ({optimizer.schedule}), seed {engine.seed}.")


def _public(recipe: GptRecipe) -> GptRecipe:
    """The recipe without the paths of the machine that it ran on."""
    text = recipe.data.text if recipe.data.text in TEXTS else Path(recipe.data.text).name
    return replace(recipe, data=replace(recipe.data, text=text), tokenizer=replace(recipe.tokenizer, folder=""))
