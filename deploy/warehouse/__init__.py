"""The embedded warehouse: chDB behind ClickHouse's HTTP protocol.

chDB is ClickHouse as a library: one process owns one directory of tables. This
package is that process. It speaks the protocol of a ClickHouse server on port
8123, so that the sink, `clickhouse-connect`, SQLAlchemy, the official drivers
and any BI tool reach the embedded warehouse and a ClickHouse cluster by the
same DSN and the same code.

    request      what the client asks: query, settings, parameters, formats
    form         the same, sent as a form
    statement    the one statement in the text, as ClickHouse's parser reads it
    guard        what nobody may run: files, processes, the network, users
    engine       chDB: one directory
    connection   chDB: one connection a request
    exchange     one request answered, in five steps
    body         what comes in     compression, blocks   how both are packed
    answer       what goes out     formats, greeting     how rows look
    errors       codes and texts as a ClickHouse server gives them
    wire         between the event loop and the thread that answers
    door         the HTTP application: routes, and who may enter
    listener     the loopback socket
    server       the process
"""
