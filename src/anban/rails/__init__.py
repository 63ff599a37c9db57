"""What may be said now?"""
