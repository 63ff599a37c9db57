"""Whom do we tell?"""
