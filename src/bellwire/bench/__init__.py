"""What Bellwire does, measured against its targets, on one machine and without a network."""
