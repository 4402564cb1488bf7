-- Counts and money by day. A day is the UTC day on which the click, conversion or refund happened.
-- Money never mixes currencies: a row is one currency, and clicks and signups stand with the
-- program's own. Repeats, conflicts and unmatched refunds are not in here.
--
-- A shared deal stands once with each of its partners, its amount in parts that add up to the
-- whole; `shares` says how much of the deals is the partner's. One that was assigned stands with
-- who has it now: on the day of the deal it leaves those it was withdrawn from, and so does what
-- was refunded of it before. Overrides are commission without a deal.
CREATE OR REPLACE VIEW partner_daily AS
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
    FROM (SELECT program, partner, occurred, invalid FROM first_clicks) AS c
    LEFT JOIN programs AS p ON c.program = p.program
    GROUP BY date, program, partner, currency
    UNION ALL
    SELECT toDate(a.occurred) AS date, a.program AS program, credit.partner AS partner, if(a.currency = '', p.currency, a.currency) AS currency,
        0, 0, sum(if(a.kind = 'lead', sign, 0)), sum(if(a.kind IN ('sale', 'renewal'), sign, 0)),
        sum(if(a.kind IN ('sale', 'renewal'), sign * credit.share, 0)),
        sum(sign * toInt64(intDiv(toInt128(a.amount) * (credit.before + credit.share) * 2 + 10000, 20000) - intDiv(toInt128(a.amount) * credit.before * 2 + 10000, 20000))), 0, 0, 0
    FROM
    (
        SELECT program, occurred, kind, amount, currency, toInt64(1) AS sign, arrayJoin(credits) AS credit
        FROM attributions FINAL
        WHERE outcome IN ('credited', 'assigned')
        UNION ALL
        SELECT program, occurred, kind, amount, currency, toInt64(-1) AS sign, arrayJoin(withdrawn) AS credit
        FROM attributions FINAL
        WHERE outcome = 'assigned'
    ) AS a
    LEFT JOIN programs AS p ON a.program = p.program
    WHERE credit.level = 0
    GROUP BY date, program, partner, currency
    UNION ALL
    SELECT toDate(occurred) AS date, program, credit.partner AS partner, currency,
        0, 0, 0, 0, 0, 0, sum(sign * toInt64(intDiv(toInt128(amount) * (credit.before + credit.share) * 2 + 10000, 20000) - intDiv(toInt128(amount) * credit.before * 2 + 10000, 20000))), 0, 0
    FROM
    (
        SELECT program, occurred, currency, part.amount AS amount, toInt64(1) AS sign, arrayJoin(part.credits) AS credit
        FROM (SELECT program, occurred, currency, arrayJoin(refunded) AS part FROM attributions FINAL WHERE outcome IN ('refunded', 'assigned'))
        UNION ALL
        SELECT program, occurred, currency, part.amount AS amount, toInt64(-1) AS sign, arrayJoin(withdrawn) AS credit
        FROM (SELECT program, occurred, currency, withdrawn, arrayJoin(refunded) AS part FROM attributions FINAL WHERE outcome = 'assigned')
    )
    WHERE credit.level = 0
    GROUP BY date, program, partner, currency
    UNION ALL
    SELECT toDate(if(e.occurred_at > 0, fromUnixTimestamp64Milli(e.occurred_at, 'UTC'), if(a.source = '', e.booked, a.occurred))) AS date,
        e.program AS program, e.partner AS partner, e.unit AS currency,
        0, 0, 0, 0, 0, 0, 0, sumIf(e.amount, NOT e.collected), -sumIf(e.amount, e.collected)
    FROM (SELECT program, partner, unit, amount, conversion, occurred_at, booked, collected FROM journal_legs WHERE account = 'payable' AND kind IN ('commission', 'clawback', 'released', 'rejected', 'adjusted', 'award', 'adjustment')) AS e
    LEFT JOIN (SELECT source, occurred FROM attributions FINAL) AS a ON e.conversion = a.source
    GROUP BY date, program, partner, currency
) AS d
GROUP BY date, program, partner, currency
COMMENT 'By UTC day, program, partner and currency: clicks valid and invalid, signups, deals, shares (of the deals, basis points: 10000 is a whole one), amount sold and refunded and commission (minor units), wholesale (owed by a partner that collects), EPC (minor units per valid click), CR (conversions per valid click)';

CREATE OR REPLACE VIEW program_funnel AS
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
    FROM first_clicks
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
    FROM attributions FINAL
    WHERE outcome != 'unreadable'
    GROUP BY program
) AS f
GROUP BY program
COMMENT 'From click to deal by program; ignored: repeats and conflicts, which count nowhere else';
