-- Tables and views as of a moment, in both senses: what was true before as_of, of what was recorded
-- before known (docs/as-of.md). Each has the name of the view it stands beside, with _as_of:
--
--     SELECT * FROM partner_balances_as_of(as_of = '2026-03-01', known = '2026-03-01')   -- then
--     SELECT * FROM partner_balances_as_of(as_of = '2026-03-01', known = now64(3))       -- now
--
-- An entry was true when the conversion it is about happened, and never after it was recorded
-- (projections/effective.py says the same in Python, and a test compares the two). Of engine 1
-- the attribution has the conversion's time. What refunds took back of a commission that was
-- rejected later is dated with it: such a commission was never owed.
CREATE OR REPLACE VIEW journal_entries_as_of AS
WITH
    known_entries AS
    (
        SELECT
            entries.*,
            entries.booked AS booked,
            multiIf(
                entries.kind NOT IN ('commission', 'clawback', 'held', 'released', 'rejected', 'adjusted'), entries.at,
                entries.occurred_at != 0, least(entries.at, entries.occurred_at),
                told.source = '', entries.at,
                least(entries.at, told.occurred_at)) AS own_time
        FROM
        (
            SELECT *, booked
            FROM journal_entries FINAL
            WHERE at < toUnixTimestamp64Milli({known:DateTime64(3, 'UTC')})
        ) AS entries
        LEFT JOIN
        (
            SELECT source, occurred_at
            FROM attributions FINAL
            WHERE source IN (SELECT conversion FROM journal_entries WHERE occurred_at = 0 AND conversion != '')
        ) AS told ON entries.conversion = told.source
    )
SELECT
    entries.* EXCEPT (own_time),
    if(entries.kind = 'clawback' AND rejected.partner != '', least(entries.at, rejected.own_time), entries.own_time) AS effective,
    fromUnixTimestamp64Milli(effective, 'UTC') AS happened
FROM known_entries AS entries
ASOF LEFT JOIN
(
    SELECT partner, program, via, deal, n, own_time
    FROM known_entries
    WHERE kind = 'rejected'
) AS rejected
    ON entries.partner = rejected.partner AND entries.program = rejected.program
    AND entries.via = rejected.via AND entries.deal = rejected.deal AND entries.n < rejected.n
WHERE effective < toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})
COMMENT 'Journal entries that were true before as_of, of those recorded before known; effective: when what it books was true, ms; happened: the same as a time';

CREATE OR REPLACE VIEW journal_legs_as_of AS
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
    effective,
    happened,
    leg.account = 'payable' AND arrayExists(other -> other.account = 'wholesale' AND other.rule = leg.rule, legs) AS collected,
    if(leg.account = 'payable' AND available_at = 0 AND entries.available_at <= at AND NOT collected, entries.available_at, available_at) AS pending_until
FROM journal_entries_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) AS entries
ARRAY JOIN legs AS leg, arrayEnumerate(legs) AS index
COMMENT 'The legs of the journal that were true before as_of, as known before known, one row each: amount in minor units of unit, signed; rule: what caused it; available_at: until when a payable leg is pending, ms; pending_until: the same at any moment, also before it was booked; collected: payable because the partner took the customer''s money itself, so no commission';

CREATE OR REPLACE VIEW partner_balances_as_of AS
SELECT
    partner,
    program,
    unit,
    sumIf(legs.amount, account = 'payable' AND pending_until > toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})) AS pending,
    sumIf(legs.amount, account = 'payable' AND pending_until <= toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})) AS available,
    sumIf(legs.amount, account = 'payable') AS payable,
    sumIf(legs.amount, account = 'in_transit') AS in_transit,
    sumIf(legs.amount, account = 'paid') AS paid,
    uniqExact(`partition`, n) AS entries,
    fromUnixTimestamp64Milli(max(at), 'UTC') AS newest
FROM journal_legs_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) AS legs
WHERE account IN ('payable', 'in_transit', 'paid')
GROUP BY partner, program, unit
COMMENT 'Balances as of as_of, as known before known, minor units of unit: payable = pending + available; in_transit: payouts under way; paid: settled';

