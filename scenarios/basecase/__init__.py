"""A place's figures: published tables, base cases constructed from them, and an office's own."""
