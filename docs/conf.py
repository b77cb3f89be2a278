"""Sphinx: ``sphinx-build -W docs site`` makes the pages; the extra ``docs`` has what it needs."""

from __future__ import annotations

from taco_bench import __version__

project = "taco-bench"
release = __version__
extensions = ["myst_parser", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
exclude_patterns = ["changes/*"]
html_theme = "furo"
html_title = f"taco-bench {release}"
html_show_copyright = False
suppress_warnings = ["misc.highlighting_failure"]
