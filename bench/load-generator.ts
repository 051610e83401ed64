/**
 * Statements by mysql2: `node load-generator.js PORT USER PASSWORD MODE CONNECTIONS SECONDS ROWS`. MODE `disable` and `auto`
 * are point selects, as text and prepared, where sysbench is absent; others are those of bench/support/scattered.ts. Prints `{"queries", "histogram": [[microseconds, count], …]}`. It costs more CPU than sysbench, so that queries
 * per second are lower; the proxy's CPU per query is measured as well with it.
 */
import mysql, { type Connection } from 'mysql2/promise'
import { isScattered, scattered } from './support/scattered.ts'

const [port, user, password, mode, connections, seconds, rows] = process.argv.slice(2)
const sql = 'SELECT c FROM sbtest1 WHERE id=?'
const untilMs = performance.now() + Number(seconds) * 1000
const histogram = new Map<number, number>()

async function run(): Promise<number> {
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port: Number(port),
    user,
    password,
    database: 'sbtest',
  })
  let queries = 0
  while (performance.now() < untilMs) {
    const start = performance.now()
    await ask(connection)
    note((performance.now() - start) * 1000)
    queries++
  }
  await connection.end()
  return queries
}

async function ask(connection: Connection): Promise<void> {
  if (mode !== undefined && isScattered(mode))
    return void (await connection.query(scattered[mode](Number(rows))))
  const id = 1 + Math.floor(Math.random() * Number(rows))
  if (mode === 'disable') await connection.query(sql, [id])
  else await connection.execute(sql, [id])
}

/** Buckets of 4 %. */
function note(microseconds: number): void {
  const bucket = Math.round(1.04 ** Math.round(Math.log(microseconds) / Math.log(1.04)))
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
}

const counts = await Promise.all(Array.from({ length: Number(connections) }, run))
const queries = counts.reduce((sum, count) => sum + count, 0)
console.log(JSON.stringify({ queries, histogram: [...histogram].sort(([a], [b]) => a - b) }))
