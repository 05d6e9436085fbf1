"""Entry point of `python3 -m nuvlasov_post`."""

import sys

from nuvlasov_post.cli import main

if __name__ == "__main__":
    sys.exit(main())
