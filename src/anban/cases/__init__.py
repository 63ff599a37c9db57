"""What must be followed through?"""
