"""Doors for apps that speak a model protocol."""
