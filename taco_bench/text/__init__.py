"""From captions to word pieces, each with its weight in the token loss."""
