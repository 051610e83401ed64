/**
 * What a COMMIT over two shards costs: both have written one row, and the COMMIT through the proxy is timed beside the COMMITs of
 * the same two transactions straight on the servers, interleaved in one run. The ratio is to the slower server's. Servers flush
 * their logs to disk with each commit, as those in production do.
 *
 *   npm run bench -- commit [--commits N] [--server mariadb|mysql]
 */
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { startCluster } from '../test/support/cluster.ts'
import { startTestProxy } from '../test/support/proxy.ts'
import { median } from './support/process-cpu.ts'

const { values: options } = parseArgs({
  options: { commits: { type: 'string', default: '300' }, server: { type: 'string', default: 'mariadb' } },
})
const server = options.server === 'mysql' ? 'mysql' : 'mariadb'
const commits = Number(options.commits)

/** From the root of the repository, for this is bundled, too. Ids of users on -80 and on 80-. */
const SCHEMA_DIR = 'test/differential/schema'
const IDS = [1, 4] as const

const cluster = await startCluster({ shards: 2, schemaDir: SCHEMA_DIR, server })
const proxy = await startTestProxy(cluster)
try {
  // In the order of IDS.
  const names = [...cluster.servers.keys()].filter((name) => name.startsWith('main_')).sort()
  const servers = names.map((name) => cluster.servers.get(name)!)
  for (const each of servers) {
    const root = await each.connectAsRoot()
    await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    await root.end()
  }
  const { host, port, user, password } = proxy
  const client = await mysql.createConnection({ host, port, user, password, database: 'main' })
  await client.query(`INSERT INTO users (id, name) VALUES (${IDS[0]}, 'a'), (${IDS[1]}, 'b')`)
  const direct = await Promise.all(
    servers.map((each) =>
      mysql.createConnection({ host, port: each.port, ...cluster.account, database: 'main' }),
    ),
  )
  const times = { multi: [] as number[], twopc: [] as number[], shards: IDS.map(() => [] as number[]) }
  for (let i = 0; i < commits; i++) {
    for (const mode of ['multi', 'twopc'] as const) {
      await client.query(`SET transaction_mode = '${mode}'`)
      times[mode].push(await timedCommit(client, IDS))
    }
    for (const [at, id] of IDS.entries()) times.shards[at]!.push(await timedCommit(direct[at]!, [id]))
  }
  const slower = Math.max(...times.shards.map(median))
  console.log(`${server}, ${commits} commits each; medians in µs`)
  for (const [at, shard] of times.shards.entries())
    print(`one shard, straight (${IDS[at]})`, median(shard), slower)
  print('two shards, multi', median(times.multi), slower)
  print('two shards, twopc', median(times.twopc), slower)
  for (const connection of [client, ...direct]) await connection.end()
} finally {
  await proxy.close()
  await cluster.close()
}

/** µs of the COMMIT alone. */
async function timedCommit(connection: mysql.Connection, ids: readonly number[]): Promise<number> {
  await connection.query('BEGIN')
  for (const id of ids)
    await connection.query(`UPDATE users SET score = COALESCE(score, 0) + 1 WHERE id = ${id}`)
  const startedNs = process.hrtime.bigint()
  await connection.query('COMMIT')
  return Number(process.hrtime.bigint() - startedNs) / 1_000
}

function print(what: string, us: number, slower: number): void {
  console.log(`${what.padEnd(30)} ${us.toFixed(0).padStart(7)}   × ${(us / slower).toFixed(2)}`)
}
