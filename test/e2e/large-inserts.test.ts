import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { bigintParam, ProtocolClient, type Result, stringParam, textRow } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** Statements that are longer than the servers' max_allowed_packet: the client's own is the proxy's. */
const PACKET_BYTES = 64 * 1024
const ROWS = 300

const SCHEMA_DIR = new URL('../differential/schema', import.meta.url).pathname

onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  let client: ProtocolClient

  beforeAll(async () => {
    cluster = await startCluster({ server, isOneMysqld: true, schemaDir: SCHEMA_DIR })
    const root = await [...cluster.servers.values()][0]!.connectAsRoot()
    await root.query(`SET GLOBAL max_allowed_packet = ${PACKET_BYTES}`)
    await root.end()
    proxy = await startTestProxy(cluster, {})
    const { port, user, password } = proxy
    client = await ProtocolClient.connect({ port, user, password, database: 'main' })
  }, 60_000)
  afterAll(async () => {
    client?.close()
    await proxy?.close()
    await cluster?.close()
  })
  beforeEach(async () => {
    await run('DELETE FROM texts')
    await run('DELETE FROM orders')
  })

  async function run(sql: string): Promise<Result> {
    return (await client.query(sql))[0]!
  }

  async function cells(sql: string): Promise<readonly (string | null)[]> {
    const answer = await run(sql)
    return answer.kind === 'rows' ? answer.rows.flatMap((row) => textRow(row)) : []
  }

  const body = 'x'.repeat(1000)
  const inserted = (rows: readonly string[], verb = 'INSERT') =>
    `${verb} INTO texts (user_id, id, title, body) VALUES ${rows.join(', ')}`
  const row = (i: number, id = `${i}`) => `(${i}, ${id}, 't${i}', '${body}')`
  const rows = Array.from({ length: ROWS }, (_, i) => row(i + 1))

  test('an INSERT is several statements of one transaction', async () => {
    const info = `Records: ${ROWS}  Duplicates: 0  Warnings: 0`
    expect(await run(inserted(rows))).toMatchObject({ kind: 'ok', affectedRows: ROWS, info, warnings: 0 })
    expect(await cells('SELECT COUNT(*), SUM(id), SUM(LENGTH(body)) FROM texts')).toEqual([
      `${ROWS}`,
      `${(ROWS * (ROWS + 1)) / 2}`,
      `${ROWS * 1000}`,
    ])
    const replaced = { kind: 'ok', affectedRows: 2 * ROWS, info: info.replace('s: 0', `s: ${ROWS}`) }
    expect(
      await run(
        inserted(
          rows.map((text) => text.replace("'t", "'u")),
          'REPLACE',
        ),
      ),
    ).toMatchObject(replaced)
    const update = `${inserted(rows)} ON DUPLICATE KEY UPDATE title = CONCAT(title, 1)`
    expect(await run(update)).toMatchObject(replaced)
  })

  test('rows of one shard alone', async () => {
    const ofOne = Array.from({ length: ROWS }, (_, i) => `(7, ${i}, 't${i}', '${body}')`)
    const info = `Records: ${ROWS}  Duplicates: 0  Warnings: 0`
    expect(await run(inserted(ofOne))).toMatchObject({ kind: 'ok', affectedRows: ROWS, info })
  })

  test('the first row that is refused undoes all, and what was written before it in the transaction stays', async () => {
    const wrong = rows.with(ROWS - 1, row(ROWS, 'NULL')).with(ROWS - 2, row(ROWS - 1, '1e99'))
    for (const around of [[], ['BEGIN']]) {
      for (const sql of around) await run(sql)
      await run(inserted([row(9999)]))
      const atRow = `Out of range value for column 'id' at row ${ROWS - 1}`
      expect(await run(inserted(wrong))).toMatchObject({ kind: 'error', errno: 1264, message: atRow })
      expect(await cells('SELECT id FROM texts')).toEqual(['9999'])
      for (const _ of around) await run('COMMIT')
      await run('DELETE FROM texts')
    }
  })

  test('warnings tell the row of the statement, and IGNORE counts what it leaves out', async () => {
    const some = rows.with(ROWS - 1, row(ROWS, "'1x'")).with(ROWS - 2, row(ROWS - 1, "'200x'"))
    await run(inserted([row(200)]))
    const info = `Records: ${ROWS}  Duplicates: 2  Warnings: `
    const answer = await run(inserted(some, 'INSERT IGNORE'))
    expect(answer).toMatchObject({ kind: 'ok', affectedRows: ROWS - 2 })
    expect(answer.kind === 'ok' && answer.info.slice(0, info.length)).toBe(info)
    const told = await cells('SHOW WARNINGS')
    expect(
      told.filter((text) => /at row/.test(text ?? '')).map((text) => /\d+$/.exec(text ?? '')?.[0]),
    ).toEqual([`${ROWS - 1}`, `${ROWS}`])
  })

  test('numbers of a sequence are consecutive, and the first is told', async () => {
    const notes = Array.from({ length: 1500 }, (_, i) => `(${i}, 1, 1, '${'n'.repeat(90)}')`)
    const answer = await run(`INSERT INTO orders (user_id, product, amount, note) VALUES ${notes.join(', ')}`)
    expect(answer).toMatchObject({ kind: 'ok', affectedRows: 1500 })
    const first = answer.kind === 'ok' ? Number(answer.lastInsertId) : 0
    expect(await cells('SELECT MIN(id - user_id), MAX(id - user_id), LAST_INSERT_ID() FROM orders')).toEqual(
      Array(3).fill(`${first}`),
    )
  })

  test('params', async () => {
    const prepared = await client.prepare(
      `INSERT INTO texts (user_id, id, title, body) VALUES ${Array(ROWS).fill('(?, ?, ?, ?)').join(', ')}`,
    )
    if (prepared.kind !== 'prepared') throw new Error(prepared.message)
    const params = Array.from({ length: ROWS }, (_, i) => [
      bigintParam(i),
      bigintParam(i),
      stringParam(`t${i}`),
      stringParam(body),
    ]).flat()
    const [answer] = await client.execute(prepared.id, params)
    expect(answer).toMatchObject({ kind: 'ok', affectedRows: ROWS })
    expect(await cells('SELECT COUNT(*), SUM(LENGTH(body)) FROM texts')).toEqual([
      `${ROWS}`,
      `${ROWS * 1000}`,
    ])
    client.closeStatement(prepared.id)
  })

  test('what cannot be divided is 1153, and neither the connection nor the transaction is lost', async () => {
    const long = 'y'.repeat(PACKET_BYTES)
    await run('BEGIN')
    await run(inserted([row(1)]))
    const refused = { kind: 'error', errno: 1153, sqlState: '08S01' }
    for (const sql of [
      inserted([row(2), `(3, 3, 't3', '${long}')`]),
      `UPDATE texts SET body = '${long}'`,
      `UPDATE texts SET body = '${long}' WHERE user_id = 1`,
      `SELECT LENGTH('${long}')`,
      `INSERT INTO lookup.products (name, price) VALUES ('${long}', 1)`,
    ]) {
      const answer = await run(sql)
      expect(answer).toMatchObject(refused)
      expect(answer.kind === 'error' && answer.message).toMatch(`its server takes less than ${PACKET_BYTES}`)
    }
    expect(await cells('SELECT id, LENGTH(body) FROM texts')).toEqual(['1', '1000'])
    await run('COMMIT')
    expect(await cells('SELECT id FROM texts')).toEqual(['1'])
  })

  test('a param that comes in pieces longer than the server takes', async () => {
    await run(inserted([row(1)]))
    const prepared = await client.prepare('SELECT LENGTH(?), id FROM texts WHERE user_id = 1')
    if (prepared.kind !== 'prepared') throw new Error(prepared.message)
    // The server has the word on all of them together.
    client.sendLongData(prepared.id, 0, Buffer.alloc(PACKET_BYTES + 100, 'z'))
    const answers = await client.execute(prepared.id, [null])
    expect(answers[0]).toMatchObject({ kind: 'error' })
    expect(await cells('SELECT id FROM texts')).toEqual(['1'])
  })
})
