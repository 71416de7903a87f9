"""Everything that can go wrong while a recording or a paper is taken in, one class per decision.

    IngestProblem
    ├── BadInput                 the file itself is at fault: trying again cannot help
    │   ├── UnreadableMedia      not media, empty, protected, or too damaged to give any sound
    │   ├── NoAudio              media without a sound track
    │   ├── UnsupportedFormat    media in a container that the archive does not take
    │   ├── TooLarge             beyond a limit, which is named
    │   ├── UnreadablePdf        not a PDF, encrypted or damaged
    │   ├── PdfWithoutText       only pictures of pages
    │   └── BadCaptions          captions without times or words, or not text
    ├── StillChanging            a file was written to while it was read: offer it again
    ├── NothingChanged           corrections that say what the transcript says
    ├── AlreadyWatched           another process watches that folder
    ├── DecoderStopped           the decoding process was killed from outside: try again
    ├── DiskFull                 no space for what is being written: nothing was stored
    ├── LinkProblem              what lies elsewhere could not be fetched
    │   ├── LinkRefused          the address or what it gives is at fault, or it leads inside
    │   ├── UnknownPaper         arXiv has no paper of that number
    │   ├── PagesMissing         the extra that reads pages is not installed
    │   └── Unreachable          it does not answer now: the job waits and tries again
    ├── BadManifest              a list of files has faults; nothing of it was started
    ├── PublishingFailed         no new snapshot could be made; what is committed waits
    ├── SomebodyPublishes        another process publishes at this moment: try again
    ├── WorkerStopped            the worker that was waited for ended early
    ├── WorkerRunning            another worker has the data folder
    ├── WorkerNameTaken          another worker has this name
    ├── BadWorker                a worker's name, queue or device that cannot be
    └── EngineProblem            the speech engine could not do its work
        ├── EngineMissing        the engine's package is not installed
        ├── SpeechModelMissing   the model is not on this machine
        └── OutOfMemory          the device has too little memory for the model

Every message is one line and says what, which file or model, and what to do.
"""

from __future__ import annotations

from pathlib import Path


class IngestProblem(Exception):
    """A recording or paper could not be taken in."""


class BadInput(IngestProblem):
    """The file itself is at fault, so that trying again cannot help."""

    def __init__(self, file: Path, reason: str, advice: str) -> None:
        self.file = file
        self.reason = reason
        self.advice = advice
        super().__init__(one_line(f"{file.name}: {reason}; {advice}"))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.file, self.reason, self.advice))


class UnreadableMedia(BadInput):
    """A file that gives no sound at all: not media, empty, protected or damaged."""


class NoAudio(BadInput):
    """A media file without a sound track."""


class UnsupportedFormat(BadInput):
    """Media in a container that the archive does not take, such as a playlist."""


class TooLarge(BadInput):
    """A file beyond one of the limits on length, tracks, memory, time or pages."""


class UnreadablePdf(BadInput):
    """A PDF that cannot be opened: not a PDF, encrypted or damaged."""


class PdfWithoutText(BadInput):
    """A PDF that holds pictures of pages but no text."""


class BadCaptions(BadInput):
    """A caption file that is not text, has no times where it should, or holds no words."""


class StillChanging(IngestProblem):
    """A file was written to while it was read; nothing of it was kept."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__(
            one_line(f"{file.name} was written to while it was read; offer it again when whole")
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.file,))


class NothingChanged(IngestProblem):
    """Corrections that say what the current transcript says; no version was made."""

    def __init__(self, title: str) -> None:
        super().__init__(
            one_line(f'nothing changed: the file says what the transcript of "{title}" says')
        )


class AlreadyWatched(IngestProblem):
    """Another process watches the folder."""

    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(f"{folder} is watched already, by process {pid}; stop it first")


class DecoderStopped(IngestProblem):
    """The decoding process ended without an answer and without the file being at fault."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(one_line(f"{file.name}: the decoding process {reason}; try the job again"))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.file, self.reason))


