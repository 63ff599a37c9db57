"""What may be said now, tried."""
