"""For those who write plugins: a distribution to begin with, and a check of what became of it."""
