"""What a manifest holds: a TOML file a data set in ``registry/datasets``, which says where every number in it is from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Part(BaseModel):
    """A table of a manifest; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class File(Part):
    """A file, or several that a pattern names."""

    name: Text = Field(description="its name, or a path or pattern below the folder, such as annotations/*.csv")
    what: Text = Field(description="what it holds")
    size: Annotated[int, Field(gt=0)] | Literal["unknown"] = Field("unknown", description="bytes; of a pattern in all")
    sha256: Sha256 | Literal["unknown"] = Field("unknown", description="of its bytes")
    count: Annotated[int, Field(gt=0)] | None = Field(None, description="files of a pattern")
    required: bool = Field(True, description="whether the data set cannot be read without it")
    group: str = Field(
        "", pattern="^$|^[^:]+: .+$", description="TOPIC: FORM, where one complete form a topic is enough; empty: always needed"
    )
    source: str = Field("", description="where size and hash are from; empty: the manifest's source")


class Figure(Part):
    """A number that the files must add up to."""

    what: Text
    value: Annotated[int, Field(gt=0)]
    source: Text = Field(description="where it is stated, or how it was counted")


class Manifest(Part):
    """A data set's files."""

    name: Text = Field(description="of the data set")
    what: Text
    source: Text = Field(description="where the files that were looked at are from")
    terms: Text = Field(description="under which terms, as far as stated")
    ask: Text = Field(description="where to get the files, or whom to ask")
    folders: tuple[str, ...] = Field((), description="folders below the root in which its files may lie; empty: one of its name")
    features: str = Field("", description="where features are to be had")
    file: tuple[File, ...] = Field((), description="its files")
    figure: tuple[Figure, ...] = Field((), description="numbers that they add up to")
