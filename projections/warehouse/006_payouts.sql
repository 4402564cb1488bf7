CREATE OR REPLACE VIEW payouts AS
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
    FROM decisions FINAL
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
    FROM journal_entries FINAL
    WHERE kind = 'payout_funded'
    GROUP BY payout
) AS moved ON told.payout = moved.payout
COMMENT 'Payouts: requested (minor units, 0: all that is available), amount (minor units, funded), what of the gross was withheld and kept as fees, status, and the journal entry that funded or refused it';
