/**
 * Fingerprint, lexer and parser of src/sql: time a statement and MB/s, next to node-sql-parser on the same statements in
 * the same run. Best of five rounds. `npm run bench -- sql linear [bytes]` instead takes texts of many shapes, of so
 * many bytes (1 MB) and of twice as many, and prints how many times as long the longer one took: about 2.
 */
import { createRequire } from 'node:module'
import { SqlError } from '../src/errors/sql-error.ts'
import { scan } from '../src/sql/fingerprint.ts'
import { tokenize } from '../src/sql/lexer.ts'
import { normalize, parseStatement } from '../src/sql/parse.ts'
import { print } from '../src/sql/print.ts'
import { applicationStatements } from '../test/unit/sql/queries.ts'
import { shapes } from './support/sql-shapes.ts'

const options = { mode: 0, serverVersion: 90700 }
type Parser = new () => { astify(sql: string): unknown }
const { Parser } = createRequire(import.meta.url)('node-sql-parser/build/mysql') as { Parser: Parser }
const other = new Parser()

const long: readonly (readonly [string, string])[] = [
  ['multi-row INSERT, 1 MB', `INSERT INTO t (a, b, c) VALUES ${rows(1_000_000)}`],
  [
    'IN list, 100 kB',
    `SELECT a FROM t WHERE b IN (${Array.from({ length: 16_000 }, (_, i) => i * 37).join(',')})`,
  ],
  ['long strings, 1 MB', `INSERT INTO t (a, b) VALUES (1, '${'lorem ipsum '.repeat(87_000)}')`],
  ['OR chain, 100 kB', `SELECT a FROM t WHERE ${Array(9000).fill('b = 1234').join(' OR ')}`],
]

if (process.argv[2] === 'linear') measureGrowth()
else {
  measureStatements()
  measureThroughput()
}

/** Each application statement by itself. */
function measureStatements(): void {
  console.log(
    'one statement, microseconds'.padEnd(46),
    'fingerprint   lex   parse  normalize   print   node-sql-parser',
  )
  const factors: number[] = []
  for (const sql of applicationStatements) {
    const found = scan(sql, 0, 90700)
    const tree = parseStatement(sql, options)
    const parseTime = best(() => parseStatement(sql, options))
    const otherTime = accepts(sql) ? best(() => other.astify(sql), 20) : Number.NaN
    if (otherTime > 0) factors.push(otherTime / parseTime)
    const times = [
      best(() => scan(sql, 0, 90700)),
      best(() => tokenize(sql, options)),
      parseTime,
      best(() => normalize(sql, found, options)),
      best(() => print(tree)),
      otherTime,
    ]
    const name = sql.length > 42 ? `${sql.slice(0, 39)}...` : sql
    console.log(name.padEnd(46), times.map((time) => time.toFixed(2).padStart(8)).join(' '))
  }
  factors.sort((a, b) => a - b)
  console.log(`median: parse is ${factors[factors.length >> 1].toFixed(1)} times as fast as node-sql-parser`)
}

function measureThroughput(): void {
  const bytes = applicationStatements.join(';').length
  const all = (run: (sql: string) => unknown) => () => applicationStatements.forEach(run)
  console.log('\nall of them, MB/s')
  report(
    'fingerprint',
    bytes,
    best(
      all((sql) => scan(sql, 0, 90700)),
      50,
    ),
  )
  report(
    'parse',
    bytes,
    best(
      all((sql) => parseStatement(sql, options)),
      50,
    ),
  )
  console.log('\nlong texts')
  for (const [name, text] of long) {
    const sql = asReceived(text)
    const time = best(() => scan(sql, 0, 90700), 5)
    report(`fingerprint, ${name} (${(time / 1000).toFixed(1)} ms)`, sql.length, time)
  }
}

function measureGrowth(): void {
  const steps: readonly (readonly [string, (sql: string) => unknown])[] = [
    ['fingerprint', splitAll],
    ['lex', (sql) => tokenize(sql, options)],
    ['parse', parsedOrRefused],
    ['parse and print', printed],
  ]
  const bytes = Number(process.argv[3] ?? 1_000_000)
  console.log(`time for ${2 * bytes} bytes: as a multiple of that for ${bytes}, and in ms\n`)
  console.log(' '.repeat(34), steps.map(([name]) => name.padStart(16)).join(''))
  for (const [name, make] of shapes) {
    const [once, twice] = [make(bytes), make(2 * bytes)].map(asReceived)
    const cells = steps.map(([, run]) => {
      const [short, long] = [once, twice].map((sql) => best(() => run(sql), 1) / 1000)
      return `${(long / short).toFixed(1).padStart(6)} ${long.toFixed(0).padStart(6)} ms`.padStart(16)
    })
    console.log(name.padEnd(34), cells.join(''))
  }
}

/** Flat, as texts from the wire are: a concatenated string is read more slowly. */
function asReceived(text: string): string {
  return Buffer.from(text, 'latin1').latin1Slice()
}

function splitAll(sql: string): void {
  for (let found = scan(sql, 0, 90700); found.hasMore; ) found = scan(sql, 0, 90700, found.end)
}

function parsedOrRefused(sql: string): ReturnType<typeof parseStatement> | undefined {
  try {
    return parseStatement(sql, options)
  } catch (error) {
    if (error instanceof SqlError) return undefined
    throw error
  }
}

function printed(sql: string): string | undefined {
  const statement = parsedOrRefused(sql)
  return statement && print(statement)
}

function rows(length: number): string {
  const parts: string[] = []
  for (let i = 0, size = 0; size < length; i++) {
    const row = `(${i}, 'name ${i} of a row', ${i * 3}.25)`
    parts.push(row)
    size += row.length + 2
  }
  return parts.join(', ')
}

function accepts(sql: string): boolean {
  try {
    other.astify(sql)
    return true
  } catch {
    return false
  }
}

/** Microseconds a call, the best of five rounds of about `times` calls. */
function best(run: () => unknown, times = 2000): number {
  for (let i = 0; i < times; i++) run()
  const rounds = Array.from({ length: 5 }, () => {
    const start = performance.now()
    for (let i = 0; i < times; i++) run()
    return ((performance.now() - start) * 1000) / times
  })
  return Math.min(...rounds)
}

function report(name: string, size: number, microseconds: number): void {
  console.log(`${name.padEnd(52)} ${(size / microseconds).toFixed(0).padStart(6)} MB/s`)
}
