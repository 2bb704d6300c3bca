"""Looks through a whole installation before anybody misses a message: one file for each thing that is looked at."""
