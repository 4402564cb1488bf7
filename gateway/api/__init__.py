"""The API: one file a resource, Litestar and msgspec.

`application` puts the resources together; `context` is what they share: the decisions
(commands and what is known of them), the log, the warehouse.
"""
