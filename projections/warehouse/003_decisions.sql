-- What people decided, as accepted and numbered by events/first_wins.py (DecisionLog).
CREATE TABLE IF NOT EXISTS decisions
(
    `partition` Int32 COMMENT 'Kafka partition of topic decisions: 0',
    `offset` Int64 COMMENT 'Kafka offset of the record, which may hold several decisions',
    `number` Int64 COMMENT 'of the accepted decision, dense from 1, the same for every reader',
    `recorded_at` Int64 COMMENT 'broker time, milliseconds since 1970 UTC',
    `aggregate` String COMMENT 'for example program:acme',
    `version` Int64 COMMENT 'of the aggregate',
    `name` String COMMENT 'for example partner.approved',
    `state` String COMMENT 'JSON; amounts in minor units, times in milliseconds',
    `recorded` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(recorded_at, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY number
SETTINGS min_bytes_for_wide_part = 134217728, fsync_after_insert = 1, fsync_part_directory = 1;
