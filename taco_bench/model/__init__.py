"""The model of P 3.1: video module, language module, fusion module."""
