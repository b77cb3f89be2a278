"""A third party's package: a data set read from two files, and its encoder. Tests install copies of it as ``taco_filed``.

With TRIPWIRE set in the environment, whatever would open the files raises.
"""

from taco_bench import hookimpl

from .encoder import Rows
from .filed import PRESET, Filed


@hookimpl
def taco_bench_datasets(register):
    register("filed", Filed, summary="clips from two files", preset=PRESET, locations=("root",))


@hookimpl
def taco_bench_encoders(register):
    register("rows", Rows, summary="eight numbers")
