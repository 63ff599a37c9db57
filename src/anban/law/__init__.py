"""What is required?"""
