"""Statistics over seeds and queries."""
