"""Does it say who somebody is?"""
