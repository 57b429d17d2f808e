"""The core's command line: python -m mlcore COMMAND …"""

from __future__ import annotations

import sys

from mlcore.commands import main

if __name__ == "__main__":
    sys.exit(main())
