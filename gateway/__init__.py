"""HTTP: the click path, conversions, postbacks and the API.

Nothing here decides who is paid. The gateway checks what came in, stamps it with what was
known, appends it to the log, and answers only when the broker has acknowledged it: an
answer that says "accepted" (or redirects) is a record in the log.

`server` runs it. `redirects` is the hot path, a bare RSGI callable; everything else is a
Litestar application (`api`) behind the small adapter in `bridge`.
"""
