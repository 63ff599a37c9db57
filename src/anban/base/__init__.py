"""Ground: clock, database, keys, errors. Knows nothing of companions or of law."""
