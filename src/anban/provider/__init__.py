"""Whose service is this, and what is switched on?"""
