"""Whatever the order in which facts arrive, and however often: the same person comes out."""
