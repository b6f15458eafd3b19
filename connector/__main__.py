"""`python -m connector` is the command `incasso`."""

from connector.cli import main

if __name__ == "__main__":
    main()
