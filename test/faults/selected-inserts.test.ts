import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { type ProtocolClient, printError, type Result, textRow } from '../support/protocol-client.ts'

/** INSERT … SELECT of more rows than a session may hold: they come in batches, and are written in one transaction. */
const ROWS = 12_000

onEachServer((server) => {
  let faults: FaultCluster
  let client: ProtocolClient

  beforeAll(async () => {
    const config = { connection_memory_limit: '1M', federation: { rows: 1000 }, timeouts: { silence: '1s' } }
    faults = await startFaultCluster({ server, config })
    client = await faults.connect()
    for (let from = 1; from <= ROWS; from += 2000) {
      const rows = Array.from({ length: 2000 }, (_, i) => `(${from + i}, ${from + i}, 1, 1, REPEAT('x', 30))`)
      await run(`INSERT INTO orders (id, user_id, product, amount, note) VALUES ${rows.join(', ')}`)
    }
  }, 60_000)
  afterAll(async () => {
    client?.close()
    await faults?.close()
  })
  beforeEach(async () => {
    await run(`DELETE FROM orders WHERE id > ${ROWS}`)
  })

  async function run(sql: string, by = client): Promise<Result> {
    const [answer] = await by.query(sql)
    if (answer!.kind === 'error') throw new Error(printError(answer!))
    return answer!
  }

  async function count(by = client): Promise<number> {
    const answer = await run('SELECT COUNT(*) FROM orders', by)
    return answer.kind === 'rows' ? Number(textRow(answer.rows[0]!)[0]) : Number.NaN
  }

  /** From and into one table. */
  const copy = (id: string) =>
    `INSERT INTO orders (id, user_id, product, amount, note) SELECT ${id}, user_id + 1, 1, 1, note FROM orders`

  test('rows that no session may hold', async () => {
    const info = `Records: ${ROWS}  Duplicates: 0  Warnings: 0`
    expect(await run(copy(`id + ${ROWS}`))).toMatchObject({ kind: 'ok', affectedRows: ROWS, info })
    expect(await count()).toBe(2 * ROWS)
  })

  test.each([
    [
      'UNION ALL',
      `SELECT id + ${ROWS}, user_id + 1, 1, 1, note FROM orders WHERE id <= 6000 UNION ALL SELECT id + ${ROWS}, 1, 1, 1, note FROM orders WHERE id > 6000`,
    ],
    [
      'groups',
      `SELECT MAX(id) + ${ROWS}, user_id + 1, COUNT(*), SUM(amount), MIN(note) FROM orders GROUP BY user_id, product`,
    ],
    ['distinct rows in order', `SELECT DISTINCT id + ${ROWS}, user_id, 1, 1, note FROM orders ORDER BY 1`],
  ])('%s, of which there are more than any session may hold', async (_, query) => {
    const sql = `INSERT INTO orders (id, user_id, product, amount, note) ${query}`
    const info = `Records: ${ROWS}  Duplicates: 0  Warnings: 0`
    expect(await run(sql)).toMatchObject({ kind: 'ok', affectedRows: ROWS, info })
    expect(await count()).toBe(2 * ROWS)
    // It meets its own rows now, all of it.
    expect((await client.query(sql))[0]).toMatchObject({ kind: 'error', errno: 1062 })
    expect(await count()).toBe(2 * ROWS)
  })

  test('one that is refused at the end leaves none', async () => {
    const refused = copy(`id + ${ROWS}`).replace('1, 1, note', `IF(id = ${ROWS - 1}, NULL, 1), 1, note`)
    for (const around of [[], ['BEGIN']]) {
      for (const sql of around) await run(sql)
      await run(`INSERT INTO orders (id, user_id, product, amount) VALUES (${3 * ROWS}, 1, 1, 1)`)
      expect((await client.query(refused))[0]).toMatchObject({ kind: 'error', errno: 1048 })
      expect(await count()).toBe(ROWS + 1)
      await run(`DELETE FROM orders WHERE id = ${3 * ROWS}`)
      for (const _ of around) await run('COMMIT')
    }
  })

  test('warnings tell the row of the statement', async () => {
    const ignored = copy(`id + ${ROWS}`)
      .replace('INSERT', 'INSERT IGNORE')
      .replace('1, 1, note', "1, IF(id = 9000, 'x', 1), note")
    const answer = await run(`${ignored} ORDER BY id`)
    expect(answer).toMatchObject({ kind: 'ok', affectedRows: ROWS, warnings: 1 })
    const shown = await run('SHOW WARNINGS')
    expect(shown.kind === 'rows' && textRow(shown.rows[0]!)[2]).toMatch(/at row 9000$/)
  })

  test('a KILL in the middle leaves none', async () => {
    const other = await faults.connect()
    const id = (await run('SELECT CONNECTION_ID()')) as Result & { kind: 'rows' }
    await run('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED', other)
    await run('BEGIN', other)
    await run(`INSERT INTO orders (id, user_id, product, amount) VALUES (${ROWS + 9000}, 1, 1, 1)`, other)
    // The other's row stands in the way of those written, not of those read.
    const asked = client.query(`${copy(`id + ${ROWS}`)} FORCE INDEX (PRIMARY) WHERE id < ${ROWS - 50}`)
    await eventually('some of its batches are written', async () => (await count(other)) > ROWS + 1)
    await run(`KILL QUERY ${textRow(id.rows[0]!)[0]}`, other)
    expect((await asked)[0]).toMatchObject({ kind: 'error', errno: 1317 })
    await run('ROLLBACK', other)
    expect(await count()).toBe(ROWS)
    other.close()
  })

  test('a server that falls silent in the middle', async () => {
    const asked = client.query(copy(`id + ${ROWS}`))
    await new Promise((resolve) => setTimeout(resolve, 60))
    await faults.pause('80-')
    const [answer] = await asked
    faults.resume('80-')
    if (answer!.kind === 'error') expect(answer!.errno).toBe(2013)
    else expect(answer).toMatchObject({ affectedRows: ROWS })
    expect(await count()).toBe(answer!.kind === 'error' ? ROWS : 2 * ROWS)
  })
})
