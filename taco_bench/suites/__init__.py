"""Suites: named grids of cells that make a table, and the paper's tables that they are set beside."""
