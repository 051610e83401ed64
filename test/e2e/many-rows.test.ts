import { createConnection as createStreaming } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, startFixture } from './fixture.ts'

const ROWS = 5_000

let fixture: Fixture
beforeAll(async () => {
  fixture = await startFixture()
  const connection = await createConnection(options())
  for (let from = 1; from <= ROWS; from += 500) {
    const rows = Array.from({ length: 500 }, (_, i) => [from + i, `name ${from + i}`])
    await connection.query('INSERT INTO users (id, name) VALUES ?', [rows])
  }
  await connection.end()
})
afterAll(() => fixture?.close())

function options() {
  const { host, port, user, password } = fixture.proxy
  return { host, port, user, password, database: 'main', rowsAsArray: true } as const
}

/** Of a few bytes, a few hundred, and some that are longer than what is read at once. */
const TEXT = `REPEAT(CHAR(97 + id % 26), CASE WHEN id % 1999 = 0 THEN 300000 WHEN id % 97 = 0 THEN 20000 ELSE id * 7 % 500 END)`

function rowOf(id: number): string {
  const length = id % 1_999 === 0 ? 300_000 : id % 97 === 0 ? 20_000 : (id * 7) % 500
  return `${id} name ${id} ${String.fromCharCode(97 + (id % 26)).repeat(length)}`
}

const ids = Array.from({ length: ROWS }, (_, i) => i + 1)
const statements = {
  unordered: { sql: `SELECT id, name, ${TEXT} FROM users`, ids, isOrdered: false },
  ordered: { sql: `SELECT id, name, ${TEXT} FROM users ORDER BY id`, ids, isOrdered: true },
  descending: { sql: `SELECT id, name, ${TEXT} FROM users ORDER BY name DESC, id`, ids, isOrdered: false },
  'UNION ALL': {
    sql: `SELECT id, name, ${TEXT} FROM users UNION ALL SELECT id, name, ${TEXT} FROM users WHERE id < 700`,
    ids: [...ids, ...ids.slice(0, 699)],
    isOrdered: false,
  },
  sorted: { sql: `SELECT DISTINCT id, name, ${TEXT} FROM users ORDER BY id`, ids, isOrdered: true },
} as const

interface Reading {
  readonly isPrepared: boolean
  readonly inTransaction: boolean
  /** Waits behind every so many rows. */
  readonly pausesEvery?: number
}

/** Reads an answer row by row and tells the first row that is not as it was written; undefined when all are right. */
async function firstWrong(name: keyof typeof statements, reading: Reading): Promise<string | undefined> {
  const { sql, ids: wanted, isOrdered } = statements[name]
  const connection = createStreaming(options())
  const run = (text: string) => connection.promise().query(text)
  if (reading.inTransaction) await run('START TRANSACTION')
  for (let time = 0; time < 2; time++) {
    const answer = reading.isPrepared ? connection.execute(sql) : connection.query(sql)
    const got: number[] = []
    let rows = 0
    for await (const [id, rowName, text] of answer.stream({ highWaterMark: 10 })) {
      if (`${id} ${rowName} ${text}` !== rowOf(Number(id))) return `${name}: ${id} ${rowName} ${text}`
      got.push(Number(id))
      if (reading.pausesEvery !== undefined && ++rows % reading.pausesEvery === 0)
        await new Promise((resolve) => setTimeout(resolve, 5))
    }
    if (!isOrdered) got.sort((a, b) => a - b)
    const expected = isOrdered ? wanted : [...wanted].sort((a, b) => a - b)
    if (got.join() !== expected.join()) return `${name}: ${got.length} rows, not as they should come`
  }
  if (reading.inTransaction) await run('COMMIT')
  connection.destroy()
  return undefined
}

test('every row is what was written, whoever reads at the same time and however slowly', async () => {
  const readings: Reading[] = [
    { isPrepared: false, inTransaction: false },
    { isPrepared: true, inTransaction: false, pausesEvery: 400 },
    { isPrepared: false, inTransaction: true, pausesEvery: 1_000 },
    { isPrepared: true, inTransaction: true },
  ]
  const names = Object.keys(statements) as (keyof typeof statements)[]
  const wrong: string[] = []
  const readAll = async (reading: Reading) => {
    for (const name of names) wrong.push((await firstWrong(name, reading)) ?? '')
  }
  await Promise.all(readings.map(readAll))
  expect(wrong.map((each) => each.slice(0, 200)).filter((each) => each !== '')).toEqual([])
}, 120_000)

test('a reader that leaves early disturbs nobody, and its session goes on', async () => {
  const staying = firstWrong('ordered', { isPrepared: false, inTransaction: false, pausesEvery: 500 })
  for (const inTransaction of [false, true]) {
    const connection = await createConnection(options())
    if (inTransaction) await connection.query('START TRANSACTION')
    for (let i = 0; i < 5; i++) {
      const [first] = await connection.query(`${statements.ordered.sql} LIMIT 3`)
      const rows = (first as unknown[][]).map(([id, name, text]) => `${id} ${name} ${text}`)
      expect(rows).toEqual([1, 2, 3].map(rowOf))
      const [one] = await connection.query('SELECT name FROM users WHERE id = 4')
      expect(one).toEqual([['name 4']])
    }
    await connection.end()
    const gone = createStreaming(options())
    await new Promise<void>((resolve) => gone.query(statements.unordered.sql).once('result', () => resolve()))
    gone.destroy()
  }
  expect(await staying).toBeUndefined()
}, 120_000)
