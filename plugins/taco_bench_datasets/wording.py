"""What Python says of an entry that is not built as it should be, in words of the file."""

from __future__ import annotations

import re

NO_NUMBER = re.compile(r"(?:could not convert string to float|invalid literal for int\(\) with base 10): (.*)", re.DOTALL)
"""What float and int say of a text that is no number."""
UNEVEN = re.compile(r"zip\(\) argument|values to unpack")


class FormError(ValueError):
    """An entry that is read without a fault of Python's and still is not what it should be; says it in words."""


def in_words(error: Exception) -> str:
    """What is wrong with the entry at which ``error`` was raised."""
    text = str(error)
    if isinstance(error, FormError):
        return text
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    if number := NO_NUMBER.fullmatch(text):
        return f"{number[1]} is no number"
    if isinstance(error, IndexError) or UNEVEN.search(text):
        return "a list in it is too short or too long, or two of them differ in length"
    return "a value in it is of another kind than it should be, such as a text or nothing in place of a number or a list"
