"""The nouns and the decisions: plain Python without I/O, without a clock, without third parties."""
