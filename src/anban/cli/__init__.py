"""The command line: `anban up | check | staff | rota | duties | why | drill | doctor | ledger | verify | train …`."""

import sys

from anban.base.errors import AnbanError


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 the answer is no, 2 wrong use; one plain line on stderr, no traceback."""
    from cyclopts import CycloptsError

    from anban.cli.commands import app

    try:
        code = app(sys.argv[1:], print_error=False, exit_on_error=False)
    except AnbanError as error:
        sys.stderr.write(f"anban: {error.message}\n")
        sys.exit(2)
    except CycloptsError as error:
        sys.stderr.write(f"anban: {' '.join(str(error).split())}\n")
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)
    except (OSError, UnicodeError) as error:
        sys.stderr.write(f"anban: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
