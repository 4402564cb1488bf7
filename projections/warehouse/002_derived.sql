-- What the deciders wrote. Only accepted records: the first of each n (see events/first_wins.py),
-- so n is dense in a partition and a repeat in the log has no row here.
CREATE TABLE IF NOT EXISTS attributions
(
    `partition` Int32 COMMENT 'Kafka partition of topic attributions, the same as of the conversion',
    `offset` Int64 COMMENT 'Kafka offset in that partition',
    `n` Int64 COMMENT 'offset of the conversion, dense',
    `source` String COMMENT 'position of the conversion, topic/partition/offset',
    `recorded_at` Int64 COMMENT 'broker time of the conversion, milliseconds since 1970 UTC',
    `outcome` String COMMENT 'credited, unattributed, refunded, unmatched, duplicate, conflict or unreadable',
    `reason` String COMMENT 'why nobody is credited',
    `program` String,
    `customer` String,
    `event_id` String,
    `digest` String COMMENT 'of the conversion''s content: tells a repeat from a conflict',
    `kind` String COMMENT 'lead, sale, renewal or refund',
    `deal` String,
    `amount` Int64 COMMENT 'minor units of currency',
    `currency` String,
    `occurred_at` Int64 COMMENT 'time of the conversion, milliseconds since 1970 UTC',
    `known` Int64 COMMENT 'number of decisions that decided this',
    `touch` Tuple(partner String, link String, click_id String, clicked_at Int64) COMMENT 'the good click it brought along; clicked_at in ms',
    `credits` Array(Tuple(partner String, share Int64, method String, link String, click_id String)) COMMENT 'share in basis points; all add up to 10000',
    `refunded` Array(Tuple(deal String, amount Int64, conversion String, credits Array(Tuple(partner String, share Int64, method String, link String, click_id String)))) COMMENT 'part of a refund that each deal bears, minor units',
    `unmatched` Int64 COMMENT 'minor units of a refund that no deal could bear',
    `occurred` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(occurred_at, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (`partition`, `n`)
SETTINGS min_bytes_for_wide_part = 134217728, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS journal_entries
(
    `partition` Int32 COMMENT 'Kafka partition of topic journal',
    `offset` Int64 COMMENT 'Kafka offset in that partition',
    `recorded_at` Int64 COMMENT 'broker time of the entry''s record, milliseconds since 1970 UTC',
    `n` Int64 COMMENT 'number of the entry in its partition, dense from 0',
    `source` String COMMENT 'position of the instruction, topic/partition/offset',
    `partner` String,
    `at` Int64 COMMENT 'booking time, milliseconds since 1970 UTC',
    `kind` String COMMENT 'commission, clawback, payout_funded, payout_refused, payout_sent, payout_settled, payout_failed or no_effect',
    `program` String,
    `unit` String COMMENT 'unit of all amounts: ISO 4217, or a program''s own',
    `legs` Array(Tuple(account String, amount Int64)) COMMENT 'minor units, signed; they sum to zero',
    `balance` Tuple(payable Int64, pending Int64, in_transit Int64, paid Int64) COMMENT 'minor units, right after the entry, at its at',
    `reason` String,
    `rule` String,
    `terms` Int64 COMMENT 'version of the terms that decided the amount',
    `terms_at` String COMMENT 'position of the decision that added them',
    `base` Int64 COMMENT 'what was commissioned or refunded, minor units',
    `available_at` Int64 COMMENT 'when the hold ends, milliseconds since 1970 UTC; 0: at once',
    `deal` String,
    `event_id` String,
    `payout` String,
    `conversion` String COMMENT 'position of the conversion behind it',
    `click_id` String,
    `previous` String COMMENT 'SHA-256 (hex) of the bytes of the partner''s previous entry',
    `booked` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(at, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (partner, `partition`, `n`)
SETTINGS min_bytes_for_wide_part = 134217728, fsync_after_insert = 1, fsync_part_directory = 1;
