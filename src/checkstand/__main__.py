"""`python -m checkstand` is the `checkstand` command."""

from __future__ import annotations

from checkstand.cli import main

if __name__ == "__main__":
    main()
