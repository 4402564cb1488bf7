-- Names that are sealed in the log: ids stand in their place, so that reports stay readable.
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
        if(startsWith(JSONExtractString(state, 'name'), 'sealed:1:'), partner, JSONExtractString(state, 'name')) AS title,
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
COMMENT 'Partners with their status in each program: registered (in none), applied, approved, suspended; title: the name, or the id where the name is sealed';

CREATE OR REPLACE VIEW acceptances AS
SELECT
    JSONExtractString(state, 'program') AS program,
    JSONExtractString(state, 'partner') AS partner,
    JSONExtractInt(state, 'version') AS version,
    if(startsWith(JSONExtractString(state, 'person'), 'sealed:1:'), '[sealed]', JSONExtractString(state, 'person')) AS person,
    JSONExtractString(state, 'sha256') AS sha256,
    fromUnixTimestamp64Milli(JSONExtractInt(state, 'accepted_at'), 'UTC') AS accepted
FROM decisions FINAL
WHERE name = 'agreement.accepted'
COMMENT 'Who accepted which version of an agreement for which partner, and when; person: [sealed] where it is';

CREATE OR REPLACE VIEW registrations AS
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
FROM decisions FINAL
WHERE name LIKE 'registration.%'
GROUP BY registration
COMMENT 'Leads and deals that partners registered; amount: expected or won, minor units of currency; title: the id where it is sealed; said: the title as it stands in the log';
