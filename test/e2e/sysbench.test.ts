import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findProgram } from '../../src/cli/local/find-program.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

const sysbench = findProgram('sysbench')
const SCHEMA_DIR = new URL('sysbench', import.meta.url).pathname
const TABLES = ['sbtest1', 'sbtest2'] as const
const TABLE_ROWS = 1_000
const THREADS = 4
const EVENTS = 120

/** Scripts that leave as many rows as there were: where they delete one they insert it again. */
const KEEP_ROWS = [
  'oltp_point_select',
  'oltp_read_only',
  'oltp_update_index',
  'oltp_update_non_index',
  'oltp_read_write',
  'oltp_write_only',
  'select_random_points',
  'select_random_ranges',
] as const

/** The tables with a sequence and those whose ids sysbench gives; statements prepared and as text. */
const CASES = [
  { keyspace: 'sharded', autoInc: 'on', prepared: 'auto', mode: 'multi' },
  { keyspace: 'explicit', autoInc: 'off', prepared: 'disable', mode: 'twopc' },
] as const

describe.skipIf(sysbench === undefined)('sysbench, unmodified', () => {
  onEachServer((server) => {
    let cluster: TestCluster
    beforeAll(async () => {
      cluster = await startCluster({ server, shards: 2, isOneMysqld: true, schemaDir: SCHEMA_DIR })
      for (const each of new Set(cluster.servers.values())) {
        const root = await each.connectAsRoot()
        // Its transactions lock rows in any order; sessions that wait for each other on two shards are told so by this (1205).
        await root.query('SET GLOBAL innodb_lock_wait_timeout = 1')
        await root.end()
      }
    })
    afterAll(() => cluster?.close())

    describe.each(CASES)(
      'auto_inc $autoInc, db-ps-mode $prepared, transaction_mode $mode',
      ({ keyspace, autoInc, prepared, mode }) => {
        let proxy: TestProxy
        let client: Connection
        beforeAll(async () => {
          proxy = await startTestProxy(cluster, { config: { transaction_mode: mode } })
          const { host, port, user, password } = proxy
          client = await createConnection({ host, port, user, password, database: keyspace })
          await run('oltp_read_write', 'prepare')
        })
        afterAll(async () => {
          await client?.end()
          await proxy?.close()
        })

        test('prepare makes tables, rows and an index', async () => {
          for (const table of TABLES) {
            expect(await rowsOf(table)).toBe(TABLE_ROWS)
            const [keys] = await client.query<RowDataPacket[]>(`SHOW KEYS FROM ${table}`)
            expect(keys.map((key) => key['Column_name'])).toEqual(['id', 'k'])
          }
        })

        test.each(KEEP_ROWS)('%s', async (script) => {
          const { ignored, events } = await run(script, 'run')
          // A deadlock, which sysbench begins again after; only those whose transactions write several rows have them.
          if (!/read_write|write_only/.test(script)) expect(ignored).toBe(0)
          expect(events).toBe(EVENTS)
          expect(await rowsOf(...TABLES)).toBe(TABLES.length * TABLE_ROWS)
        })

        test('oltp_insert adds a row an event, oltp_delete takes some away', async () => {
          await run('oltp_insert', 'run')
          expect(await rowsOf(...TABLES)).toBe(TABLES.length * TABLE_ROWS + EVENTS)
          await run('oltp_delete', 'run')
          expect(await rowsOf(...TABLES)).toBeLessThan(TABLES.length * TABLE_ROWS + EVENTS)
        })

        test('cleanup, then bulk_insert', async () => {
          await run('oltp_read_write', 'cleanup')
          const threads = ['--threads=2']
          await run('bulk_insert', 'prepare', threads)
          const { events } = await run('bulk_insert', 'run', [...threads, '--events=30000'])
          expect(await rowsOf(...TABLES)).toBe(events)
          await run('bulk_insert', 'cleanup', threads)
          const [tables] = await client.query<RowDataPacket[]>('SHOW TABLES')
          expect(tables).toEqual([])
        }, 60_000)

        /** Rejects with what it says when it reports an error. */
        async function run(script: string, command: string, more: readonly string[] = []) {
          const { host, port, user, password } = proxy
          const account = [`host=${host}`, `port=${port}`, `user=${user}`, `password=${password}`]
          const tables = [`--tables=${TABLES.length}`, `--table-size=${TABLE_ROWS}`, `--auto-inc=${autoInc}`]
          const args = [
            ...[...account, `db=${keyspace}`].map((setting) => `--mysql-${setting}`),
            ...['--db-driver=mysql', `--db-ps-mode=${prepared}`, `--threads=${THREADS}`],
            ...['--time=0', `--events=${EVENTS}`],
            ...(script === 'bulk_insert' ? [] : tables),
            ...more,
          ]
          const { stdout, stderr } = await promisify(execFile)(sysbench!, [script, ...args, command])
          if (/FATAL|ALERT|error \d/.test(stdout + stderr)) throw new Error(stdout + stderr)
          const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1])
          return {
            ignored: number(/ignored errors:\s+(\d+)/),
            events: number(/total number of events:\s+(\d+)/),
          }
        }

        async function rowsOf(...tables: readonly string[]): Promise<number> {
          let sum = 0
          for (const table of tables) {
            const [[row]] = await client.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`)
            sum += row!['n']
          }
          return sum
        }
      },
    )
  })
})
