"""What did we notice?"""
