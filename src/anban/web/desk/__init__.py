"""Where people who help do their work: log-in, rota, queue, conversation."""
