"""`python -m aurinko_async.cli` is the `aurinko` command."""

from aurinko_async.cli import main

main()
