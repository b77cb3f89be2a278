"""What experiments on the paper's data sets start from."""

from __future__ import annotations

from typing import Any

PAPER: dict[str, Any] = {
    "encoder": "r152+s3d-hm",
    "text_encoder": "bert",
    "sampler.hard_negatives": 8,
    "model.max_video_tokens": 48,
    "model.max_text_tokens": 30,
    "train.steps": 30_000,
    "train.batch_size": 128,
    "train.learning_rate": 1e-4,
    "train.fusion_memory": 20.0,
}
"""P 4.3, with the features of Tab. 3: 30k steps, K = 128, K' = 8, 48 video and 30 text tokens, Adam at 1e-4. One video layer, as in the
ablations; Tab. 5 to 7 have two. The fusion module then takes up to 18 GiB a step in float32."""

PARAGRAPHS: dict[str, Any] = {**PAPER, "model.max_video_tokens": 256, "model.max_text_tokens": 256, "train.fusion_memory": 120.0}
"""The same with 256 and 256 tokens, as for ActivityNet. All of them in a batch would take 115 GiB in float32 and half of that in bfloat16;
most paragraphs are shorter, and padding is never computed."""
