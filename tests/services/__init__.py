"""Tests of the services, mirroring their folders."""