CREATE OR REPLACE VIEW trial_balance_as_of AS
SELECT
    unit,
    sumIf(amount, account = 'commissions') AS commissions,
    sumIf(amount, account = 'payable') AS payable,
    sumIf(amount, account = 'in_transit') AS in_transit,
    sumIf(amount, account = 'paid') AS paid,
    sumIf(amount, account = 'wholesale') AS wholesale,
    sumIf(amount, account = 'receipts') AS receipts,
    sumIf(amount, account = 'fees') AS fees,
    sumIf(amount, account = 'withholding') AS withholding,
    sumIf(amount, account = 'exchange') AS exchange,
    sumIf(amount, account = 'rounding') AS rounding,
    sum(amount) AS balance,
    count() AS legs
FROM journal_legs_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
GROUP BY unit
COMMENT 'All legs by unit, minor units; balance is zero for every unit';

CREATE OR REPLACE VIEW earned_by_rule_as_of AS
SELECT
    program,
    partner,
    unit,
    rule,
    sumIf(moved, moved > 0) AS earned,
    sumIf(moved, moved < 0) AS taken_back,
    sum(moved) AS commission,
    uniqExactIf(if(deal = '', event_id, deal), deal = '', deal != '' OR event_id != '') AS conversions
FROM
(
    SELECT program, partner, unit, rule, deal, event_id, sum(amount) AS moved
    FROM journal_legs_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE account = 'payable' AND NOT collected
        AND kind IN ('commission', 'clawback', 'released', 'rejected', 'adjusted', 'award')
    GROUP BY program, partner, unit, rule, deal, event_id, `partition`, n
)
GROUP BY program, partner, unit, rule
COMMENT 'What each rule, tier, bonus, override and prize gave each partner, minor units of unit; conversions: deals and leads it gave or took something by';

CREATE OR REPLACE VIEW attributions_as_of AS
SELECT *, occurred
FROM attributions FINAL
WHERE recorded_at < toUnixTimestamp64Milli({known:DateTime64(3, 'UTC')})
    AND least(occurred_at, recorded_at) < toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})
COMMENT 'Attributions of conversions that happened before as_of, of those recorded before known';

CREATE OR REPLACE VIEW first_clicks_as_of AS
SELECT *, occurred, recorded
FROM clicks
WHERE recorded_at < toUnixTimestamp64Milli({known:DateTime64(3, 'UTC')})
    AND least(occurred_at, recorded_at) < toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})
ORDER BY link, click_id, `partition`, `offset`
LIMIT 1 BY link, click_id
COMMENT 'Every click that happened before as_of, of those recorded before known, once';

CREATE OR REPLACE VIEW conversion_outcomes_as_of AS
SELECT
    facts.*,
    facts.occurred AS occurred,
    facts.recorded AS recorded,
    if(decided.outcome = '', 'waiting', decided.outcome) AS outcome,
    decided.reason AS outcome_reason,
    decided.credits AS credits,
    decided.refunded AS refunded,
    decided.unmatched AS unmatched
FROM
(
    SELECT *, occurred, recorded
    FROM conversions FINAL
    WHERE recorded_at < toUnixTimestamp64Milli({known:DateTime64(3, 'UTC')})
        AND least(occurred_at, recorded_at) < toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})
) AS facts
LEFT JOIN (SELECT `partition`, n, outcome, reason, credits, refunded, unmatched FROM attributions FINAL) AS decided
    ON facts.`partition` = decided.`partition` AND facts.`offset` = decided.n
COMMENT 'Conversion records that happened before as_of, of those recorded before known, repeats and conflicts too, with their outcome';

-- A decision is true from when it was recorded; none is dated back. What one says of another time
-- stands in it: from when terms are in force, when an agreement was accepted, the day of a rate.
CREATE OR REPLACE VIEW decisions_as_of AS
SELECT *, recorded
FROM decisions FINAL
WHERE recorded < least({as_of:DateTime64(3, 'UTC')}, {known:DateTime64(3, 'UTC')})
COMMENT 'Decisions recorded before as_of and before known';

-- Bitemporal: known by when they were added, in force by what they say. Of the versions known,
-- the one that begins last, not after as_of, is in force; of equal ones the greatest version.
CREATE OR REPLACE VIEW terms_as_of AS
SELECT
    versions.*,
    multiIf(
        effective_from > {as_of:DateTime64(3, 'UTC')}, 'later',
        row_number() OVER (PARTITION BY program, partner, effective_from <= {as_of:DateTime64(3, 'UTC')} ORDER BY effective_from DESC, version DESC) = 1, 'in force',
        'replaced') AS state
