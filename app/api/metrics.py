"""What the service counts; each application has a registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

SEARCH_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class Metrics:
    """Counters, gauges and histograms by name; labels are bounded: never a path, never a query."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "seminar_requests_total",
            "Answered requests.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "seminar_request_seconds",
            "Time to answer a request.",
            ("route",),
            registry=self.registry,
        )
        self.search_seconds = Histogram(
            "seminar_search_seconds",
            "Time of one search in the snapshot and the catalog.",
            ("mode",),
            buckets=SEARCH_BUCKETS,
            registry=self.registry,
        )
        self.search_legs = Counter(
            "seminar_search_legs_total",
            "Searches by leg and what became of it.",
            ("leg", "state"),
            registry=self.registry,
        )
        self.passages = self._gauge("seminar_snapshot_passages", "Passages in the served snapshot.")
        self.snapshot = Info("seminar_snapshot", "The served snapshot.", registry=self.registry)
        self.encoder_ready = self._gauge("seminar_encoder_ready", "1 when the encoder is loaded.")
        self.searches = self._gauge("seminar_searches_in_flight", "Searches running or waiting.")
        self.searches_bound = self._gauge(
            "seminar_searches_in_flight_bound", "Searches that may run or wait; more are refused."
        )
        self.answers_kept = Counter(
            "seminar_answers_kept_total",
            "Searches answered from memory, without a search.",
            registry=self.registry,
        )
        self.kept = Gauge(
            "seminar_kept", "What is kept in memory, by sort.", ("sort",), registry=self.registry
        )
        self.kept_bound = Gauge(
            "seminar_kept_bound", "The most that is kept, by sort.", ("sort",),
            registry=self.registry,
        )  # fmt: skip
        self.kept_bytes = Gauge(
            "seminar_kept_bytes", "Roughly its bytes, by sort.", ("sort",), registry=self.registry
        )
        self.shown = self._gauge("seminar_shown", "Public talks and papers held in memory.")
        self.refused = Counter(
            "seminar_searches_refused_total", "Searches refused.", registry=self.registry
        )

        self.refusals = Counter(
            "seminar_requests_refused_total",
            "Requests refused at the door: no key, no right, a limit, no such address.",
            ("status",),
            registry=self.registry,
        )
        self.jobs = Gauge(
            "seminar_jobs", "Jobs by queue and state.", ("queue", "state"), registry=self.registry
        )
        self.oldest_waiting = Gauge(
            "seminar_jobs_oldest_waiting_seconds",
            "How long the oldest job has waited for a worker.",
            ("queue",),
            registry=self.registry,
        )
        self.failed_jobs = Gauge(
            "seminar_jobs_failed",
            "Jobs that failed and were not retried, by class of reason.",
            ("reason",),
            registry=self.registry,
        )
        self.realtime_factor = Gauge(
            "seminar_transcription_realtime_factor",
            "Seconds of transcribing per second of recording; median of the last 20 talks.",
            ("heard_by",),
            registry=self.registry,
        )
        self.workers = Gauge(
            "seminar_workers", "Workers that live, by queue.", ("queue",), registry=self.registry
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(name, text, registry=self.registry)
