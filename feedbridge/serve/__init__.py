"""The output directory over HTTP/1.1, as readers and proxies expect it.

    web         what a configuration wants served
    server      a thread that serves, on uvicorn
    wire        a connection: bounds, and a short way for what is at hand
    published   what everybody gets: the files
    operating   what the operator gets: health, metrics
    files       files, each as one whole version
    answers     answers as they go over the wire
    health      how things stand
    metrics     the same, and counts, for Prometheus
    counts      what is counted

What an answer is, is decided in `standards/http.py`. Nothing is shared with runs but the directory, so
`feedbridge serve` needs none beside it. Memory is bounded: by `files.KEPT_BYTES` for files, by
`answers.PIECE_BYTES` for each of a limited number of connections. Time is: whoever sends no head, or takes
nothing, is gone after a while (`wire.Limits`).
"""

from feedbridge.serve.web import Web

__all__ = ["Web"]
