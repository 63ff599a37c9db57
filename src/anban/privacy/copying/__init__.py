"""How a copy of everything about one person is put together, sealed while it lies on the disk."""
