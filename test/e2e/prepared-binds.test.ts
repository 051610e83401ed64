import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** What a prepared statement keeps of the session that prepared it: the default schema and sql_mode, as MySQL binds them. */
let faults: FaultCluster
let proxy: TestProxy

beforeAll(async () => {
  faults = await startFaultCluster()
  // One connection to a server: what one statement leaves on it, the next one finds.
  proxy = await faults.startProxy({ config: { pool: { size: 1 } } })
  const setup = await connectTo(proxy)
  for (const sql of [
    `INSERT INTO users (id, name) VALUES (1, 'of main')`,
    'USE lookup',
    'CREATE TABLE users (id BIGINT PRIMARY KEY, name VARCHAR(20))',
    `INSERT INTO users (id, name) VALUES (1, 'of lookup')`,
  ]) {
    expect((await setup.query(sql))[0]).toMatchObject({ kind: 'ok' })
  }
  setup.close()
})
afterAll(() => faults?.close())

function firstCell([result]: readonly Result[]): string | null | undefined {
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return textRow(result!.rows[0]!)[0]
}

async function prepare(client: ProtocolClient, sql: string): Promise<number> {
  const prepared = await client.prepare(sql)
  if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared))
  return prepared.id
}

/** The text of the only cell of a binary row. */
function binaryCell([result]: readonly Result[]): string {
  if (result!.kind !== 'rows') throw new Error(JSON.stringify(result))
  return result!.rows[0]!.subarray(3).toString()
}

test('COM_STMT_PREPARE binds the default schema: USE changes nothing about it', async () => {
  const client = await connectTo(proxy)
  const id = await prepare(client, 'SELECT name FROM users WHERE id = 1')
  expect(binaryCell(await client.execute(id))).toBe('of main')
  for (const schema of ['lookup', 'mysql', 'information_schema']) {
    await client.query(`USE ${schema}`)
    expect(binaryCell(await client.execute(id))).toBe('of main')
  }
  const write = await prepare(client, `UPDATE main.users SET name = 'of main' WHERE id = 1`)
  expect((await client.execute(write))[0]).toMatchObject({ kind: 'ok' })
  client.close()
})

test('PREPARE binds it, too', async () => {
  const client = await connectTo(proxy)
  await client.query(`PREPARE s FROM 'SELECT name FROM users WHERE id = 1'`)
  await client.query('USE lookup')
  expect(firstCell(await client.query('EXECUTE s'))).toBe('of main')
  expect(firstCell(await client.query('SELECT name FROM users WHERE id = 1'))).toBe('of lookup')
  client.close()
})

test('sql_mode decides how the text is read when it is prepared', async () => {
  const client = await connectTo(proxy)
  const id = await prepare(client, 'SELECT "name" FROM users WHERE id = 1')
  await client.query(`SET sql_mode = 'ANSI_QUOTES'`)
  expect(binaryCell(await client.execute(id))).toBe('name')
  const quoted = await prepare(client, 'SELECT "name" FROM users WHERE id = 1')
  expect(binaryCell(await client.execute(quoted))).toBe('of main')
  await client.query('SET sql_mode = DEFAULT')
  expect(binaryCell(await client.execute(quoted))).toBe('of main')
  client.close()
})

test('a text that another session has prepared on the connection under its own sql_mode is prepared anew', async () => {
  const [plain, ansi] = [await connectTo(proxy), await connectTo(proxy)]
  await ansi.query(`SET sql_mode = 'ANSI_QUOTES'`)
  const sql = 'SELECT "name" FROM users WHERE id = 1'
  const ids = [await prepare(plain, sql), await prepare(ansi, sql)]
  for (let i = 0; i < 2; i++) {
    expect(binaryCell(await plain.execute(ids[0]!))).toBe('name')
    expect(binaryCell(await ansi.execute(ids[1]!))).toBe('of main')
  }
  plain.close()
  ansi.close()
})
