"""The verbs of the command line; each module has `run(args) -> exit code` and is imported when its verb is used."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A verb: the module that holds it, how it is called, and what it does in one line."""

    module: str
    usage: str
    summary: str


VERBS: dict[str, Verb] = {
    "list": Verb("listing", "list [TOPIC]", "recipes, studies, models and samplers, one line each"),
    "train": Verb("train", "train RECIPE [--flags]", "train; ends with paths and the next commands"),
    "resume": Verb("resume", "resume RUN", "go on, exactly where it stopped"),
    "sample": Verb("sample", "sample RUN [--flags]", "draw samples from a trained run"),
    "forecast": Verb("forecast", "forecast RUN [--from TIME]", "what comes next, by a trained forecaster"),
    "evaluate": Verb("evaluate", "evaluate RUN", "every metric that applies, each beside its known answer"),
    "score": Verb("score", 'score RUN "a sentence"', "how probable a sentence is to a language model"),
    "attention": Verb("attention", 'attention RUN "a sentence"', "where a language model looked, and what mattered"),
    "invert": Verb("invert", 'invert RUN "a sentence"', "what stands before a language model when it says a sentence"),
    "study": Verb("study", "study NAME [--flags]", "all deliverables of an assignment, and the report"),
    "report": Verb("report", "report RUN", "write the page of a run again"),
    "results": Verb("results", "results PATH", "the numbers of a run or a study"),
    "import": Verb("import_model", "import SOURCE [--flags]",
                   "a model of diffusers, guided-diffusion, minDiffusion or transformers becomes a run"),
    "export": Verb("export_model", "export RUN [--push NAME]",
                   "a run as a folder that diffusers or transformers opens; to the hub"),
    "audit": Verb("audit", "audit RUN|FILE:NAME", "does a forecaster see the future, other samples or the test?"),
    "attention-check": Verb("attention_check", "attention-check [FILE]",
                            "an attention beside an independent reference; what is wrong is named"),
    "studio": Verb("studio", "studio [RUNS]", "the local web app"),
    "bench": Verb("bench", "bench NAME", "genloom and its peers on the same work in one run: ratios"),
    "inspect": Verb("inspect_image", "inspect IMAGE", "the recipe, seed, checkpoint and command behind a picture"),
    "data": Verb("data", "data [NAME]", "what data there are, where from, checksum and licence; fetch them"),
}

LATER: dict[str, str] = {}
"""Verbs of families that are planned."""