FROM
(
    SELECT
        JSONExtractString(state, 'program') AS program,
        JSONExtractInt(state, 'terms', 'version') AS version,
        fromUnixTimestamp64Milli(JSONExtractInt(state, 'terms', 'effective_from'), 'UTC') AS effective_from,
        JSONExtract(state, 'terms', 'rules', 'Array(Tuple(name String, event String, type String, amount Int64, currency String))') AS rules,
        if(JSONHas(state, 'terms', 'attribution'), JSONExtractString(state, 'terms', 'attribution'), 'last_touch') AS attribution,
        if(JSONHas(state, 'terms', 'window_days'), JSONExtractInt(state, 'terms', 'window_days'), 30) AS window_days,
        if(JSONHas(state, 'terms', 'signup_window_days'), JSONExtractInt(state, 'terms', 'signup_window_days'), 365) AS signup_window_days,
        if(JSONHas(state, 'terms', 'hold_days'), JSONExtractInt(state, 'terms', 'hold_days'), 30) AS hold_days,
        if(JSONHas(state, 'terms', 'engine'), JSONExtractString(state, 'terms', 'engine'), '1') AS engine,
        JSONExtractString(state, 'terms', 'partner') AS partner,
        JSONExtractRaw(state, 'terms') AS whole,
        number,
        concat('decisions/', toString(`partition`), '/', toString(`offset`)) AS position
    FROM decisions FINAL
    WHERE name = 'program.terms_added' AND recorded < {known:DateTime64(3, 'UTC')}
) AS versions
COMMENT 'Versions of terms known before known; state at as_of: in force, replaced or later. partner: of individual terms, which come before the general ones';

CREATE OR REPLACE VIEW programs_as_of AS
SELECT
    JSONExtractString(state, 'program') AS program,
    argMaxIf(JSONExtractString(state, 'name'), number, name = 'program.created') AS title,
    argMaxIf(JSONExtractString(state, 'currency'), number, name = 'program.created') AS currency,
    if(argMaxIf(name, number, name IN ('program.created', 'program.paused', 'program.resumed')) = 'program.paused', 'paused', 'active') AS status,
    maxIf(JSONExtractInt(state, 'terms', 'version'), name = 'program.terms_added') AS newest_terms,
    minIf(recorded, name = 'program.created') AS created
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
WHERE name LIKE 'program.%'
GROUP BY program
COMMENT 'Programs: title, currency (ISO 4217), status (active, paused), newest version of their terms';

CREATE OR REPLACE VIEW partners_as_of AS
SELECT
    known.partner AS partner,
    known.title AS title,
    agreed.program AS program,
    if(agreed.program = '', 'registered', agreed.status) AS status,
    agreed.reason AS reason,
    known.registered AS registered,
    agreed.since AS since
FROM
(
    SELECT
        JSONExtractString(state, 'partner') AS partner,
        if(startsWith(JSONExtractString(state, 'name'), 'sealed:1:'), partner, JSONExtractString(state, 'name')) AS title,
        recorded AS registered
    FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE name = 'partner.registered'
) AS known
LEFT JOIN
(
    SELECT
        JSONExtractString(state, 'partner') AS partner,
        JSONExtractString(state, 'program') AS program,
        replaceOne(argMax(name, number), 'partner.', '') AS status,
        argMax(JSONExtractString(state, 'reason'), number) AS reason,
        max(recorded) AS since
    FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE name IN ('partner.applied', 'partner.approved', 'partner.suspended')
    GROUP BY partner, program
) AS agreed ON known.partner = agreed.partner
COMMENT 'Partners with their status in each program: registered (in none), applied, approved, suspended; title: the name, or the id where the name is sealed';

CREATE OR REPLACE VIEW links_as_of AS
SELECT
    JSONExtractString(state, 'link') AS link,
    argMaxIf(JSONExtractString(state, 'program'), number, name = 'link.created') AS program,
    argMaxIf(JSONExtractString(state, 'partner'), number, name = 'link.created') AS partner,
    argMaxIf(JSONExtractString(state, 'destination'), number, name = 'link.created') AS destination,
    if(argMax(name, number) = 'link.disabled', 'disabled', 'active') AS status,
    min(recorded) AS created
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
WHERE name IN ('link.created', 'link.disabled')
GROUP BY link
COMMENT 'Links: whose they are and the only place they lead to; status active or disabled';

