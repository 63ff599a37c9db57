"""Everything Anban promises, tried."""
