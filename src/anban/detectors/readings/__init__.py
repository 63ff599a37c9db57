"""In how many ways can a text be read?"""
