"""Suites: named grids of cells that make a table, and the paper's tables that they are set beside."""

from taco_bench.suites.load import load_suite, suite_names
from taco_bench.suites.published import PublishedTable, published, published_names
from taco_bench.suites.schema import Claim, Row, Suite

__all__ = ["Claim", "PublishedTable", "Row", "Suite", "load_suite", "published", "published_names", "suite_names"]
