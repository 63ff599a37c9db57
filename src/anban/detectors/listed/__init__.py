"""Is it on an operator's list?"""
