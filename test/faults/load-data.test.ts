import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'

/** Files of clients, and what ends in the middle of them. */
let faults: FaultCluster
let observer: ProtocolClient
let clients: ProtocolClient[] = []

const INTO_SHARDS = `LOAD DATA LOCAL INFILE 'f' INTO TABLE users (id, name)`
const STAGED = `LOAD DATA LOCAL INFILE 'f' INTO TABLE users (@id, name) SET id = @id + 0`
const INTO_ONE = `LOAD DATA LOCAL INFILE 'f' INTO TABLE lookup.products (id, name)`

beforeAll(async () => {
  faults = await startFaultCluster()
  observer = await faults.connect()
})
afterAll(async () => {
  observer?.close()
  await faults?.close()
})
beforeEach(async () => {
  await observer.query('DELETE FROM users')
  await observer.query('DELETE FROM lookup.products')
})
afterEach(() => {
  for (const client of clients) client.destroy()
  clients = []
})

async function connect(localFiles = true): Promise<ProtocolClient> {
  const client = await faults.connect({ localFiles })
  clients.push(client)
  return client
}

function linesOf(from: number, count: number, name = 'n'): string {
  return Array.from({ length: count }, (_, i) => `${from + i}\t${name}${from + i}\n`).join('')
}

async function countOf(table: string): Promise<number> {
  const [answer] = await observer.query(`SELECT COUNT(*) FROM ${table}`)
  return answer!.kind === 'rows' ? Number(textRow(answer.rows[0]!)[0]) : -1
}

function errno(results: readonly Result[]): number | undefined {
  const [result] = results
  return result?.kind === 'error' ? result.errno : undefined
}

for (const [what, sql, table] of [
  ['several shards', INTO_SHARDS, 'users'],
  ['read by a server first', STAGED, 'users'],
  ['one server', INTO_ONE, 'lookup.products'],
] as const) {
  test(`${what}: a client that goes in the middle leaves nothing`, async () => {
    const client = await connect()
    await client.load(sql)
    client.sendFile(linesOf(1, 30_000), 2)
    client.sendFile(linesOf(40_000, 3), 3)
    client.destroy()
    await eventually('the rows are gone', async () => {
      const [answer] = await observer.query(`SELECT COUNT(*) FROM ${table} FOR UPDATE`)
      return answer!.kind === 'rows' && textRow(answer.rows[0]!)[0] === '0'
    })
  })

  test(`${what}: an empty packet at once is an empty file`, async () => {
    const client = await connect()
    expect(await client.load(sql)).toEqual({ name: 'f', sequenceId: 1 })
    client.sendFile('', 2)
    expect((await client.loaded())[0]).toMatchObject({
      affectedRows: 0,
      info: expect.stringContaining('Records: 0  Deleted: 0  Skipped: 0'),
    })
  })

  test(`${what}: a client that has not said that it sends files is not asked`, async () => {
    const client = await connect(false)
    expect(errno((await client.load(sql)) as readonly Result[])).toBe(4166)
    expect(await client.query('SELECT 1')).toHaveLength(1)
  })

  test(`${what}: the statement behind it in the same text, numbers of packets going on`, async () => {
    const client = await connect()
    await client.load(`${sql}; SELECT 7`)
    client.sendFile(linesOf(1, 5), 2)
    client.sendFile(linesOf(6, 5), 3)
    client.sendFile('', 4)
    const [loaded, selected] = await client.loaded()
    expect(loaded).toMatchObject({ kind: 'ok', affectedRows: 10 })
    expect(selected).toMatchObject({ kind: 'rows' })
  })

  test(`${what}: behind another statement of the same text`, async () => {
    const client = await connect()
    client.raw.send(Buffer.concat([Buffer.of(0x03), Buffer.from(`SELECT 7; ${sql}; SELECT 8`)]))
    let asked = await client.raw.read()
    while (asked!.payload[0] !== 0xfb) asked = await client.raw.read()
    expect(asked!.payload.subarray(1).toString()).toBe('f')
    client.sendFile(linesOf(1, 5), asked!.sequenceId + 1)
    client.sendFile('', asked!.sequenceId + 2)
    const [loaded, selected] = await client.loaded()
    expect(loaded).toMatchObject({ kind: 'ok', affectedRows: 5 })
    expect(selected).toMatchObject({ kind: 'rows' })
  })

  test(`${what}: a replica is not written to`, async () => {
    const client = await connect()
    await client.query('USE `main@replica`')
    expect(errno((await client.load(sql)) as readonly Result[])).toBe(1874)
  })

  test(`${what}: packets out of order end the connection`, async () => {
    const client = await connect()
    await client.load(sql)
    client.sendFile(linesOf(1, 5), 7)
    expect(errno(await client.loaded())).toBe(1156)
    expect(await countOf(table)).toBe(0)
  })
}

