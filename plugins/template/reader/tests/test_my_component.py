from pathlib import Path

from taco_bench.testing import ReaderContract


class TestMyComponent(ReaderContract):
    name = "my-component"

    def sample(self, folder: Path) -> Path:
        for video in ("one", "two"):
            (folder / f"{video}.my-component.csv").write_text("0.5,1,2\n1.5,0,3\n")
        return folder
