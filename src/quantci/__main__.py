"""`python -m quantci`."""

import sys

from quantci.cli import main

if __name__ == "__main__":
    sys.exit(main())
