import { expect, test } from 'vitest'
import type { PlanContext } from '../../../src/planner/plan-context.ts'
import { procedureObstacle } from '../../../src/planner/statements/procedure-on-shard.ts'
import { describePrograms } from '../../../src/values/stored-programs.ts'
import { buildVSchema } from '../../../src/vschema/build-vschema.ts'

const vschema = buildVSchema(
  {
    keyspaces: new Map([
      [
        'main',
        {
          sharded: true,
          vindexes: { hash: { type: 'hash' } },
          tables: {
            users: { column_vindexes: [{ column: 'id', name: 'hash' }] },
            countries: { type: 'reference' },
          },
        },
      ],
    ]),
    routingRules: [],
  },
  {
    deps: { readFile: () => new Uint8Array() },
    columns: {
      tableOf: () => ({ columns: [], keys: [], shardRows: 0 }),
      tablesOf: () => ['users', 'countries'],
      programsOf: () => describePrograms([{ kind: 'function', name: 'Logged', body: 'INSERT INTO log' }]),
    },
  },
)
const context: PlanContext = {
  vschema,
  defaultKeyspace: 'main',
  tabletType: 'primary',
  databaseName: (keyspace) => keyspace,
}

test.each([
  'SELECT 1',
  'BEGIN DECLARE users INT; SET users = 5; SET @a = users; END',
  'SELECT name FROM countries JOIN `countries` b USING (code)',
  'SELECT (SELECT MAX(code) FROM (SELECT code FROM countries) c), 1 FROM DUAL',
  "SELECT REPLACE(INSERT('abc', 1, 1, 'd'), 'a', 'users')",
])('any shard runs %s', (body) => {
  expect(procedureObstacle(body, 'main', context)).toBe(undefined)
})

test.each([
  ['', 'is not shown'],
  ['SELECT * FROM users', 'it reads users'],
  ['SELECT * FROM countries, `users`', 'it names `users`'],
  ['SELECT * FROM countries LEFT JOIN users u ON 1', 'it reads users'],
  ['SELECT * FROM main.countries', 'it reads main'],
  ['SELECT * FROM unheard', 'it reads unheard'],
  ['SELECT * FROM "countries"', 'it reads "countries"'],
  ['INSERT INTO countries VALUES (1)', 'INSERT'],
  ['BEGIN CALL other(); END', 'CALL'],
  ["PREPARE p FROM 'DELETE FROM users'", 'PREPARE'],
  ['BEGIN START TRANSACTION; END', 'TRANSACTION'],
  ['SET autocommit = 0', 'AUTOCOMMIT'],
  ['SELECT DATABASE()', 'DATABASE'],
  ['SELECT CURRENT_USER', 'CURRENT_USER'],
  ['SELECT @@last_insert_id', 'LAST_INSERT_ID'],
  ["SELECT GET_LOCK('a', 1)", 'GET_LOCK'],
  ['SELECT logged(1)', 'names logged, which may write'],
])('%s: %s', (body, obstacle) => {
  expect(procedureObstacle(body, 'main', context)).toContain(obstacle)
})

test('a procedure is called where all shards have it alike', () => {
  const of = (name: string, body: string) => ({ kind: 'procedure', name, body }) as const
  const { procedures } = describePrograms(
    [of('Both', 'SELECT 1'), of('one', 'SELECT 1'), of('other', 'SELECT 1')].concat([
      of('both', 'SELECT 1'),
      of('other', 'SELECT 2'),
    ]),
    2,
  )
  expect([...procedures]).toEqual([['both', 'SELECT 1']])
})
