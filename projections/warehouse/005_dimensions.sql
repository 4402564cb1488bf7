-- Programs, terms, partners, links and coupons as they stand now: folds over decisions.
CREATE OR REPLACE VIEW programs AS
SELECT
    JSONExtractString(state, 'program') AS program,
    argMaxIf(JSONExtractString(state, 'name'), number, name = 'program.created') AS title,
    argMaxIf(JSONExtractString(state, 'currency'), number, name = 'program.created') AS currency,
    if(argMaxIf(name, number, name IN ('program.created', 'program.paused', 'program.resumed')) = 'program.paused', 'paused', 'active') AS status,
    maxIf(JSONExtractInt(state, 'terms', 'version'), name = 'program.terms_added') AS newest_terms,
    minIf(recorded, name = 'program.created') AS created
FROM decisions FINAL
WHERE name LIKE 'program.%'
GROUP BY program
COMMENT 'Programs: title, currency (ISO 4217), status (active, paused), newest version of their terms';

CREATE OR REPLACE VIEW terms AS
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
WHERE name = 'program.terms_added'
COMMENT 'Terms by program and version; a percentage in basis points, a flat amount in minor units, windows and hold in days; partner: of individual terms; whole: all of it, as JSON';

CREATE OR REPLACE VIEW partners AS
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
        JSONExtractString(state, 'name') AS title,
        recorded AS registered
    FROM decisions FINAL
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
    FROM decisions FINAL
    WHERE name IN ('partner.applied', 'partner.approved', 'partner.suspended')
    GROUP BY partner, program
) AS agreed ON known.partner = agreed.partner
COMMENT 'Partners with their status in each program: registered (in none), applied, approved, suspended';

CREATE OR REPLACE VIEW links AS
SELECT
    JSONExtractString(state, 'link') AS link,
    argMaxIf(JSONExtractString(state, 'program'), number, name = 'link.created') AS program,
    argMaxIf(JSONExtractString(state, 'partner'), number, name = 'link.created') AS partner,
    argMaxIf(JSONExtractString(state, 'destination'), number, name = 'link.created') AS destination,
    if(argMax(name, number) = 'link.disabled', 'disabled', 'active') AS status,
    min(recorded) AS created
FROM decisions FINAL
WHERE name IN ('link.created', 'link.disabled')
GROUP BY link
COMMENT 'Links: whose they are and the only place they lead to; status active or disabled';

CREATE OR REPLACE VIEW coupons AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'code') AS code,
    argMaxIf(JSONExtractString(state, 'partner'), number, name = 'coupon.created') AS partner,
    if(argMax(name, number) = 'coupon.retired', 'retired', 'active') AS status,
    min(recorded) AS created
FROM decisions FINAL
WHERE name IN ('coupon.created', 'coupon.retired')
GROUP BY program, code
COMMENT 'Coupons: which partner a code credits; status active or retired';
