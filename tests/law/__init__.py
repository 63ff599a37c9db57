"""Law: what is required, tried by itself."""
