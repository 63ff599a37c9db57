"""What is said outright?"""
