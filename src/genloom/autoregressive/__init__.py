"""Language models: tokens, training, generation, scoring, and what goes on inside."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Word": "words", "counted": "words", "AttentionRows": "attribution", "every_row": "attribution",
    "rows": "attribution", "rollout": "attribution", "gradient_times_input": "attribution", "ablate": "ablation",
    "deletion": "ablation", "Inversion": "inversion", "invert": "inversion", "nearest": "inversion",
    "table_scale": "inversion", "Search": "discrete", "search": "discrete", "READINGS": "reading",
    "BytePairs": "bpe", "Characters": "characters", "FixedWindows": "windows", "TokenFile": "token_file",
    "Tokenizer": "tokenizer", "Windows": "windows", "gpt2": "bpe", "tokenised": "token_file",
    "tokenizer_from_json": "tokenizer", "train_bpe": "bpe", "KneserNey": "ngram", "best_order": "ngram",
    "longest_match": "overlap",
    "Choice": "choice", "LanguageModel": "method", "Scored": "scoring", "Step": "generation", "generate": "generation",
    "held_out": "scoring", "product": "products", "score": "scoring",
    "read_gpt2": "weights", "write_gpt2": "weights",
})
