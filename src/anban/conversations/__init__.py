"""What was said, for how long?"""
