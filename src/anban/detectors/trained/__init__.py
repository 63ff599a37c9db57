"""What does it read like?"""
