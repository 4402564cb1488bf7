CREATE OR REPLACE VIEW freshness AS
SELECT topic, `partition`, max(f.next_offset) AS next_offset
FROM
(
    SELECT 'clicks' AS topic, `partition`, max(`offset`) + 1 AS next_offset FROM clicks GROUP BY `partition`
    UNION ALL
    SELECT 'conversions', `partition`, max(`offset`) + 1 FROM conversions GROUP BY `partition`
    UNION ALL
    SELECT 'decisions', `partition`, max(`offset`) + 1 FROM decisions GROUP BY `partition`
    UNION ALL
    SELECT 'attributions', `partition`, max(`offset`) + 1 FROM attributions GROUP BY `partition`
    UNION ALL
    SELECT 'journal', `partition`, max(`offset`) + 1 FROM journal_entries GROUP BY `partition`
    UNION ALL
    SELECT 'dead-letters', `partition`, max(`offset`) + 1 FROM dead_letters GROUP BY `partition`
    UNION ALL
    SELECT topic, `partition`, max(next_offset) FROM passed GROUP BY topic, `partition`
) AS f
GROUP BY topic, `partition`
COMMENT 'How far the warehouse has read each partition: next_offset, to compare with the end of the log';
