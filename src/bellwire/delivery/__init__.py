"""The engine: claims deliveries, keeps the pace, tries, and writes down what became of each."""
