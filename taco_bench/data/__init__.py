"""Clips, captions and features, ready for batches."""
