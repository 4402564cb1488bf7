-- What is owed: sums of the journal's legs, so that every figure can be taken apart by row.
-- Pending is a function of time: what an entry moved is pending until its available_at (that of
-- the commission, which a clawback of it repeats); the rest of what is payable is available, and
-- may be negative.
CREATE OR REPLACE VIEW partner_balances AS
SELECT
    partner,
    program,
    unit,
    sumIf(legs.amount, account = 'payable' AND available_at > toUnixTimestamp64Milli(now64(3))) AS pending,
    sumIf(legs.amount, account = 'payable' AND available_at <= toUnixTimestamp64Milli(now64(3))) AS available,
    sumIf(legs.amount, account = 'payable') AS payable,
    sumIf(legs.amount, account = 'in_transit') AS in_transit,
    sumIf(legs.amount, account = 'paid') AS paid,
    uniqExact(`partition`, n) AS entries,
    fromUnixTimestamp64Milli(max(at), 'UTC') AS newest
FROM journal_legs AS legs
WHERE account IN ('payable', 'in_transit', 'paid')
GROUP BY partner, program, unit
COMMENT 'Balances as of now, minor units of unit: payable = pending + available; in_transit: payouts under way; paid: settled';

CREATE OR REPLACE VIEW trial_balance AS
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
FROM journal_legs
GROUP BY unit
COMMENT 'All legs by unit, minor units; balance is zero for every unit';

-- An entry may move what is owed from one time to another (a release): what a rule gave by an entry
-- is the sum of its legs.
CREATE OR REPLACE VIEW earned_by_rule AS
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
    FROM journal_legs
    WHERE account = 'payable' AND NOT collected
        AND kind IN ('commission', 'clawback', 'released', 'rejected', 'adjusted', 'award')
    GROUP BY program, partner, unit, rule, deal, event_id, `partition`, n
)
GROUP BY program, partner, unit, rule
COMMENT 'What each rule, tier, bonus, override and prize gave each partner, minor units of unit; conversions: deals and leads it gave or took something by';
