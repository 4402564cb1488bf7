-- Facts as they stand in the log, one row a record, repeats included. A row is known by its
-- topic position (partition, offset): a sink resumes at max(offset) + 1 of each partition, and
-- two sinks that overlap insert equal rows, of which ReplacingMergeTree keeps one. So read these
-- tables with FINAL, or through the views, which do.
--
-- An insert is on disk before it is answered: after a power failure a later part must not stand
-- without an earlier one, or max(offset) would hide a hole.
--
-- Inserting is what must be fast: a part of less than 128 MiB is written as one file, and text is
-- plain String (with LowCardinality an insert takes 1.7 times as long).
CREATE TABLE IF NOT EXISTS clicks
(
    `partition` Int32 COMMENT 'Kafka partition of topic clicks',
    `offset` Int64 COMMENT 'Kafka offset in that partition',
    `recorded_at` Int64 COMMENT 'broker time, milliseconds since 1970 UTC',
    `click_id` String COMMENT 'signed token; the first record of a click_id counts',
    `link` String,
    `program` String,
    `partner` String,
    `occurred_at` Int64 COMMENT 'time of the click, milliseconds since 1970 UTC',
    `destination` String,
    `referer` String,
    `user_agent` String,
    `device` String,
    `browser` String,
    `os` String,
    `bot` String COMMENT 'name of the crawler, when it is one',
    `country` String COMMENT 'ISO 3166 alpha-2',
    `ip_hash` String COMMENT 'keyed hash, salt rotates daily; the address is never stored',
    `sub1` String,
    `sub2` String,
    `sub3` String,
    `sub4` String,
    `sub5` String,
    `source_id` String,
    `creative_id` String,
    `coupon_code` String,
    `gclid` String,
    `fbclid` String,
    `ttclid` String,
    `external_id` String COMMENT 'the network''s own click id',
    `invalid` Array(String) COMMENT 'why the click does not count; empty: it does',
    `occurred` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(occurred_at, 'UTC'),
    `recorded` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(recorded_at, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (link, click_id, `partition`, `offset`)
SETTINGS min_bytes_for_wide_part = 134217728, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS conversions
(
    `partition` Int32 COMMENT 'Kafka partition of topic conversions',
    `offset` Int64 COMMENT 'Kafka offset in that partition',
    `recorded_at` Int64 COMMENT 'broker time, milliseconds since 1970 UTC',
    `type` String COMMENT 'signup.v1, deal.v1, refund.v1 or assignment.v1',
    `program` String,
    `customer` String,
    `event_id` String COMMENT 'the first record of an event_id counts, within program and customer',
    `event_name` String COMMENT 'signups only; empty: signup',
    `deal` String,
    `kind` String COMMENT 'deals only; empty: sale',
    `amount` Int64 COMMENT 'minor units of currency, without tax and shipping; refunds: given back',
    `currency` String COMMENT 'ISO 4217, or a program''s own unit',
    `quantity` Int64 DEFAULT 1,
    `tax` Int64 COMMENT 'minor units',
    `shipping` Int64 COMMENT 'minor units',
    `items` String COMMENT 'JSON list of {product, quantity (1 unless given), amount (minor units), category}',
    `occurred_at` Int64 COMMENT 'time the sender says, milliseconds since 1970 UTC',
    `known` Int64 COMMENT 'number of decisions the writer had read',
    `click` Tuple(click_id String, link String, clicked_at Int64, problem String) COMMENT 'the click cited; clicked_at in ms',
    `coupon_code` String,
    `partner` String COMMENT 'partner named by the program itself; assignments: who is credited',
    `reason` String COMMENT 'refunds and assignments',
    `metadata` Map(String, String),
    `country` String COMMENT 'ISO 3166-1 alpha-2, of the customer',
    `identity` String COMMENT 'the same for the same person: a keyed hash made by the program',
    `by` String COMMENT 'assignments only: who decided it',
    `occurred` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(occurred_at, 'UTC'),
    `recorded` DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(recorded_at, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (`partition`, `offset`)
SETTINGS min_bytes_for_wide_part = 134217728, fsync_after_insert = 1, fsync_part_directory = 1;
