import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, printError } from '../support/protocol-client.ts'

/** Statements on several shards that want the same rows: no server sees that they wait for each other in a circle. */
let faults: FaultCluster
let clients: readonly ProtocolClient[]

beforeAll(async () => {
  faults = await startFaultCluster()
  clients = await Promise.all(Array.from({ length: 4 }, () => faults.connect()))
  // A circle ends with error 1205, and with it the test.
  for (const client of clients) await client.query('SET innodb_lock_wait_timeout = 5')
  const rows = Array.from({ length: 40 }, (_, i) => `(${i + 1}, 'a', 0)`)
  await clients[0]!.query(`INSERT INTO users (id, name, score) VALUES ${rows.join(', ')}`)
})
afterAll(async () => {
  for (const client of clients ?? []) client.close()
  await faults?.close()
})

async function everyoneRepeats(sql: string, times: number): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < times; i++) {
        const [answer] = await client.query(sql)
        if (answer!.kind === 'error') throw new Error(printError(answer!))
      }
    }),
  )
}

test.each([
  'UPDATE users SET score = score + 1',
  'UPDATE users SET score = score + 1 WHERE id IN (4, 1, 2, 9)',
  "INSERT INTO users (id, name) VALUES (4, 'x'), (1, 'x'), (9, 'x') ON DUPLICATE KEY UPDATE score = score + 1",
  "INSERT INTO users (id, name) VALUES (1, 'x'), (4, 'x'), (2, 'x') ON DUPLICATE KEY UPDATE score = score + 1",
])(
  '%s',
  async (sql) => {
    await everyoneRepeats(sql, 25)
  },
  30_000,
)

test('each of them has happened once', async () => {
  await clients[0]!.query('UPDATE users SET score = 0')
  await everyoneRepeats('UPDATE users SET score = score + 1', 25)
  const [answer] = await clients[0]!.query('SELECT COUNT(*) FROM users WHERE score <> 100')
  expect(answer).toMatchObject({ kind: 'rows', rows: [Buffer.from('\u00010', 'latin1')] })
}, 30_000)
