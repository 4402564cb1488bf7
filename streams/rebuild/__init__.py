"""The warehouse filled anew beside the live one, and put in its place while queries go on.

    databases   the live database, the new one, the one from before; which rebuild this is
    filling     sinks in processes of their own fill the new database from the log's beginning
    comparing   the new database holds the log, row for row; and how the live one differs
    switching   the numbered steps that exchange the tables
    rebuilding  all of it in order, from the start or from wherever a killed one was

The log decides, so nothing of the live database is needed: it may be damaged, empty, gone, or
of an older schema. Each table is exchanged by itself, atomically; a reader never sees one that
is missing, partly filled, or behind where it was. Two tables of one query may differ in how far
they have read, as they may at any time: a sink inserts table by table.
"""
