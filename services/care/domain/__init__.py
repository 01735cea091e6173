"""The rules of care, pure: commands in, facts out; time, ids and settings are passed in."""
