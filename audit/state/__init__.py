"""What the workers keep on disk, held against the log.

State is a cache: each processor keeps in RocksDB what its outputs below an offset give, and that
offset. So it can be made again from the log, by who shares none of the workers' code, and
compared key by key. What an altered state has led to already stands in the log, where a replay
names it; this names the state itself, before or after.
"""
