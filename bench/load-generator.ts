/**
 * Point selects by mysql2 where sysbench is absent: `node load-generator.js PORT USER PASSWORD MODE CONNECTIONS SECONDS
 * ROWS`. Prints `{"queries", "histogram": [[microseconds, count], …]}`. It costs more CPU than sysbench, so that queries
 * per second are lower; the proxy's CPU per query is measured as well with it.
 */
import mysql from 'mysql2/promise'

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
    const id = 1 + Math.floor(Math.random() * Number(rows))
    const start = performance.now()
    if (mode === 'disable') await connection.query(sql, [id])
    else await connection.execute(sql, [id])
    note((performance.now() - start) * 1000)
    queries++
  }
  await connection.end()
  return queries
}

/** Buckets of 4 %. */
function note(microseconds: number): void {
  const bucket = Math.round(1.04 ** Math.round(Math.log(microseconds) / Math.log(1.04)))
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1)
}

const counts = await Promise.all(Array.from({ length: Number(connections) }, run))
const queries = counts.reduce((sum, count) => sum + count, 0)
console.log(JSON.stringify({ queries, histogram: [...histogram].sort(([a], [b]) => a - b) }))
