"""The ways out of the house, all of one shape; to add one, copy the best neighbour and name it in `building.py`."""
