-- Each fact once, and beside it what became of it.
CREATE OR REPLACE VIEW first_clicks AS
SELECT *, occurred, recorded
FROM clicks
ORDER BY link, click_id, `partition`, `offset`
LIMIT 1 BY link, click_id
COMMENT 'Every click once: the first record of a click_id';

CREATE OR REPLACE VIEW conversion_outcomes AS
SELECT
    facts.*,
    facts.occurred AS occurred,
    facts.recorded AS recorded,
    if(decided.outcome = '', 'waiting', decided.outcome) AS outcome,
    decided.reason AS outcome_reason,
    decided.credits AS credits,
    decided.refunded AS refunded,
    decided.unmatched AS unmatched
FROM (SELECT *, occurred, recorded FROM conversions FINAL) AS facts
LEFT JOIN (SELECT `partition`, n, outcome, reason, credits, refunded, unmatched FROM attributions FINAL) AS decided
    ON facts.`partition` = decided.`partition` AND facts.`offset` = decided.n
COMMENT 'Every conversion record, repeats and conflicts too, with its outcome: credited, unattributed (outcome_reason), refunded, unmatched, duplicate, conflict, or waiting to be attributed';

CREATE OR REPLACE VIEW journal_legs AS
SELECT
    `partition`,
    `offset`,
    n,
    index,
    at,
    booked,
    partner,
    program,
    if(leg.unit = '', entries.unit, leg.unit) AS unit,
    kind,
    leg.account AS account,
    leg.amount AS amount,
    if(leg.rule = '', entries.rule, leg.rule) AS rule,
    deal,
    event_id,
    payout,
    multiIf(leg.account != 'payable', 0, leg.available_at != 0 OR engine = '2', leg.available_at, entries.available_at) AS available_at,
    terms,
    via,
    level,
    conversion,
    run,
    adjustment,
    occurred_at,
    leg.account = 'payable' AND arrayExists(other -> other.account = 'wholesale' AND other.rule = leg.rule, legs) AS collected
FROM (SELECT *, booked FROM journal_entries FINAL) AS entries
ARRAY JOIN legs AS leg, arrayEnumerate(legs) AS index
COMMENT 'The legs of the journal, one row each: amount in minor units of unit, signed; rule: what caused it; available_at: until when a payable leg is pending, ms; collected: payable because the partner took the customer''s money itself, so no commission';
