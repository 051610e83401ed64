import { expect, test } from 'vitest'
import type { Plan } from '../../../src/plan/plan.ts'
import { buildPlan } from '../../../src/planner/build-plan.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { describePrograms } from '../../../src/values/stored-programs.ts'
import { buildVSchema } from '../../../src/vschema/build-vschema.ts'
import { parseNormalized } from '../sql/support.ts'

const programs = describePrograms([
  { kind: 'function', name: 'logged', body: 'BEGIN INSERT INTO log VALUES (n); RETURN n; END' },
  { kind: 'function', name: 'doubled', body: 'RETURN 2 * n' },
  { kind: 'trigger', name: 'on_acted', table: 'acted', body: 'SET @last = NEW.id' },
])

const vschema = buildVSchema(
  { keyspaces: new Map([['plain', {}]]), routingRules: [] },
  {
    deps: { readFile: () => new Uint8Array() },
    columns: {
      tableOf: () => ({ columns: [], keys: [], shardRows: 0 }),
      tablesOf: () => ['acted', 'others'],
      programsOf: () => programs,
    },
  },
)

function planOf(sql: string): Plan {
  const scanned = scan(sql, 0, 90_700)
  return buildPlan(parseNormalized(sql, scanned, { mode: 0, serverVersion: 90_700 }), {
    vschema,
    defaultKeyspace: 'plain',
    tabletType: 'primary',
    databaseName: (keyspace) => keyspace,
    source: { sql, scan: scanned },
  })
}

test.each([
  ['SELECT logged(1)', true],
  ['SELECT doubled(1)', false],
  ['SELECT id FROM others WHERE id = plain.logged(2)', true],
])('%s is taken for a write: %s', (sql, writes) => {
  expect(planOf(sql).locks).toBe(writes)
})

test.each([
  ['INSERT INTO acted VALUES (1)', ['last']],
  ['INSERT INTO others VALUES (1)', []],
  ['UPDATE acted SET n = @mine', ['mine', 'last']],
  ['SELECT n FROM acted', []],
  ['CALL anything()', ['last']],
  ['SELECT doubled(1)', ['last']],
])('%s is given %j, and they are read back', (sql, names) => {
  const { userVariables, assigns = false } = planOf(sql)
  expect(userVariables).toEqual(names)
  expect(assigns).toBe(names.length > 0)
})
