"""The runtime: puts a service together from its definition and the engines, and runs its roles in a process."""
