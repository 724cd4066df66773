"""A text-to-image pipeline of diffusers' and transformers' own classes, random and as small as they go, as a folder."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.'-"
CONTEXT = 24
"""Tokens that its text encoder reads, with both marks."""


def tokenizer(folder: Path) -> CLIPTokenizer:
    """One token for each letter, and one for each letter that ends a word."""
    folder.mkdir(parents=True)
    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    (folder / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=CONTEXT,
                         pad_token="<|endoftext|>")


def save(folder: Path, *, plms: bool = True) -> Path:
    """The pipeline as `from_pretrained` opens it: pictures of 16 × 16, without a safety checker."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return _save(folder, tokenizer(folder / "words"), plms)


def _save(folder: Path, words: CLIPTokenizer, plms: bool) -> Path:
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=CONTEXT, bos_token_id=0, eos_token_id=1, pad_token_id=1, projection_dim=16))
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16, attention_head_dim=4, norm_num_groups=4)
    vae = AutoencoderKL(block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
                        up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4, norm_num_groups=4, sample_size=16)
    kind, more = (PNDMScheduler, {"skip_prk_steps": True}) if plms else (DDIMScheduler, {"clip_sample": False})
    scheduler = kind(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, **more)
    made = StableDiffusionPipeline(vae=vae, text_encoder=text, tokenizer=words, unet=unet, scheduler=scheduler,
                                   safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    made.save_pretrained(str(folder / "model"), safe_serialization=True)
    return folder / "model"
