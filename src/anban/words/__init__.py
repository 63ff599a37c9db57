"""What do we say ourselves?"""
