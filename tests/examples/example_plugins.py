"""Where the example plugins lie, and what they are called."""

from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "plugins" / "examples"
NAMES = ("taco-semi-hard", "taco-saliency", "taco-folder")
