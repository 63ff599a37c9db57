"""What was done?"""
