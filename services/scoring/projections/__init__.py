"""Read models of scoring: facts, and who is the same person as whom."""
