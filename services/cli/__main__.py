"""`python -m services.cli` is the same as `klantcontact`."""

from services.cli import main

if __name__ == "__main__":
    main()
