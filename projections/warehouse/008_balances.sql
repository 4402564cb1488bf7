-- What is owed: sums of the journal's legs, so that every figure can be taken apart by row.
-- Pending is a function of time: what an entry moved is pending until its available_at (that of
-- the commission, which a clawback of it repeats); the rest of what is payable is available, and
-- may be negative.
CREATE OR REPLACE VIEW partner_balances AS
SELECT
    partner,
    program,
    unit,
    sumIf(e.payable, e.available_at > toUnixTimestamp64Milli(now64(3))) AS pending,
    sumIf(e.payable, e.available_at <= toUnixTimestamp64Milli(now64(3))) AS available,
    sum(e.payable) AS payable,
    sum(e.in_transit) AS in_transit,
    sum(e.paid) AS paid,
    count() AS entries,
    fromUnixTimestamp64Milli(max(e.at), 'UTC') AS newest
FROM
(
    SELECT
        partner,
        program,
        unit,
        at,
        available_at,
        arraySum(leg -> if(leg.account = 'payable', leg.amount, 0), legs) AS payable,
        arraySum(leg -> if(leg.account = 'in_transit', leg.amount, 0), legs) AS in_transit,
        arraySum(leg -> if(leg.account = 'paid', leg.amount, 0), legs) AS paid
    FROM journal_entries FINAL
    WHERE notEmpty(legs)
) AS e
GROUP BY partner, program, unit
COMMENT 'Balances as of now, minor units of unit: payable = pending + available; in_transit: payouts under way; paid: settled';

CREATE OR REPLACE VIEW trial_balance AS
SELECT
    unit,
    sumIf(amount, account = 'commissions') AS commissions,
    sumIf(amount, account = 'payable') AS payable,
    sumIf(amount, account = 'in_transit') AS in_transit,
    sumIf(amount, account = 'paid') AS paid,
    sum(amount) AS balance,
    count() AS legs
FROM journal_legs
GROUP BY unit
COMMENT 'All legs by unit, minor units; balance is zero for every unit';