CREATE OR REPLACE VIEW coupons_as_of AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'code') AS code,
    argMaxIf(JSONExtractString(state, 'partner'), number, name = 'coupon.created') AS partner,
    if(argMax(name, number) = 'coupon.retired', 'retired', 'active') AS status,
    min(recorded) AS created
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
WHERE name IN ('coupon.created', 'coupon.retired')
GROUP BY program, code
COMMENT 'Coupons: which partner a code credits; status active or retired';

CREATE OR REPLACE VIEW agreements_as_of AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractInt(state, 'version') AS version,
    JSONExtractString(state, 'title') AS title,
    JSONExtractString(state, 'sha256') AS sha256,
    JSONExtractInt(state, 'terms') AS terms,
    JSONExtractString(state, 'by') AS published_by,
    recorded AS published
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
WHERE name = 'agreement.published'
COMMENT 'Versions of the programs'' agreements; sha256: of the text that was shown';

CREATE OR REPLACE VIEW acceptances_as_of AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'partner') AS partner,
    JSONExtractInt(state, 'version') AS version,
    if(startsWith(JSONExtractString(state, 'person'), 'sealed:1:'), '[sealed]', JSONExtractString(state, 'person')) AS person,
    JSONExtractString(state, 'sha256') AS sha256,
    fromUnixTimestamp64Milli(JSONExtractInt(state, 'accepted_at'), 'UTC') AS accepted
FROM decisions FINAL
WHERE name = 'agreement.accepted' AND recorded < {known:DateTime64(3, 'UTC')}
    AND JSONExtractInt(state, 'accepted_at') < toUnixTimestamp64Milli({as_of:DateTime64(3, 'UTC')})
COMMENT 'Agreements accepted before as_of, of those recorded before known';

CREATE OR REPLACE VIEW registrations_as_of AS
SELECT
    JSONExtractString(state, 'registration') AS registration,
    anyIf(JSONExtractString(state, 'program'), name = 'registration.submitted') AS program,
    anyIf(JSONExtractString(state, 'partner'), name = 'registration.submitted') AS partner,
    anyIf(JSONExtractString(state, 'customer'), name = 'registration.submitted') AS customer,
    anyIf(JSONExtractString(state, 'kind'), name = 'registration.submitted') AS kind,
    argMaxIf(name, number, name != 'registration.updated') AS newest,
    replaceOne(newest, 'registration.', '') AS status,
    argMaxIf(JSONExtractString(state, 'title'), number, name IN ('registration.submitted', 'registration.updated') AND JSONExtractString(state, 'title') != '') AS said,
    if(startsWith(said, 'sealed:1:'), registration, said) AS title,
    argMaxIf(JSONExtractInt(state, 'amount'), number, name IN ('registration.submitted', 'registration.updated', 'registration.won') AND JSONExtractInt(state, 'amount') != 0) AS amount,
    argMaxIf(JSONExtractString(state, 'currency'), number, name IN ('registration.submitted', 'registration.updated', 'registration.won') AND JSONExtractString(state, 'currency') != '') AS currency,
    anyIf(JSONExtractString(state, 'deal'), name = 'registration.won') AS deal,
    argMaxIf(JSONExtractString(state, 'reason'), number, name IN ('registration.rejected', 'registration.lost')) AS reason,
    min(recorded) AS submitted,
    minIf(toNullable(recorded), name = 'registration.approved') AS approved
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
WHERE name LIKE 'registration.%'
GROUP BY registration
COMMENT 'Leads and deals that partners registered; amount: expected or won, minor units of currency; title: the id where it is sealed; said: the title as it stands in the log';

CREATE OR REPLACE VIEW reviews_as_of AS
SELECT
    number,
    replaceOne(name, 'commission.', '') AS step,
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'partner') AS partner,
    JSONExtractString(state, 'deal') AS deal,
    JSONExtractString(state, 'event_id') AS event_id,
    JSONExtractString(state, 'via') AS via,
    JSONExtractInt(state, 'amount') AS amount,
    JSONExtractString(state, 'reason') AS reason,
    JSONExtractString(state, 'by') AS decided_by,
    recorded AS decided
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
WHERE name LIKE 'commission.%'
COMMENT 'What people decided of single commissions; via: of an override, the sub-partner; amount: of an adjustment, minor units, signed';

