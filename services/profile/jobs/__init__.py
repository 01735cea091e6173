"""What workers do beside following facts: runs of classes, segments, occasions, and what is left to forget or undo."""
