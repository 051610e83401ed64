import { afterAll, beforeAll, expect, test } from 'vitest'
import { clientsBy } from '../support/clients.ts'
import { connectTo, type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { bigintParam, type ProtocolClient, type Result } from '../support/protocol-client.ts'
import type { TestProxy } from '../support/proxy.ts'

/** Server-side cursors, where one connection to each server is all there is. */
let faults: FaultCluster
let proxy: TestProxy
/** All on `-80` (vindex hash). */
const [ONE, TWO] = [1, 2]

beforeAll(async () => {
  faults = await startFaultCluster()
  proxy = await faults.startProxy({ config: { pool: { size: 1, wait_timeout: '2s' } } })
  const setup = await client()
  await setup.query(`INSERT INTO users (id, name) VALUES (${ONE}, 'one'), (${TWO}, 'two')`)
})
afterAll(() => faults?.close())

const client = clientsBy(() => connectTo(proxy))

async function prepare(of: ProtocolClient, sql = 'SELECT name FROM users WHERE id = ?'): Promise<number> {
  const prepared = await of.prepare(sql)
  if (prepared.kind !== 'prepared') throw new Error(JSON.stringify(prepared))
  return prepared.id
}

function names(result: Result): readonly string[] | string {
  return result.kind === 'rows'
    ? result.rows.map((row) => row.subarray(3).toString())
    : JSON.stringify(result)
}

test('the rows of a cursor that was opened in a transaction are fetched behind COMMIT, and are its own', async () => {
  const [a, b] = [await client(), await client()]
  const [ofA, ofB] = [await prepare(a), await prepare(b)]
  await a.query('BEGIN')
  await a.openCursor(ofA, [bigintParam(ONE)])
  await a.query('COMMIT')
  // The connection is the cursor's: another session waits for it.
  const other = b.openCursor(ofB, [bigintParam(TWO)])
  expect(names(await a.fetch(ofA, 10))).toEqual(['one'])
  expect(await other).toMatchObject({ kind: 'rows' })
  expect(names(await b.fetch(ofB, 10))).toEqual(['two'])
  expect(await a.fetch(ofA, 10)).toMatchObject({ kind: 'error', errno: 1421 })
})

test('two cursors of one text in one transaction are two', async () => {
  const of = await client()
  const [first, second] = [await prepare(of), await prepare(of)]
  await of.query('BEGIN')
  await of.openCursor(first, [bigintParam(ONE)])
  await of.openCursor(second, [bigintParam(TWO)])
  expect(names(await of.fetch(first, 1))).toEqual(['one'])
  expect(names(await of.fetch(second, 1))).toEqual(['two'])
  await of.query('COMMIT')
})

test.each(['closed', 'reset', 'executed again', 'left by its client'])(
  'a cursor that is %s gives its connection back',
  async (how) => {
    const of = await client()
    const id = await prepare(of)
    await of.query('BEGIN')
    await of.openCursor(id, [bigintParam(ONE)])
    await of.query('COMMIT')
    if (how === 'closed') of.closeStatement(id)
    else if (how === 'reset') await of.resetStatement(id)
    else if (how === 'executed again') await of.execute(id, [bigintParam(ONE)])
    else of.destroy()
    expect((await (await client()).query(`SELECT name FROM users WHERE id = ${TWO}`))[0]).toMatchObject({
      kind: 'rows',
    })
  },
)

test('preparing one text again and again leaves one statement on the server', async () => {
  const root = await faults.rootOf('-80')
  const count = async () => {
    const [rows] = await root.query(`SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'`)
    return Number((rows as { Value: string }[])[0]!.Value)
  }
  const of = await client()
  await prepare(of)
  const before = await count()
  for (let i = 0; i < 50; i++) {
    const id = await prepare(of)
    await of.execute(id, [bigintParam(ONE)])
    of.closeStatement(id)
  }
  expect(await count()).toBeLessThanOrEqual(before + 1)
  await root.end()
})
