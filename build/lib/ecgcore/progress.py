"""How far a long computation is: a bar on a terminal, a few lines in a log."""

import sys
import time

from tqdm import tqdm

QUIET_S = 5.0  # in a log, nothing is said of what takes no longer
STEP = 0.1  # share of the whole between two lines of a log


class Progress:
    """On standard error, so that results can be piped. Use it as a context manager."""

    def __init__(self, name: str):
        self.name, self.done, self.told = name, 0.0, 0.0
        self.started = time.perf_counter()
        self.bar = tqdm(
            total=100,
            desc=name,
            unit="%",
            leave=False,
            bar_format="{desc}: {percentage:3.0f} % |{bar}| {remaining} left",
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_) -> None:
        self.bar.close()

    def update(self, done: float) -> None:
        """done: share of the whole, 0 to 1; NaN: unknown."""
        if not done > self.done:
            return
        self.bar.update(100 * (done - self.done))
        self.done = done
        seconds = time.perf_counter() - self.started
        if self.bar.disable and seconds > QUIET_S and done < 1 and done - self.told >= STEP:
            self.told = done
            print(f"{self.name}: {done:.0%}", file=sys.stderr, flush=True)

    def say(self, sentence: str) -> None:
        """A line that does not break the bar."""
        tqdm.write(sentence, file=sys.stderr)
