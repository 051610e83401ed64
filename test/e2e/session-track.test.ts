import { createConnection, type ResultSetHeader } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'

/** CLIENT_SESSION_TRACK: every answer here is what MySQL 9.7 gives, byte for byte in its state changes. */
let faults: FaultCluster

beforeAll(async () => {
  faults = await startFaultCluster()
})
afterAll(() => faults?.close())

const NAMES = ['character_set_client', 'character_set_connection', 'character_set_results']
const namesChanged = (charset: string) => NAMES.map((name) => [0, name, charset])

test('OK packets tell what changed of the session', async () => {
  const client = await faults.connect({ sessionTrack: true })
  expect(client.login).toMatchObject({ stateChanges: [[1, 'main']] })
  const told: [string, unknown][] = [
    ['USE main', [[1, 'main']]],
    ['SET NAMES latin1', namesChanged('latin1')],
    ['SET NAMES utf8mb4', namesChanged('utf8mb4')],
    ['SET character_set_results = NULL', [[0, 'character_set_results', '']]],
    ['SET character_set_connection = latin1', [[0, 'character_set_connection', 'latin1']]],
    ['SET autocommit = 0', [[0, 'autocommit', 'OFF']]],
    ['SET autocommit = 1', [[0, 'autocommit', 'ON']]],
    [`SET time_zone = '+02:00'`, [[0, 'time_zone', '+02:00']]],
    ['SET time_zone = DEFAULT', [[0, 'time_zone', 'SYSTEM']]],
    [`SET sql_mode = ''`, undefined],
    ['SET @x = 1', undefined],
    ['SET session_track_schema = OFF', undefined],
    ['USE main', undefined],
    ['SET session_track_schema = ON', undefined],
    [`SET session_track_system_variables = 'sql_mode, sql_safe_updates'`, undefined],
    ['SET autocommit = 1', undefined],
    [
      `SET sql_mode = '', sql_safe_updates = 1`,
      [
        [0, 'sql_mode', ''],
        [0, 'sql_safe_updates', 'ON'],
      ],
    ],
    [`SET sql_mode = 'ANSI', sql_safe_updates = 'nonsense'`, undefined], // fails: nothing has changed
    ['SET @x = 1', undefined],
  ]
  for (const [sql, changes] of told) {
    const [result] = await client.query(sql)
    expect([sql, result!.kind === 'ok' ? result!.stateChanges : undefined]).toEqual([sql, changes])
  }
  const several = await client.query('USE main; SET @x = 1; USE main')
  expect(several.map((each) => each.kind === 'ok' && each.stateChanges)).toEqual([
    [[1, 'main']],
    undefined,
    [[1, 'main']],
  ])
  expect(await client.initDb('main')).toMatchObject({ stateChanges: [[1, 'main']] })
})

test('what is not tracked is refused', async () => {
  const client = await faults.connect({ sessionTrack: true })
  for (const sql of ['SET session_track_state_change = ON', `SET session_track_transaction_info = 'STATE'`])
    expect((await client.query(sql))[0]).toMatchObject({ kind: 'error', errno: 1235 })
  expect((await client.query('SET session_track_state_change = OFF'))[0]).toMatchObject({ kind: 'ok' })
})

test('a client that has not asked for it gets the classic OK', async () => {
  const client = await faults.connect()
  expect((await client.query('USE main'))[0]).toEqual({
    kind: 'ok',
    affectedRows: 0,
    lastInsertId: 0n,
    status: 2,
    warnings: 0,
    info: '',
  })
})

test('mysql2, which asks for it, reads the info of relayed and of merged answers', async () => {
  const { host, port, user, password } = faults.proxy
  const connection = await createConnection({ host, port, user, password, database: 'main' })
  await connection.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'd')`)
  for (const [sql, info] of [
    [`UPDATE users SET name = 'b' WHERE id = 1`, 'Rows matched: 1  Changed: 1  Warnings: 0'],
    [`UPDATE users SET name = 'c'`, 'Rows matched: 2  Changed: 2  Warnings: 0'],
  ] as const) {
    const [header] = await connection.query<ResultSetHeader>(sql)
    expect(header.info).toBe(info)
  }
  await connection.end()
})