CREATE OR REPLACE VIEW exchange_rates_as_of AS
SELECT
    JSONExtractString(state, 'source') AS source,
    toDate(JSONExtractString(state, 'date')) AS date,
    JSONExtractString(state, 'base') AS from_currency,
    pair.1 AS to_currency,
    pair.2 AS rate,
    number,
    concat('decisions/', toString(`partition`), '/', toString(`offset`)) AS position
FROM decisions FINAL
ARRAY JOIN JSONExtractKeysAndValues(state, 'rates', 'String') AS pair
WHERE name = 'rates.set' AND recorded < {known:DateTime64(3, 'UTC')}
    AND toDateTime64(toDate(JSONExtractString(state, 'date')), 3, 'UTC') < {as_of:DateTime64(3, 'UTC')}
COMMENT 'Rates of exchange for days that began before as_of, of those set before known; of two for a day the greater number counts';

CREATE OR REPLACE VIEW payouts_as_of AS
SELECT
    told.*,
    -moved.payable AS gross,
    moved.withheld AS withheld,
    moved.kept AS fees
FROM
(
    SELECT
        JSONExtractString(state, 'payout') AS payout,
        anyIf(JSONExtractString(state, 'program'), name IN ('payout.requested', 'payout.proposed')) AS program,
        anyIf(JSONExtractString(state, 'partner'), name IN ('payout.requested', 'payout.proposed')) AS partner,
        anyIf(JSONExtractString(state, 'unit'), name IN ('payout.requested', 'payout.proposed')) AS unit,
        anyIf(JSONExtractInt(state, 'amount'), name IN ('payout.requested', 'payout.proposed')) AS requested,
        anyIf(JSONExtractInt(state, 'amount'), name = 'payout.funded') AS amount,
        if(argMax(name, number) = 'payout.approved', 'requested', replaceOne(argMax(name, number), 'payout.', '')) AS status,
        anyIf(JSONExtractString(state, 'run'), name IN ('payout.requested', 'payout.proposed')) AS run,
        anyIf(JSONExtractString(state, 'by'), name IN ('payout.requested', 'payout.proposed')) AS requested_by,
        anyIf(JSONExtractString(state, 'by'), name = 'payout.approved') AS approved_by,
        argMaxIf(JSONExtractString(state, 'reason'), number, name IN ('payout.refused', 'payout.failed', 'payout.returned', 'payout.canceled')) AS reason,
        argMaxIf(JSONExtractString(state, 'reference'), number, name IN ('payout.sent', 'payout.settled')) AS reference,
        anyIf(JSONExtractString(state, 'entry'), name IN ('payout.funded', 'payout.refused')) AS entry,
        minIf(toNullable(recorded), name IN ('payout.requested', 'payout.proposed')) AS requested_on,
        minIf(toNullable(recorded), name = 'payout.funded') AS funded_on,
        minIf(toNullable(recorded), name = 'payout.sent') AS sent_on,
        minIf(toNullable(recorded), name IN ('payout.settled', 'payout.failed', 'payout.refused', 'payout.canceled')) AS ended_on
    FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE name LIKE 'payout.%'
    GROUP BY payout
) AS told
LEFT JOIN
(
    SELECT
        payout,
        any(arraySum(leg -> if(leg.account = 'payable', leg.amount, 0), legs)) AS payable,
        any(arraySum(leg -> if(leg.account = 'withholding', leg.amount, 0), legs)) AS withheld,
        any(arraySum(leg -> if(leg.account = 'fees', leg.amount, 0), legs)) AS kept
    FROM journal_entries_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE kind = 'payout_funded'
    GROUP BY payout
) AS moved ON told.payout = moved.payout
COMMENT 'Payouts: requested (minor units, 0: all that is available), amount (minor units, funded), what of the gross was withheld and kept as fees, status, and the journal entry that funded or refused it';

