"""What guard models are asked and what their answers mean: one file for each family, found by `known.py`."""
