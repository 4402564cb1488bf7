-- Answers to what-ifs (`pledger replay --what-if … --to-warehouse NAME`). They come from no
-- record of the log: after the tables were made anew they are asked again.
CREATE TABLE IF NOT EXISTS what_if_answers
(
    `run` String COMMENT 'name of the answer; a new one of the same name takes its place',
    `answered_at` Int64 COMMENT 'when it was answered, milliseconds since 1970 UTC',
    `asked` String COMMENT 'candidate terms and the time they are for, JSON',
    `conversions` UInt64 COMMENT 'conversions that were decided again'
)
ENGINE = MergeTree
ORDER BY (run, answered_at);

CREATE TABLE IF NOT EXISTS what_if_amounts
(
    `run` String COMMENT 'name of the answer',
    `answered_at` Int64 COMMENT 'of which answer of that name, milliseconds since 1970 UTC',
    `program` String,
    `partner` String,
    `kind` LowCardinality(String) COMMENT 'rule, tiers, bonus, override; adjustment, award, payment_received',
    `rule` String,
    `unit` LowCardinality(String) COMMENT 'currency, or a unit of the program such as acme:credit',
    `actual` Int64 COMMENT 'what the partner is owed for by the rule, minor units of unit',
    `what_if` Int64 COMMENT 'what it would have been, minor units of unit',
    `deals` UInt64 COMMENT 'deals and leads the rule gave something for',
    `what_if_deals` UInt64 COMMENT 'for which it would have',
    `moved_deals` UInt64 COMMENT 'for which the amounts differ'
)
ENGINE = MergeTree
ORDER BY (run, answered_at, program, partner, kind, rule, unit);

CREATE OR REPLACE VIEW what_if AS
SELECT
    amounts.run AS run,
    amounts.program AS program,
    amounts.partner AS partner,
    amounts.kind AS kind,
    amounts.rule AS rule,
    amounts.unit AS unit,
    amounts.actual AS actual,
    amounts.what_if AS what_if,
    amounts.what_if - amounts.actual AS difference,
    amounts.deals AS deals,
    amounts.what_if_deals AS what_if_deals,
    amounts.moved_deals AS moved_deals,
    fromUnixTimestamp64Milli(amounts.answered_at, 'UTC') AS answered
FROM what_if_amounts AS amounts
INNER JOIN (SELECT run, max(answered_at) AS answered_at FROM what_if_answers GROUP BY run) AS newest
    ON amounts.run = newest.run AND amounts.answered_at = newest.answered_at
COMMENT 'What would have been paid under other terms, the newest answer of each name (run): by partner, rule and unit, minor units';
