"""Tasks that pyqs' workers import by name."""

done = []


def resize(name, width):
    done.append((name, width))


def fail(name):
    raise ValueError(name)