test.each([INTO_SHARDS, STAGED])(
  'a KILL in the middle: the client hears of it when it has sent everything, and nothing is left: %s',
  async (sql) => {
    const client = await connect()
    await client.load(sql)
    client.sendFile(linesOf(1, 20_000), 2)
    await observer.query(`KILL QUERY ${client.connectionId}`)
    client.sendFile(linesOf(30_000, 20_000), 3)
    client.sendFile('', 4)
    expect(errno(await client.loaded())).toBe(1317)
    expect(await countOf('users')).toBe(0)
    await client.load(sql)
    client.sendFile(linesOf(1, 4), 2)
    client.sendFile('', 3)
    expect((await client.loaded())[0]).toMatchObject({ affectedRows: 4 })
  },
)

test('in a transaction, a failure undoes the file alone', async () => {
  const client = await connect()
  await client.query('BEGIN')
  await client.query(`INSERT INTO users (id, name) VALUES (1, 'mine'), (2, 'mine')`)
  await client.load(INTO_SHARDS)
  client.sendFile(linesOf(10, 1000), 2)
  await observer.query(`KILL QUERY ${client.connectionId}`)
  client.sendFile('', 3)
  expect(errno(await client.loaded())).toBe(1317)
  await client.query('COMMIT')
  expect(await countOf('users')).toBe(2)
})

test('a shard that takes nothing stops the client, not the memory', async () => {
  const client = await connect()
  await client.load(INTO_SHARDS)
  await faults.pause('80-')
  try {
    const part = linesOf(1, 20_000, 'x'.repeat(30))
    for (let id = 2; id < 40; id++) client.sendFile(part, id)
    const { socket } = client.raw
    let before = -1
    await eventually('the client is held back', async () => {
      const taken = socket.bytesWritten - socket.writableLength
      const isHeld = taken === before
      before = taken
      await new Promise((resolve) => setTimeout(resolve, 100))
      return isHeld
    })
    expect(before).toBeLessThan(16 * 1024 * 1024)
  } finally {
    faults.resume('80-')
  }
  client.sendFile('', 40)
  expect((await client.loaded())[0]).toMatchObject({ kind: 'ok', affectedRows: 20_000 })
}, 60_000)

test('several shards: one that dies in the middle fails the statement, and nothing is left', async () => {
  const client = await connect()
  await client.load(INTO_SHARDS)
  client.sendFile(linesOf(1, 20_000), 2)
  await faults.kill('80-')
  client.sendFile(linesOf(30_000, 20_000), 3)
  client.sendFile('', 4)
  expect(errno(await client.loaded())).toBe(2013)
  await faults.restart('80-')
  await eventually('the shard serves', async () => (await countOf('users')) === 0)
  const later = await connectTo(faults.proxy, { localFiles: true })
  clients.push(later)
  await later.load(INTO_SHARDS)
  later.sendFile(linesOf(1, 10), 2)
  later.sendFile('', 3)
  expect((await later.loaded())[0]).toMatchObject({ affectedRows: 10 })
}, 60_000)
