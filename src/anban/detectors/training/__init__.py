"""How was the detectors' model made?"""
