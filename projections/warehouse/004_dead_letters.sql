CREATE TABLE IF NOT EXISTS dead_letters
(
    `partition` Int32 COMMENT 'Kafka partition of topic dead-letters: 0',
    `offset` Int64 COMMENT 'Kafka offset of the letter',
    `recorded_at` Int64 COMMENT 'time of the unreadable record, milliseconds since 1970 UTC',
    `processor` String COMMENT 'who could not read it',
    `source` String COMMENT 'position of the unreadable record, topic/partition/offset',
    `error` String,
    `key` String,
    `value` String COMMENT 'the bytes as text, cut at 10000 characters'
)
ENGINE = ReplacingMergeTree
ORDER BY (`partition`, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- How far a sink has read past the last row of a table: records that were read and have no row
-- (repeats, losing writes, unreadable ones). For the view freshness only; a sink does not
-- resume from here.
CREATE TABLE IF NOT EXISTS passed
(
    `topic` String,
    `partition` Int32,
    `next_offset` Int64 COMMENT 'every record below this offset was read'
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (topic, `partition`);

CREATE OR REPLACE VIEW unreadable_records AS
SELECT
    source,
    any(error) AS error,
    any(key) AS key,
    any(value) AS value,
    arraySort(groupUniqArray(processor)) AS processors,
    fromUnixTimestamp64Milli(min(letters.recorded_at), 'UTC') AS recorded
FROM dead_letters AS letters FINAL
GROUP BY source
COMMENT 'Records that could not be read, once each, with the error and who met them';
