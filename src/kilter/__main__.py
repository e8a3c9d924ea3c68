"""`python -m kilter`: the same as the command `kilter`."""

from kilter.cli.main import main

if __name__ == "__main__":
    main()
