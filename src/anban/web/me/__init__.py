"""One's own page: what was counted, what was written down, and who can see it."""
