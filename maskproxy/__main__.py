"""`python -m maskproxy` is the `maskproxy` command."""

from maskproxy.cli.main import main

main()
