"""Manifests of data sets (registry/datasets): which files there are, where to ask for them, and whether a folder has them."""
