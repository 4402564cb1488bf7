CREATE OR REPLACE VIEW payouts AS
SELECT
    JSONExtractString(state, 'payout') AS payout,
    anyIf(JSONExtractString(state, 'program'), name = 'payout.requested') AS program,
    anyIf(JSONExtractString(state, 'partner'), name = 'payout.requested') AS partner,
    anyIf(JSONExtractString(state, 'unit'), name = 'payout.requested') AS unit,
    anyIf(JSONExtractInt(state, 'amount'), name = 'payout.requested') AS requested,
    anyIf(JSONExtractInt(state, 'amount'), name = 'payout.funded') AS amount,
    replaceOne(argMax(name, number), 'payout.', '') AS status,
    argMaxIf(JSONExtractString(state, 'reason'), number, name IN ('payout.refused', 'payout.failed')) AS reason,
    argMaxIf(JSONExtractString(state, 'reference'), number, name IN ('payout.sent', 'payout.settled')) AS reference,
    anyIf(JSONExtractString(state, 'entry'), name IN ('payout.funded', 'payout.refused')) AS entry,
    minIf(toNullable(recorded), name = 'payout.requested') AS requested_on,
    minIf(toNullable(recorded), name = 'payout.funded') AS funded_on,
    minIf(toNullable(recorded), name = 'payout.sent') AS sent_on,
    minIf(toNullable(recorded), name IN ('payout.settled', 'payout.failed', 'payout.refused')) AS ended_on
FROM decisions FINAL
WHERE name LIKE 'payout.%'
GROUP BY payout
COMMENT 'Payouts: requested (minor units, 0: all that is available), amount (minor units, funded), status, and the journal entry that funded or refused it';
