"""pytest fixtures for programs that use aurinko_async."""
