-- Who decided what, from where and under which key: what a record says of its origin, beside
-- what a decision says of itself. Records of earlier releases say nothing of their origin.
ALTER TABLE decisions ADD COLUMN IF NOT EXISTS `origin_via` LowCardinality(String) COMMENT 'cli, api, worker or scheduler; empty: the record does not say';
ALTER TABLE decisions ADD COLUMN IF NOT EXISTS `origin_by` String COMMENT 'the person, or the holder of the API key';
ALTER TABLE decisions ADD COLUMN IF NOT EXISTS `origin_source` String COMMENT 'command line: user@host; API: the address of the caller; workers: the host';
ALTER TABLE decisions ADD COLUMN IF NOT EXISTS `origin_key` String COMMENT 'id of the API key that was shown';

CREATE OR REPLACE VIEW trail AS
SELECT
    number,
    recorded AS decided,
    if(origin_key != '' OR named = '', origin_by, named) AS person,
    origin_key != '' AS proved,
    name,
    aggregate,
    arrayDistinct(arrayFilter(
        text -> text != '',
        arrayConcat(
            [aggregate, if(position(aggregate, ':') > 0, substring(aggregate, position(aggregate, ':') + 1), ''), program, partner],
            arrayMap(
                field -> JSONExtractString(state, field),
                ['parent', 'customer', 'link', 'code', 'registration', 'deal', 'event_id', 'adjustment', 'receipt', 'contest', 'payout', 'run', 'invoice', 'key', 'person', 'subject']
            )
        )
    )) AS about,
    program,
    partner,
    JSONExtractString(state, 'payout') AS payout,
    JSONExtractString(state, 'reason') AS reason,
    origin_via AS via,
    origin_source AS source,
    origin_key AS `key`,
    concat('decisions/', toString(`partition`), '/', toString(`offset`)) AS `position`,
    recorded_at,
    state
FROM
(
    SELECT
        *,
        recorded,
        JSONExtractString(state, 'by') AS named,
        JSONExtractString(state, 'program') AS own_program,
        JSONExtractString(state, 'partner') AS own_partner,
        first_value(own_program) OVER (PARTITION BY aggregate ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS first_program,
        first_value(own_partner) OVER (PARTITION BY aggregate ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS first_partner,
        if(own_program = '', first_program, own_program) AS program,
        if(own_partner = '', first_partner, own_partner) AS partner
    FROM decisions FINAL
)
COMMENT 'Who decided what, when, from where and under which key; proved: the key says who. about: aggregate, its id, and whom and what the decision names; program and partner also where only the first decision of the aggregate named them';
