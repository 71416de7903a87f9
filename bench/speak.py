"""Speaks the scripts of `bench/scripts` in the demonstration's voice, for `bench.vocabulary`.

The sound stays outside the tree.  Needs the virtual environment of `demo/requirements.txt`.
    PATH/TO/THAT/python -m bench.speak FOLDER
"""

import sys
import wave
from pathlib import Path

from demo.make_recordings import Paragraph, spoken

SCRIPTS = Path(__file__).resolve().parent / "scripts"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for script in sorted(SCRIPTS.glob("*.md")):
        body = script.read_text(encoding="utf-8").split("---\n", 2)[2]
        paragraphs = [
            Paragraph(section="", text=" ".join(block.split()))
            for block in body.strip().split("\n\n")
        ]
        sound = spoken(paragraphs)
        with wave.open(str(folder / f"{script.stem}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(sound.rate)
            file.writeframes(sound.pcm.tobytes())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
