import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { blobParam, ProtocolClient, type Result, textRow } from '../support/protocol-client.ts'
import { PROXY_ACCOUNT } from '../support/proxy.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { tempDir } from '../support/temp-dir.ts'

/** What one session makes a proxy hold must not bring down the others': with a heap that is soon full. */
const HEAP_MB = 150
/** A heap that has been full is given back as its collector sees fit; what was held beside it, at once. */
const RSS_MB_MAX = 100 + 2 * HEAP_MB

const dir = tempDir('memory')
let cluster: TestCluster
let proxy: ProxyProcess
let innocent: ProtocolClient
const clients: ProtocolClient[] = []

beforeAll(async () => {
  cluster = await startCluster({ isOneMysqld: true, schemaDir: 'test/differential/schema' })
  const config = { topology: cluster.topologyConfig, backend: cluster.account }
  proxy = await ProxyProcess.start({ dir: dir.path, heapMb: HEAP_MB, config })
  innocent = await connect()
  await innocent.query("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')")
  clients.pop()
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  expect(proxy.isRunning, proxy.ending).toBe(true)
  await eventually(
    'what was held is free',
    async () => (await proxy.metric('shardgate_session_memory_bytes')) === 0,
  )
})
afterAll(async () => {
  await proxy?.close()
  await cluster?.close()
  dir.remove()
})

async function connect(): Promise<ProtocolClient> {
  const client = await ProtocolClient.connect({ port: proxy.port, ...PROXY_ACCOUNT, database: 'main' })
  clients.push(client)
  return client
}

/** Goes on until it is refused, for memory; meanwhile and afterwards the innocent one is served. */
async function untilRefused(
  times: number,
  work: (i: number) => Promise<Result | undefined>,
): Promise<{ readonly refusedAt: number }> {
  for (let i = 0; i < times; i++) {
    const result = await work(i)
    if (i % 16 === 0) await expectServed()
    if (result?.kind !== 'error') continue
    expect([4081, 4082]).toContain(result.errno)
    await expectServed()
    return { refusedAt: i }
  }
  throw new Error(`nothing was refused in ${times} turns`)
}

async function expectServed(): Promise<void> {
  const [rows] = await innocent.query('SELECT name FROM users WHERE id = 1')
  expect(rows!.kind === 'rows' && rows!.rows.map(textRow)).toEqual([['a']])
}

const MEGABYTE = 'x'.repeat(1_000_000)

describe('a session that keeps more than its part', () => {
  test.each([
    { what: 'in user variables', sql: (i: number) => `SET @v${i} = '${MEGABYTE}'` },
    {
      what: 'in user variables filled by a server',
      sql: (i: number) => `SELECT REPEAT('x', 1000000) INTO @v${i}`,
    },
    {
      what: 'in long names',
      sql: (i: number) => `SET @${'n'.repeat(60)}${i} = 1, @\`${i}${'m'.repeat(200_000)}\` = 1`,
    },
    { what: 'in texts of PREPARE', sql: (i: number) => `PREPARE s${i} FROM 'SELECT ''${MEGABYTE}'''` },
  ])('$what is refused more, and has memory again when it lets go', async ({ sql }) => {
    const hostile = await connect()
    const { refusedAt } = await untilRefused(400, async (i) => (await hostile.query(sql(i)))[0])
    expect(refusedAt).toBeGreaterThan(3)
    hostile.raw.send('1f') // COM_RESET_CONNECTION
    await hostile.raw.read()
    expect((await hostile.query(sql(0)))[0]!.kind).toBe('ok')
  })

  test('in COM_STMT_PREPARE', async () => {
    const hostile = await connect()
    const text = (i: number) => `SELECT ${i}, '${MEGABYTE}'`
    const ids: number[] = []
    await untilRefused(400, async (i) => {
      const prepared = await hostile.prepare(text(i))
      if (prepared.kind === 'error') return prepared
      ids.push(prepared.id)
      return undefined
    })
    for (const id of ids) hostile.closeStatement(id)
    expect((await hostile.prepare(text(0))).kind).toBe('prepared')
  })

  test('in long data is told so by the execute', async () => {
    const hostile = await connect()
    const prepared = await hostile.prepare('SELECT LENGTH(?)')
    const id = prepared.kind === 'prepared' ? prepared.id : -1
    const piece = Buffer.alloc(1_000_000, 0x78)
    const empty = [{ type: 'blob' as const, bytes: Buffer.alloc(0) }]
    for (let i = 0; i < 20; i++) hostile.sendLongData(id, 0, piece)
    expect((await hostile.execute(id, empty))[0]).toMatchObject({ kind: 'error', errno: 4082 })
    await expectServed()
    hostile.sendLongData(id, 0, piece)
    expect((await hostile.execute(id, empty))[0]!.kind).toBe('rows')
    expect((await hostile.execute(id, [blobParam(piece)]))[0]!.kind).toBe('rows')
  })

  test('in rows to be sorted is told 1038', async () => {
    const hostile = await connect()
    const sql = (bytes: number) =>
      `SELECT name, '${'x'.repeat(bytes)}' AS r, COUNT(*) AS n FROM users GROUP BY name ORDER BY n`
    expect((await hostile.query(sql(1_000)))[0]).not.toHaveProperty('error')
    expect((await hostile.query(sql(4_000_000)))[0]).toMatchObject({ error: { errno: 1038 } })
    await expectServed()
  })
})

/** About 60 kB, each with a fingerprint of its own. */
function longText(i: number): string {
  const columns = Array.from({ length: 240 }, (_, n) => `name AS \`${i}_${n}_${'x'.repeat(230)}\``)
  return `SELECT ${columns.join()} FROM users WHERE id = 1`
}

test.each([{ what: 'as texts' }, { what: 'prepared' }])(
  'a thousand different statements of 60 kB $what leave no more than the plans that are kept',
  async ({ what }) => {
    const hostile = await connect()
    for (let i = 0; i < 1_000; i++) {
      if (what === 'as texts') expect((await hostile.query(longText(i)))[0]!.kind).toBe('rows')
      else {
        const prepared = await hostile.prepare(longText(i))
        if (prepared.kind === 'error') expect(prepared.errno).toBe(4082)
        else expect((await hostile.execute(prepared.id))[0]!.kind).toBe('rows')
      }
      if (i % 100 === 0) await expectServed()
    }
  },
  180_000,
)

test.each([
  { what: 'small rows', row: '(1,1,1),', table: 'INSERT IGNORE INTO places (region, city, name) VALUES' },
  { what: 'a list', row: '1,', table: 'SELECT name FROM users WHERE id IN (1,' },
])('a statement of many megabytes of $what is refused, one of less is answered', async ({ row, table }) => {
  const hostile = await connect()
  const text = (bytes: number) =>
    `${table} ${row.repeat(bytes / row.length)}${row.slice(0, -1)}${table.includes('(1,') ? ')' : ''}`
  expect((await hostile.query(text(12_000_000)))[0]).toMatchObject({ kind: 'error', errno: 3170 })
  await expectServed()
  const [answer] = await hostile.query(text(250_000))
  expect(answer!.kind).toBe(row === '1,' ? 'rows' : 'ok')
  await expectServed()
})

test('a picture of many megabytes is no costly statement', async () => {
  const client = await connect()
  const [answer] = await client.query(`SELECT LENGTH('${'x,'.repeat(6_000_000)}')`)
  expect(answer!.kind === 'rows' && answer!.rows.map(textRow)).toEqual([['12000000']])
})

test('memory returns', () => {
  expect(proxy.rssBytes / 2 ** 20).toBeLessThan(RSS_MB_MAX)
})
