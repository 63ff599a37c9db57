"""What keeps the project itself in order: the list of its parts, and what is known against them."""
