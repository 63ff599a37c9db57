"""Any bytes at all: nothing breaks, nothing hangs, and how the bytes were cut makes no difference."""
