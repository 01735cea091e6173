"""Stories as users live them: the real product in its own processes, asked by HTTP and by events only."""
