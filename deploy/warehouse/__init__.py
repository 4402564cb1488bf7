"""The embedded warehouse: chDB behind ClickHouse's HTTP protocol.

chDB is ClickHouse as a library: one process owns one directory of tables. This
package is that process. It speaks the protocol of a ClickHouse server on port
8123, so that the sink, `clickhouse-connect`, SQLAlchemy, the official drivers
and any BI tool reach the embedded warehouse and a ClickHouse cluster by the
same DSN and the same code.

    request      what the client asks: query, settings, parameters, formats
    statement    the one statement in the text, as ClickHouse's parser reads it
    guard        what nobody may run: files, processes, the network, users
    engine       chDB: one directory, one connection a request
    formats      which formats can be sent block by block, and their media types
    compression  gzip, lz4, zstd, and ClickHouse's own checksummed blocks
    errors       codes and texts as a ClickHouse server gives them
    exchange     one request answered: query or insert, streamed both ways
    server       HTTP, loopback only; start, stop, and who holds the directory
"""
