"""``python -m polymaestro`` is the command line."""

from polymaestro.cli import main

if __name__ == "__main__":
    main(prog_name="polymaestro")
