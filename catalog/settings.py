"""What an operator can set, read once at the edge of a program and frozen.

Every field is an environment variable with the prefix `SEMINAR_`.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.errors import BadKey, InvalidSetting
from catalog.origins import checked_origin

RATE = r"^(off|[1-9]\d{0,6}/(second|minute|hour))$"


class Settings(BaseSettings):
    """The archive's settings; immutable."""

    model_config = SettingsConfigDict(env_prefix="SEMINAR_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder that holds the whole archive.")
    database_url: str | None = Field(
        None, description="Catalog database; default: SQLite in the data folder."
    )
    archive_name: str = Field("Seminar archive", description="Name shown on every page.")
    host: str = Field("127.0.0.1", description="Address that `seminar serve` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that `seminar serve` listens on.")
    public_url: str = Field(
        "",
        description="Address of the archive to the outside, as `https://seminars.example.edu`, for "
        "feeds and citations; empty: as each request has it.",
    )
    embed_origins: str = Field(
        "*",
        description="Origins whose pages may show a talk in a frame (/embed/), separated by "
        "commas; *: all; none: no page.",
    )
    contact_email: str = Field(
        "",
        pattern=r"^(\S+@(\S+\.)+\S+)?$",
        description="Address of staff, for catalogues that harvest the archive.",
    )
    podcast_cover: str = Field(
        "",
        pattern=r"^(https?://\S+\.(jpe?g|png))?$",
        description="Address of the picture of all podcasts, a square JPEG or PNG with 1400 to "
        "3000 pixels a side; empty: none.",
    )
    reading: Literal["open", "key"] = Field(
        "open",
        description="Who may read. open: everybody; key: whoever sends a key, and browsers see no "
        "pages.",
    )
    cors_origins: str = Field(
        "",
        description="Origins whose pages may read the API beside those that keys name, as "
        "`https://course.example.edu`, separated by commas.",
    )
    limit_per_client: str = Field(
        "3000/minute",
        pattern=RATE,
        description="Most requests from one address, as number/second, minute or hour; or off.",
    )
    limit_per_key: str = Field(
        "12000/minute", pattern=RATE, description="Most requests with one key; or off."
    )
    limit_store: str = Field(
        "memory://",
        description="Where requests are counted: in each process (memory://), or together in a "
        "store that the library `limits` knows, such as redis://host:6379.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1, ::1",
        description="Addresses or networks of reverse proxies, separated by commas; only what "
        "they say of a client's address is believed.",
    )
    whisper_engine: Literal["faster-whisper", "openai-whisper"] = Field(
        "faster-whisper", description="Speech engine."
    )
    whisper_model: str | None = Field(
        None,
        description="Speech model: folder, packaged weights or hub name; default: tiny.en on a "
        "CPU, large-v3-turbo on a GPU.",
    )
    encoder_model: str = Field(
        "all-MiniLM-L6-v2", description="Sentence encoder: folder, packaged weights or hub name."
    )
    encoder_backend: Literal["auto", "onnx", "sentence-transformers"] = Field(
        "auto",
        description="What runs the encoder; auto: ONNX Runtime on a CPU where it gives the same "
        "vectors, else sentence-transformers.",
    )
    reranker_model: str = Field(
        "",
        description="Cross-encoder that reads the best hits again: folder or hub name; empty: off.",
    )
    reranker_ms: int = Field(
        250, ge=10, le=10_000, description="How long it may take; what is unread keeps its place."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where models run; auto: CUDA when there is one, else CPU."
    )
    window_s: int = Field(
        600, ge=30, le=3600, description="Length of a decoded window, and of a checkpoint."
    )
    publish_wait_s: float = Field(
        20.0, ge=0, description="How long a finished talk may wait for others of the same batch."
    )
    worker_beat_s: float = Field(10.0, gt=0, description="How often a worker says that it lives.")
    worker_lease_s: float = Field(
        60.0, gt=0, description="How long a worker may be silent before others take its jobs over."
    )
    upload_max_gb: float = Field(
        8.0, gt=0, description="Largest file that may be uploaded to the service, in gigabytes."
    )
    upload_keep_hours: float = Field(
        48.0, gt=0, description="How long an upload may rest before what came of it is dropped."
    )
    link_max_gb: float = Field(
        8.0, gt=0, description="Largest file that is fetched from a link, in gigabytes."
    )
    link_max_hours: float = Field(
        2.0, gt=0, description="How long one try at a link may take; a later try goes on."
    )
    link_hosts_inside: str | None = Field(
        None,
        description="Servers of your own network that links may lead to, as `host` or `host:port`, "
        "separated by commas; all others must be public.",
    )
    page_hosts: str = Field(
        "youtube.com, youtu.be, vimeo.com",
        description="Hosts, and all under them, whose pages yt-dlp may read; separated by commas.",
    )
    arxiv_url: str = Field(
        "https://export.arxiv.org", description="Where arXiv's API and PDFs are asked for."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line that is written."
    )
    log_format: Literal["text", "json"] = Field("text", description="Shape of log lines.")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        """Refuse what browsers never send as an origin."""
        try:
            for origin in filter(None, map(str.strip, value.split(","))):
                checked_origin(origin)
        except BadKey as problem:
            raise ValueError(str(problem)) from problem
        return value

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        """Refuse what no address can begin with."""
        try:
            return checked_origin(value) if value else value
        except BadKey as problem:
            raise ValueError(str(problem)) from problem

    @field_validator("embed_origins")
    @classmethod
    def _may_frame(cls, value: str) -> str:
        """Refuse what is neither a word of ours nor a list of origins."""
        return value if value.strip() in {"*", "none"} else cls._are_origins(value)

    @property
    def framing_origins(self) -> tuple[str, ...]:
        """Whose pages may show a talk in a frame, as a Content-Security-Policy names them."""
        said = self.embed_origins.strip()
        if said in {"", "none"}:
            return ("'none'",)
        return tuple(filter(None, map(str.strip, said.split(","))))

    @property
    def further_origins(self) -> tuple[str, ...]:
        """Origins whose pages may read the API beside those that keys name."""
        return tuple(filter(None, map(str.strip, self.cors_origins.split(","))))

    @property
    def catalog_url(self) -> str:
        """Database URL of the catalog."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'catalog.db'}"

    @property
    def jobs_url(self) -> str:
        """Database URL of the job engine's own tables: beside the catalog."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'jobs.db'}"

    @property
    def is_shared(self) -> bool:
        """Whether the catalog is on a database server, where several workers may work on it."""
        return not self.catalog_url.startswith("sqlite")

    @property
    def worker_lock(self) -> Path:
        """The file that the one worker on a catalog of its own holds while it lives."""
        return self.data_dir / "run" / "worker.lock"

    @property
    def index_dir(self) -> Path:
        """Folder of the published snapshots."""
        return self.data_dir / "index"


def read_settings(**overrides: object) -> Settings:
    """Read the environment; `overrides` that are not None win.  Raises: InvalidSetting."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "SEMINAR_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidSetting(
            f"{name}={first.get('input')!r} cannot be used: {first['msg']}"
        ) from error
