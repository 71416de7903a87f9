"""Answers as they look, for the OpenAPI document; a test holds each to its shape."""

from collections.abc import Mapping
from typing import Any

from app.api.search import EXAMPLE as SEARCH

JSON = "application/json"
_TALK: dict[str, Any] = {
    "id": "k3v9q2m7xa",
    "slug": "the-second-descent",
    "title": "The Second Descent",
    "speakers": ["Jonas Feldmann"],
    "series": "Foundations of Deep Learning",
    "date": "2024-02-12",
    "duration_ms": 3_510_000,
    "title_is_known": True,
    "recording_status": "recorded",
    "links": [{"kind": "slides", "url": "https://example.edu/second-descent.pdf"}],
    "has_transcript": True,
    "url": "/talks/the-second-descent",
}
_PAPER: dict[str, Any] = {
    "id": "p8w2n5c4tz",
    "slug": "minimum-norm-interpolation",
    "title": "Minimum Norm Interpolation",
    "title_is_known": True,
    "authors": ["Priya Raman"],
    "year": 2023,
    "venue": "Course notes",
    "page_count": 12,
    "links": [],
    "url": "/papers/minimum-norm-interpolation",
}
_SIMILAR: dict[str, Any] = {
    "generation": "20240212T101500000000-0a1b2c3d",
    "items": [
        {
            "kind": "talk",
            "id": "k3v9q2m7xa",
            "title": "The Second Descent",
            "speakers": ["Jonas Feldmann"],
            "date": "2024-02-12",
            "year": 2024,
            "series": "Foundations of Deep Learning",
            "url": "/talks/the-second-descent",
            "score": 0.71,
        }
    ],
}
_FORMATS = ("json", "vtt", "srt", "txt")
_JOB: dict[str, Any] = {
    "id": "3f6c1e0d9b2a",
    "kind": "talk",
    "about": {
        "kind": "talk",
        "id": "k3v9q2m7xa",
        "title": "The Second Descent",
        "url": "/talks/the-second-descent",
    },
    "file": "second-descent.mp4",
    "state": "running",
    "step": "transcribe",
    "done": 1_200_000,
    "total": 3_510_000,
    "unit": "ms",
    "percent": 34,
    "seconds_left": 95,
    "partial": False,
    "attempt": 1,
    "problem": None,
    "reason": None,
    "not_before": None,
    "accepted_at": "2024-02-12T17:02:11Z",
    "started_at": "2024-02-12T17:02:12Z",
    "finished_at": None,
    "url": "/api/v1/jobs/3f6c1e0d9b2a",
}
_EDITED: dict[str, Any] = {
    "kind": "talk",
    "id": "k3v9q2m7xa",
    "title": "The Second Descent",
    "visibility": "public",
    "changed": {"title": {"old": "Lecture 3", "new": "The Second Descent"}},
    "search_follows": True,
}
_WITHDRAWN = {
    **_EDITED,
    "visibility": "withdrawn",
    "changed": {"visibility": {"old": "public", "new": "withdrawn"}},
}
_SHOWN_AGAIN = {**_EDITED, "changed": {"visibility": {"old": "withdrawn", "new": "public"}}}
_UPLOAD: dict[str, Any] = {
    "id": "u7d2m5k9qa",
    "url": "/api/v1/uploads/u7d2m5k9qa",
    "state": "receiving",
    "file": "second-descent.mp4",
    "offset": 8_388_608,
    "length": 412_000_000,
    "expires_at": "Tue, 13 Feb 2024 17:02:11 GMT",
    "job": None,
    "about": None,
}

