import { expect, test } from 'vitest'
import { isRepeatable } from '../../../src/planner/statements/repeatable.ts'
import { parseStatement } from '../../../src/sql/parse.ts'

test.each([
  ['CREATE TABLE t (id INT)', true],
  ['DROP TABLE t, u', true],
  ['TRUNCATE t', true],
  ['CREATE INDEX i ON t (a)', true],
  ['RENAME TABLE a TO b, c TO d', true],
  ['RENAME TABLE a TO x, b TO a, x TO b', false],
  ['ALTER VIEW v AS SELECT 1', true],
  ['ALTER TABLE t ADD COLUMN a INT, DROP COLUMN b', true],
  ['ALTER TABLE t ADD (a INT, b INT)', true],
  ['ALTER TABLE t ADD a INT UNIQUE', true],
  ['ALTER TABLE t ADD INDEX i (a), ADD UNIQUE KEY `u` (b)', true],
  ['ALTER TABLE t ADD PRIMARY KEY (id)', true],
  ['ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id)', true],
  ['ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)', true],
  ['ALTER TABLE t ADD INDEX (a)', false],
  ['ALTER TABLE t ADD COLUMN b INT, ADD UNIQUE (a)', false],
  ['ALTER TABLE t ADD UNIQUE KEY USING BTREE (a)', false],
  ['ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id)', false],
  ['ALTER TABLE t ADD CONSTRAINT CHECK (a > 0)', false],
  ['ALTER TABLE t RENAME COLUMN a TO b', true],
  ['ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a', false],
  ['ALTER TABLE t ADD PARTITION PARTITIONS 2', false],
  ['ALTER TABLE t DROP PARTITION p', true],
  ['ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u', false],
] as const)('%s', (sql, repeatable) => {
  const statement = parseStatement(sql, { mode: 0, serverVersion: 90_700 })
  if (statement.kind !== 'Ddl') throw new Error(statement.kind)
  expect(isRepeatable(statement, { serverVersion: 90_700 })).toBe(repeatable)
})