CREATE OR REPLACE VIEW payout_runs_as_of AS
SELECT
    runs.run AS run,
    runs.program AS program,
    runs.unit AS unit,
    runs.payouts AS payouts,
    toInt64(countIf(paid.status = 'settled')) AS settled,
    toInt64(countIf(paid.status IN ('refused', 'failed', 'returned', 'canceled'))) AS unpaid,
    sum(paid.amount) AS amount,
    runs.started AS started
FROM
(
    SELECT
        JSONExtractString(state, 'run') AS run,
        JSONExtractString(state, 'program') AS program,
        JSONExtractString(state, 'unit') AS unit,
        toInt64(JSONLength(state, 'payouts')) AS payouts,
        recorded AS started
    FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE name = 'run.started'
) AS runs
LEFT JOIN payouts_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) AS paid ON paid.run = runs.run
GROUP BY run, program, unit, payouts, started
COMMENT 'Payout runs: how many payouts, how they ended, and what was set aside, minor units of unit';

CREATE OR REPLACE VIEW invoices_as_of AS
SELECT
    JSONExtractString(state, 'invoice') AS invoice,
    JSONExtractInt(state, 'number') AS number,
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'period') AS period,
    total.1 AS unit,
    total.2 AS amount,
    JSONExtractInt(state, 'entries') AS entries,
    JSONExtractString(state, 'sha256') AS sha256,
    recorded AS issued
FROM decisions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
LEFT ARRAY JOIN JSONExtractKeysAndValues(state, 'totals', 'Int64') AS total
WHERE name = 'invoice.issued'
COMMENT 'Invoices to programs, one row a unit: amount in minor units of unit, cut at exact positions of the journal';

CREATE OR REPLACE VIEW partner_daily_as_of AS
SELECT
    date,
    program,
    partner,
    currency,
    sum(d.valid_clicks) AS valid_clicks,
    sum(d.invalid_clicks) AS invalid_clicks,
    sum(d.signups) AS signups,
    sum(d.deals) AS deals,
    sum(d.shares) AS shares,
    sum(d.amount) AS amount,
    sum(d.refunded) AS refunded,
    sum(d.commission) AS commission,
    sum(d.wholesale) AS wholesale,
    if(valid_clicks = 0, NULL, commission / valid_clicks) AS epc,
    if(valid_clicks = 0, NULL, (signups + deals) / valid_clicks) AS cr
