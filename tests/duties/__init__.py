"""One file per duty, named by its id: the reading copy for those who supervise."""
