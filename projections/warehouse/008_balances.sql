-- What is owed. Sums of the journal's legs, so that every figure can be taken apart by row.
-- Pending is a function of time: a commission is pending until its available_at, less what was
-- clawed back on the same deal; the rest of what is payable is available, and may be negative.
CREATE OR REPLACE VIEW account_items AS
SELECT
    partner,
    program,
    unit,
    multiIf(kind NOT IN ('commission', 'clawback'), '', deal != '', concat('deal/', deal), concat('lead/', event_id)) AS item,
    max(if(kind = 'commission', available_at, 0)) AS held_until,
    sum(arraySum(leg -> if(leg.account = 'payable', leg.amount, 0), legs)) AS payable,
    sum(arraySum(leg -> if(leg.account = 'in_transit', leg.amount, 0), legs)) AS in_transit,
    sum(arraySum(leg -> if(leg.account = 'paid', leg.amount, 0), legs)) AS paid,
    count() AS entries,
    max(at) AS newest
FROM journal_entries FINAL
WHERE unit != ''
GROUP BY partner, program, unit, item
COMMENT 'What each deal or lead left on a partner''s account, minor units; held_until in ms';

CREATE OR REPLACE VIEW partner_balances AS
SELECT
    partner,
    program,
    unit,
    sumIf(i.payable, i.held_until > toUnixTimestamp64Milli(now64(3))) AS pending,
    sum(i.payable) - sumIf(i.payable, i.held_until > toUnixTimestamp64Milli(now64(3))) AS available,
    sum(i.payable) AS payable,
    sum(i.in_transit) AS in_transit,
    sum(i.paid) AS paid,
    sum(i.entries) AS entries,
    fromUnixTimestamp64Milli(max(i.newest), 'UTC') AS newest
FROM account_items AS i
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
