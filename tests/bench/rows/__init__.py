"""One file for each row of the requirements: `run` measures it and gives its lines."""
