"""What pictures and recordings say, as text for the detectors; what nobody looked into stays unread, never safe."""
