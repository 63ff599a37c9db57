"""Tests of what keeps the project in order."""
