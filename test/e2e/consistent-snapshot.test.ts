import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, textRow } from '../support/protocol-client.ts'

let faults: FaultCluster
let reader: ProtocolClient
let writer: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  ;[reader, writer] = [await faults.connect(), await faults.connect()]
  await writer.query(`INSERT INTO users (id, name) VALUES (1, 'a'), (4, 'd')`)
})
afterAll(async () => {
  for (const each of [reader, writer]) each?.close()
  await faults?.close()
})

async function names(): Promise<unknown> {
  const [rows] = await reader.query('SELECT name FROM users ORDER BY id')
  return rows!.kind === 'rows' ? rows!.rows.map((row) => textRow(row)[0]) : rows
}

test('START TRANSACTION WITH CONSISTENT SNAPSHOT sees every shard as it is then', async () => {
  const [begun] = await reader.query('START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT')
  expect(begun).toMatchObject({ kind: 'ok' })
  await writer.query(`UPDATE users SET name = 'late'`)
  expect(await names()).toEqual(['a', 'd'])
  await reader.query('COMMIT')
  expect(await names()).toEqual(['late', 'late'])
})

test('is an error where a shard cannot take it, and begins nothing', async () => {
  await faults.kill('80-')
  const [refused] = await reader.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  expect(refused).toMatchObject({ kind: 'error' })
  const [answer] = await reader.query('SELECT name FROM users WHERE id = 1')
  expect(answer).toMatchObject({ kind: 'rows' })
  if (answer!.kind === 'rows') expect(answer!.status & 1).toBe(0) // SERVER_STATUS_IN_TRANS
  await faults.restart('80-')
})
