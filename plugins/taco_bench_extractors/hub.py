"""Checkpoints from the Hugging Face hub: from its cache, else fetched; one error where it cannot be reached, and no retries before it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PATIENCE = 10.0
"""Seconds that the hub may take to say which files there are."""


class HubError(Exception):
    """Why there is no checkpoint, in a few words."""


def from_hub(model: str, names: Sequence[str]) -> Path:
    """The first of some files that a model has, from the cache where it is there.

    Args:
        model: its name on the hub, such as timm/resnet152.tv_in1k.
        names: of the files, the best first.

    Raises:
        HubError: the name is none, the hub cannot be reached or has no such model, or the model has none of the files.
    """
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError
    from transformers.utils import logging

    logging.disable_progress_bar()  # the hub's too; ours are the only bars
    try:
        for name in names:
            if isinstance(found := try_to_load_from_cache(model, name), str):
                return Path(found)
        there = {file.rfilename for file in HfApi().model_info(model, timeout=PATIENCE).siblings or ()}
        for name in names:
            if name in there:
                return Path(hf_hub_download(model, name))
    except (HFValidationError, RepositoryNotFoundError):
        raise HubError("the hub has no such model") from None
    except Exception as error:  # the errors of whatever library the hub's client uses to get there
        raise HubError(f"the hub cannot be reached ({str(error).splitlines()[0] if str(error) else type(error).__name__})") from None
    raise HubError(f"the model has no {' and no '.join(names)} on the hub")
