import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'

let faults: FaultCluster
let session: ProtocolClient

beforeAll(async () => {
  faults = await startFaultCluster()
  session = await faults.connect()
  const users = Array.from({ length: 40 }, (_, i) => `(${i + 1}, 'user ${i + 1}')`)
  const [inserted] = await session.query(`INSERT INTO users (id, name) VALUES ${users.join(', ')}`)
  expect(inserted).toMatchObject({ kind: 'ok', affectedRows: 40 })
})
afterAll(async () => {
  session?.destroy()
  await faults?.close()
})

/** Far more than sockets, the proxy's read-ahead and the server's own buffers hold. */
const LONG_ROWS = `REPEAT('x', 4000000)`

/** Asks and leaves the answer unread until the first bytes have come. */
async function askWithoutReading(
  client: ProtocolClient,
  sql: string,
): Promise<() => Promise<readonly Result[]>> {
  const { socket } = client.raw
  const asked = client.query(sql)
  asked.catch(() => {})
  await new Promise((resolve) => socket.once('data', resolve))
  socket.pause()
  return () => {
    socket.resume()
    return asked
  }
}

describe.each([
  { what: 'one shard', sql: `SELECT id, ${LONG_ROWS} FROM users WHERE id IN (1, 2, 3, 5)` },
  { what: 'all shards', sql: `SELECT id, ${LONG_ROWS} FROM users` },
])('a server that dies in the middle of an answer of $what', ({ sql }) => {
  test('ends it with an error or the connection, never with fewer rows; afterwards all is well', async () => {
    const client = await faults.connect()
    const readOn = await askWithoutReading(client, sql)
    await faults.kill('-80')
    const outcome = await readOn().then(
      ([answer]) => (answer!.kind === 'rows' ? (answer!.error?.errno ?? 'complete') : answer!.kind),
      () => 'closed',
    )
    expect([2013, 'closed']).toContain(outcome)
    client.destroy()
    await expectOtherShardServes()
    await faults.restart('-80')
    await eventually('the shard serves again', async () => (await countUsers()) === '40')
  })
})

/** While `-80` is away. */
async function expectOtherShardServes(): Promise<void> {
  const [other] = await session.query('SELECT name FROM users WHERE id = 4')
  expect(other!.kind === 'rows' && textRow(other!.rows[0]!)).toEqual(['user 4'])
  const [lost] = await session.query('SELECT name FROM users WHERE id = 1')
  expect(lost).toMatchObject({ kind: 'error' })
}

async function countUsers(): Promise<string | null | undefined> {
  const [answer] = await session.query('SELECT COUNT(*) FROM users')
  return answer!.kind === 'rows' ? textRow(answer!.rows[0]!)[0] : undefined
}

describe('a server that is restarted while connections to it are idle', () => {
  test('is asked on new ones: the next statements work', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => faults.connect()))
    await Promise.all(clients.map((client) => client.query('SELECT * FROM users')))
    await faults.kill('-80')
    await faults.restart('-80')
    for (const client of clients) {
      const [one] = await client.query('SELECT name FROM users WHERE id = 1')
      expect(one!.kind === 'rows' && textRow(one!.rows[0]!)).toEqual(['user 1'])
      const [all] = await client.query('SELECT COUNT(*) FROM users')
      expect(all!.kind === 'rows' && textRow(all!.rows[0]!)).toEqual(['40'])
      const [changed] = await client.query(`UPDATE users SET name = 'user 1' WHERE id = 1`)
      expect(changed).toMatchObject({ kind: 'ok' })
      client.close()
    }
  })

  test('a prepared statement is prepared anew', async () => {
    const client = await faults.connect()
    const prepared = await client.prepare('SELECT name FROM users WHERE id = 1')
    const id = prepared.kind === 'prepared' ? prepared.id : -1
    expect((await client.execute(id))[0]!.kind).toBe('rows')
    await faults.kill('-80')
    await faults.restart('-80')
    expect((await client.execute(id))[0]).toMatchObject({ kind: 'rows', rows: [expect.anything()] })
    client.close()
  })
})