_MENTION: dict[str, Any] = {
    "url": "/talks/the-second-descent?t=2462",
    "start_ms": 2_462_000,
    "end_ms": 2_463_400,
    "said": "minimum norm interpolation",
    "text": "The notes on minimum norm interpolation prove the exact formulas.",
    "cues": ["called a paper", "name"],
    "confidence": 0.88,
    "confirmed": True,
}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "search": {JSON: SEARCH},
    "suggest": {
        JSON: {
            "query": "secon",
            "suggestions": [
                {"kind": "talk", "text": "The Second Descent", "url": "/talks/the-second-descent"}
            ],
        }
    },
    "similar_to_talk": {JSON: _SIMILAR},
    "similar_to_paper": {JSON: _SIMILAR},
    "talks": {JSON: {"items": [_TALK], "next_cursor": None}},
    "talk": {
        JSON: {
            **_TALK,
            "abstract": "Test error falls, rises and falls again.",
            "language": "en",
            "visibility": "public",
            "media_url": "/media/talks/k3v9q2m7xa",
            "media_type": "video/mp4",
            "transcripts": {
                form: f"/api/v1/talks/k3v9q2m7xa/transcript?format={form}" for form in _FORMATS
            },
            "partial": False,
            "gaps": [],
            "papers": [{name: _PAPER[name] for name in ("id", "title", "url")}],
            "mentions": [{"id": _PAPER["id"], "title": _PAPER["title"], **_MENTION}],
            "processing": None,
        }
    },
    "transcript": {
        JSON: {
            "talk": "k3v9q2m7xa",
            "title": "The Second Descent",
            "language": "en",
            "engine": "faster-whisper",
            "model": "large-v3-turbo",
            "version": 1,
            "origin": "machine",
            "timed": True,
            "complete": True,
            "gaps": [],
            "segments": [
                {
                    "start_ms": 50,
                    "end_ms": 1_900,
                    "text": "Good afternoon.",
                    "doubtful": False,
                    "words": [
                        {"start_ms": 50, "end_ms": 700, "text": " Good", "confidence": 0.98},
                        {
                            "start_ms": 700,
                            "end_ms": 1_900,
                            "text": " afternoon.",
                            "confidence": 0.97,
                        },
                    ],
                }
            ],
        },
        "text/vtt": "WEBVTT\n\n00:00:00.050 --> 00:00:01.900\nGood afternoon.\n",
        "application/x-subrip": "1\n00:00:00,050 --> 00:00:01,900\nGood afternoon.\n",
        "text/plain": "Good afternoon.\n",
    },
    "papers": {JSON: {"items": [_PAPER], "next_cursor": None}},
    "paper": {
        JSON: {
            **_PAPER,
            "abstract": "Why the smallest solution that fits generalizes.",
            "arxiv_id": None,
            "doi": None,
            "pdf_url": "/media/papers/p8w2n5c4tz.pdf",
            "visibility": "public",
            "talks": [_TALK],
            "mentions": [{"id": _TALK["id"], "title": _TALK["title"], **_MENTION}],
        }
    },
    "status": {
        JSON: {
            "name": "Seminar archive",
            "version": "0.1.0",
            "snapshot": {
                "generation": "20240212T101500000000-0a1b2c3d",
                "created_at": "2024-02-12T10:15:00Z",
                "passages": 5210,
                "talks": 61,
                "papers": 40,
            },
            "talks": 61,
            "papers": 40,
            "recorded_ms": 219_600_000,
            "encoder": {"model": "all-MiniLM-L6-v2", "state": "ready", "detail": "ok"},
            "speech_models": ["faster-whisper large-v3-turbo"],
            "jobs": {"done": 101},
            "worker": "running",
            "workers": [{"name": "gpu-1", "device": "cuda", "queues": ["talks", "papers"]}],
            "degraded": [],
        }
    },
    "add": {JSON: {**_JOB, "kind": "link", "about": None, "state": "accepted", "step": None}},
    **{key: {JSON: _EDITED} for key in ("edit_talk", "edit_paper")},
    **{key: {JSON: _WITHDRAWN} for key in ("withdraw_talk", "withdraw_paper")},
    **{key: {JSON: _SHOWN_AGAIN} for key in ("restore_talk", "restore_paper")},
    "jobs": {JSON: {"items": [_JOB], "next_cursor": None}},
    **{key: {JSON: _JOB} for key in ("job", "cancel", "retry")},
    "events": {"text/event-stream": 'event: progress\nid: 7\ndata: {"percent": 34}\n\n'},
    "upload": {JSON: _UPLOAD},
    "livez": {"text/plain": "ok\n"},
    "readyz": {
        JSON: {"status": "ready", "checks": {"catalog": "ok", "snapshot": "ok", "encoder": "ok"}}
    },
    "metrics": {"text/plain": "seminar_answers_kept_total 12.0\n"},
}
"""By operation and media type."""
