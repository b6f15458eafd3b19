"""Numbers with their nouns, as people say them."""


def plural(count: int, noun: str, many: str = "") -> str:
    """`1 claim`, `2 claims`, `12,000 claims`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
