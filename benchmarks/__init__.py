"""How fast, how large, how sure: measured, with the figure beside version and machine."""
