"""How is this person doing?"""
