"""Anban 安伴: the safety and compliance runtime for companion AI."""

__version__ = "0.1.0"