FROM
(
    SELECT toDate(c.occurred) AS date, c.program AS program, c.partner AS partner, p.currency AS currency,
        toInt64(countIf(empty(c.invalid))) AS valid_clicks, toInt64(countIf(notEmpty(c.invalid))) AS invalid_clicks,
        toInt64(0) AS signups, toInt64(0) AS deals, toInt64(0) AS shares, toInt64(0) AS amount, toInt64(0) AS refunded,
        toInt64(0) AS commission, toInt64(0) AS wholesale
    FROM (SELECT program, partner, occurred, invalid FROM first_clicks_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})) AS c
    LEFT JOIN programs_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) AS p ON c.program = p.program
    GROUP BY date, program, partner, currency
    UNION ALL
    SELECT toDate(a.occurred) AS date, a.program AS program, credit.partner AS partner, if(a.currency = '', p.currency, a.currency) AS currency,
        0, 0, sum(if(a.kind = 'lead', sign, 0)), sum(if(a.kind IN ('sale', 'renewal'), sign, 0)),
        sum(if(a.kind IN ('sale', 'renewal'), sign * credit.share, 0)),
        sum(sign * toInt64(intDiv(toInt128(a.amount) * (credit.before + credit.share) * 2 + 10000, 20000) - intDiv(toInt128(a.amount) * credit.before * 2 + 10000, 20000))), 0, 0, 0
    FROM
    (
        SELECT program, occurred, kind, amount, currency, toInt64(1) AS sign, arrayJoin(credits) AS credit
        FROM attributions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
        WHERE outcome IN ('credited', 'assigned')
        UNION ALL
        SELECT program, occurred, kind, amount, currency, toInt64(-1) AS sign, arrayJoin(withdrawn) AS credit
        FROM attributions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
        WHERE outcome = 'assigned'
    ) AS a
    LEFT JOIN programs_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) AS p ON a.program = p.program
    WHERE credit.level = 0
    GROUP BY date, program, partner, currency
    UNION ALL
    SELECT toDate(occurred) AS date, program, credit.partner AS partner, currency,
        0, 0, 0, 0, 0, 0, sum(sign * toInt64(intDiv(toInt128(amount) * (credit.before + credit.share) * 2 + 10000, 20000) - intDiv(toInt128(amount) * credit.before * 2 + 10000, 20000))), 0, 0
    FROM
    (
        SELECT program, occurred, currency, part.amount AS amount, toInt64(1) AS sign, arrayJoin(part.credits) AS credit
        FROM (SELECT program, occurred, currency, arrayJoin(refunded) AS part FROM attributions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) WHERE outcome IN ('refunded', 'assigned'))
        UNION ALL
        SELECT program, occurred, currency, part.amount AS amount, toInt64(-1) AS sign, arrayJoin(withdrawn) AS credit
        FROM (SELECT program, occurred, currency, withdrawn, arrayJoin(refunded) AS part FROM attributions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) WHERE outcome = 'assigned')
    )
    WHERE credit.level = 0
    GROUP BY date, program, partner, currency
    UNION ALL
    SELECT toDate(if(e.occurred_at > 0, fromUnixTimestamp64Milli(e.occurred_at, 'UTC'), if(a.source = '', e.booked, a.occurred))) AS date,
        e.program AS program, e.partner AS partner, e.unit AS currency,
        0, 0, 0, 0, 0, 0, 0, sumIf(e.amount, NOT e.collected), -sumIf(e.amount, e.collected)
    FROM (SELECT program, partner, unit, amount, conversion, occurred_at, booked, collected FROM journal_legs_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')}) WHERE account = 'payable' AND kind IN ('commission', 'clawback', 'released', 'rejected', 'adjusted', 'award', 'adjustment')) AS e
    LEFT JOIN (SELECT source, occurred FROM attributions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})) AS a ON e.conversion = a.source
    GROUP BY date, program, partner, currency
) AS d
GROUP BY date, program, partner, currency
COMMENT 'By UTC day, program, partner and currency: clicks valid and invalid, signups, deals, shares (of the deals, basis points: 10000 is a whole one), amount sold and refunded and commission (minor units), wholesale (owed by a partner that collects), EPC (minor units per valid click), CR (conversions per valid click)';

CREATE OR REPLACE VIEW program_funnel_as_of AS
SELECT
    program,
    sum(f.valid_clicks) AS valid_clicks,
    sum(f.invalid_clicks) AS invalid_clicks,
    sum(f.signups) AS signups,
    sum(f.credited_signups) AS credited_signups,
    sum(f.deals) AS deals,
    sum(f.credited_deals) AS credited_deals,
    sum(f.refunds) AS refunds,
    sum(f.unmatched_refunds) AS unmatched_refunds,
    sum(f.ignored) AS ignored,
    if(valid_clicks = 0, NULL, (signups + deals) / valid_clicks) AS cr
FROM
(
    SELECT program, toInt64(countIf(empty(invalid))) AS valid_clicks, toInt64(countIf(notEmpty(invalid))) AS invalid_clicks,
        toInt64(0) AS signups, toInt64(0) AS credited_signups, toInt64(0) AS deals, toInt64(0) AS credited_deals,
        toInt64(0) AS refunds, toInt64(0) AS unmatched_refunds, toInt64(0) AS ignored
    FROM first_clicks_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    GROUP BY program
    UNION ALL
    SELECT program, 0, 0,
        toInt64(countIf(kind = 'lead' AND outcome IN ('credited', 'unattributed'))),
        toInt64(countIf(kind = 'lead' AND outcome = 'credited')),
        toInt64(countIf(kind IN ('sale', 'renewal') AND outcome IN ('credited', 'unattributed'))),
        toInt64(countIf(kind IN ('sale', 'renewal') AND (outcome = 'credited' OR (outcome = 'assigned' AND empty(withdrawn))))),
        toInt64(countIf(outcome = 'refunded')),
        toInt64(countIf(outcome = 'unmatched')),
        toInt64(countIf(outcome IN ('duplicate', 'conflict')))
    FROM attributions_as_of(as_of={as_of:DateTime64(3, 'UTC')}, known={known:DateTime64(3, 'UTC')})
    WHERE outcome != 'unreadable'
    GROUP BY program
) AS f
GROUP BY program
COMMENT 'From click to deal by program; ignored: repeats and conflicts, which count nowhere else';