class DiskFull(IngestProblem):
    """No space is left for what is being written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"the archive disk is full: {folder} takes no more; nothing was stored, "
            "free some space and try the job again"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.folder,))


class LinkProblem(IngestProblem):
    """What lies elsewhere could not be fetched."""


class LinkRefused(LinkProblem):
    """The address, or what it gives, cannot be taken; trying again cannot help."""

    def __init__(self, address: str, reason: str, advice: str) -> None:
        self.address = address
        self.reason = reason
        self.advice = advice
        super().__init__(one_line(f"{address}: {reason}; {advice}"))


class UnknownPaper(LinkProblem):
    """arXiv knows no paper of that number."""

    def __init__(self, arxiv_id: str) -> None:
        self.arxiv_id = arxiv_id
        super().__init__(f"arXiv has no paper {arxiv_id}; check the number")


class PagesMissing(LinkProblem):
    """The package that finds the recording on a page is not installed."""

    def __init__(self, address: str) -> None:
        super().__init__(
            one_line(
                f"{address}: a recording on a page needs yt-dlp; install it with "
                "`pip install -e '.[pages]'`, or give the address of the file itself"
            )
        )


class Unreachable(LinkProblem):
    """It does not answer now, or broke off; what came is kept.  `after_s`: when it may again."""

    def __init__(self, address: str, reason: str, *, after_s: float | None = None) -> None:
        self.address = address
        self.reason = reason
        self.after_s = after_s
        super().__init__(one_line(f"{address} cannot be reached: {reason}"))


class BadManifest(IngestProblem):
    """A list of files has faults, all of them named; nothing of it was started."""

    def __init__(self, file: Path, faults: list[str]) -> None:
        self.faults = faults
        super().__init__(
            one_line(f"{file}: {'; '.join(faults)}; nothing was started, mend the list first")
        )


class PublishingFailed(IngestProblem):
    """No new snapshot could be made; the old one serves, and what is committed waits."""

    def __init__(self, problem: str, times: int) -> None:
        super().__init__(
            one_line(
                f"no snapshot could be published in {times} tries: {problem}; the old one serves, "
                "nothing is lost; mend the cause and start the worker again"
            )
        )


class WorkerStopped(IngestProblem):
    """The worker that was waited for ended early; what was accepted is kept."""

    def __init__(self, status: int) -> None:
        super().__init__(
            f"the worker ended with status {status} before the jobs were done; what was accepted "
            "is kept: `seminar worker` goes on with it, `seminar jobs` shows it"
        )


class WorkerRunning(IngestProblem):
    """Another worker has the data folder."""

    def __init__(self, data_dir: Path, pid: str) -> None:
        super().__init__(
            f"a worker (process {pid}) already works in {data_dir}; "
            "let it do the jobs, or stop it first"
        )


class WorkerNameTaken(IngestProblem):
    """Another worker on the same catalog has this name."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(
            f"a worker named {name} already works ({where}); give this one a name of its own "
            "with --name"
        )


class BadWorker(IngestProblem):
    """A worker's name, queue or device that cannot be."""


class SomebodyPublishes(IngestProblem):
    """Another process publishes at this moment."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"another process publishes ({where}); try again when it is through, "
            "or end that process if it hangs"
        )


class EngineProblem(IngestProblem):
    """The speech engine could not do its work."""


class EngineMissing(EngineProblem):
    """The package of the chosen speech engine is not installed."""

    def __init__(self, engine: str, advice: str) -> None:
        self.engine = engine
        self.advice = advice
        super().__init__(one_line(f"the speech engine {engine} is not installed; {advice}"))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.engine, self.advice))


class SpeechModelMissing(EngineProblem):
    """The speech model is not on this machine or cannot be loaded."""

    def __init__(self, model: str, reason: str, advice: str) -> None:
        self.model = model
        self.reason = reason
        self.advice = advice
        super().__init__(one_line(f"the speech model {model} {reason}; {advice}"))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.model, self.reason, self.advice))


class OutOfMemory(EngineProblem):
    """The device has too little memory for the model."""

    def __init__(self, model: str, device: str) -> None:
        self.model = model
        self.device = device
        super().__init__(
            f"not enough memory on {device} for the speech model {model}; "
            "close other programs or name a smaller model in SEMINAR_WHISPER_MODEL"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.model, self.device))


def one_line(text: str) -> str:
    """The text with control characters and line breaks replaced, so that a log line stays one."""
    return "".join(c if c.isprintable() else " " for c in text)
