"""The commands, one file a domain: each a class that `application.Decisions` inherits.

A command finds what it speaks of (`finding`), lets the aggregate decide, and inserts what
was decided. It may be repeated: with the same content it returns quietly, with other content
it raises. A new domain adds a file here and its class to `Decisions`.
"""
