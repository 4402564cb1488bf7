-- What people agreed, registered and decided: folds over decisions.
CREATE OR REPLACE VIEW agreements AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractInt(state, 'version') AS version,
    JSONExtractString(state, 'title') AS title,
    JSONExtractString(state, 'sha256') AS sha256,
    JSONExtractInt(state, 'terms') AS terms,
    JSONExtractString(state, 'by') AS published_by,
    recorded AS published
FROM decisions FINAL
WHERE name = 'agreement.published'
COMMENT 'Versions of the programs'' agreements; sha256: of the text that was shown';

CREATE OR REPLACE VIEW acceptances AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'partner') AS partner,
    JSONExtractInt(state, 'version') AS version,
    JSONExtractString(state, 'person') AS person,
    JSONExtractString(state, 'sha256') AS sha256,
    fromUnixTimestamp64Milli(JSONExtractInt(state, 'accepted_at'), 'UTC') AS accepted
FROM decisions FINAL
WHERE name = 'agreement.accepted'
COMMENT 'Who accepted which version of an agreement for which partner, and when';

CREATE OR REPLACE VIEW registrations AS
SELECT
    JSONExtractString(state, 'registration') AS registration,
    anyIf(JSONExtractString(state, 'program'), name = 'registration.submitted') AS program,
    anyIf(JSONExtractString(state, 'partner'), name = 'registration.submitted') AS partner,
    anyIf(JSONExtractString(state, 'customer'), name = 'registration.submitted') AS customer,
    anyIf(JSONExtractString(state, 'kind'), name = 'registration.submitted') AS kind,
    argMaxIf(name, number, name != 'registration.updated') AS newest,
    replaceOne(newest, 'registration.', '') AS status,
    argMaxIf(JSONExtractString(state, 'title'), number, name IN ('registration.submitted', 'registration.updated') AND JSONExtractString(state, 'title') != '') AS title,
    argMaxIf(JSONExtractInt(state, 'amount'), number, name IN ('registration.submitted', 'registration.updated', 'registration.won') AND JSONExtractInt(state, 'amount') != 0) AS amount,
    argMaxIf(JSONExtractString(state, 'currency'), number, name IN ('registration.submitted', 'registration.updated', 'registration.won') AND JSONExtractString(state, 'currency') != '') AS currency,
    anyIf(JSONExtractString(state, 'deal'), name = 'registration.won') AS deal,
    argMaxIf(JSONExtractString(state, 'reason'), number, name IN ('registration.rejected', 'registration.lost')) AS reason,
    min(recorded) AS submitted,
    minIf(toNullable(recorded), name = 'registration.approved') AS approved
FROM decisions FINAL
WHERE name LIKE 'registration.%'
GROUP BY registration
COMMENT 'Leads and deals that partners registered; amount: expected or won, minor units of currency';

CREATE OR REPLACE VIEW reviews AS
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
FROM decisions FINAL
WHERE name LIKE 'commission.%'
COMMENT 'What people decided of single commissions; via: of an override, the sub-partner; amount: of an adjustment, minor units, signed';

CREATE OR REPLACE VIEW exchange_rates AS
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
WHERE name = 'rates.set'
COMMENT 'Rates of exchange as decided: one from_currency is rate (exact decimal) of to_currency; of two for a day the greater number counts';

CREATE OR REPLACE VIEW payout_runs AS
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
    FROM decisions FINAL
    WHERE name = 'run.started'
) AS runs
LEFT JOIN payouts AS paid ON paid.run = runs.run
GROUP BY run, program, unit, payouts, started
COMMENT 'Payout runs: how many payouts, how they ended, and what was set aside, minor units of unit';

CREATE OR REPLACE VIEW invoices AS
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
FROM decisions FINAL
LEFT ARRAY JOIN JSONExtractKeysAndValues(state, 'totals', 'Int64') AS total
WHERE name = 'invoice.issued'
COMMENT 'Invoices to programs, one row a unit: amount in minor units of unit, cut at exact positions of the journal';
