"""Outside key services: they wrap and unwrap the master keys, once at start; no turn ever waits for one."""
