import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import { afterEach, beforeEach, describe, test } from 'vitest'
import { holdPort } from '../../src/cli/local/hold-port.ts'
import { SAMPLE_QUERIES } from '../../src/cli/local/sample.ts'
import { etcdCommand } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import { mariadbCommand } from '../support/mysql.ts'
import { type RunningShardgate, readyFile, runShardgate } from '../support/shardgate.ts'
import { tempDir } from '../support/temp-dir.ts'

describe.skipIf(!mariadbCommand)('shardgate local, as a newcomer runs it', () => {
  let dir: ReturnType<typeof tempDir>
  let running: RunningShardgate | undefined

  beforeEach(() => {
    dir = tempDir('local')
  })
  afterEach(async () => {
    running?.process.kill('SIGINT')
    await running?.exited
    dir.remove()
  })

  async function start(...options: readonly string[]) {
    const file = join(dir.path, 'ready.json')
    running = runShardgate(
      'local',
      '--data-dir',
      join(dir.path, 'data'),
      '--port',
      '0',
      '--ready-file',
      file,
      ...options,
    )
    const { host, port, user } = await readyFile(running, file)
    const connect = (database?: string) =>
      createConnection({ host, port, user, password: 'app', ...(database && { database }) })
    return { running, connect, file }
  }

  /** The three queries that it prints, and how many customers each shard holds. */
  async function look(connect: Awaited<ReturnType<typeof start>>['connect']) {
    const connection = await connect('shop')
    const results: unknown[] = []
    for (const { sql } of SAMPLE_QUERIES) results.push((await connection.query(sql))[0])
    const counts: number[] = []
    for (const shard of ['-80', '80-']) {
      await connection.query(`USE \`shop:${shard}\``)
      const [rows] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM customers')
      counts.push(Number(rows[0]!['n']))
    }
    await connection.end()
    return { results, counts }
  }

  test.skipIf(!etcdCommand)(
    'the sample is served over its shards; Ctrl-C ends it; a second start has the data',
    async () => {
      const first = await start()
      // It is ready before it says how to go on, and what it says takes its time through a pipe.
      await eventually('it prints what to try', async () =>
        SAMPLE_QUERIES.every(({ sql }) => first.running.output().includes(sql)),
      )
      const before = await look(first.connect)
      assert.deepEqual(before.results[0], [{ name: 'Hana', email: 'hana7@example.com' }])
      assert.deepEqual(
        (before.results[1] as { customer_id: number; name: string }[]).map(
          (row) => `${row.customer_id} ${row.name}`,
        ),
        ['12 Alma', '24 Alma', '1 Boris', '13 Boris', '2 Chloé'],
      )
      assert.equal((before.results[2] as unknown[]).length, 4)
      assert.equal(before.counts[0]! + before.counts[1]!, 24)
      assert.ok(before.counts.every((count) => count > 0))

      first.running.process.kill('SIGINT')
      assert.equal(await first.running.exited, 0)
      assert.equal(existsSync(first.file), false)
      assert.deepEqual(pidsOf(join(dir.path, 'data')), [])

      const second = await start()
      // It serves what is there, and makes nothing anew.
      const output = second.running.output()
      for (const work of ['applying the schema', 'loading the sample'])
        assert.ok(!output.includes(work), output)
      assert.deepEqual(await look(second.connect), before)
    },
    120_000,
  )

  test('rows without ids get them from the sequence of the other keyspace', async () => {
    const { connect } = await start('--one-mysqld', '--topology', 'files')
    const connection = await connect('shop')
    const [result] = await connection.query(
      "INSERT INTO customers (name, email, country) VALUES ('Zoe', 'zoe@example.com', 'AT'), ('Yan', 'yan@example.com', 'AT')",
    )
    const { insertId } = result as { insertId: number }
    assert.ok(insertId > 1_000)
    const [rows] = await connection.query('SELECT name FROM customers WHERE customer_id = ?', [insertId + 1])
    assert.deepEqual(rows, [{ name: 'Yan' }])
    await connection.end()
  }, 120_000)

  test('the proxy is given its options, and a second user', async () => {
    const options = [
      '--transaction-mode',
      'twopc',
      '--default-unsharded-keyspace',
      'lookup',
      '--admin-user',
      'boss',
    ]
    const { connect, file } = await start('--one-mysqld', '--topology', 'files', ...options)
    const connection = await connect('shop')
    const [[mode]] = await connection.query<RowDataPacket[]>('SELECT @@transaction_mode AS mode')
    assert.equal(mode!['mode'], 'TWOPC')
    await connection.query('CREATE TABLE schema_migrations (version VARCHAR(20))')
    const [made] = await connection.query<RowDataPacket[]>("SHOW TABLES FROM lookup LIKE 'schema_%'")
    assert.equal(made.length, 1)
    await assert.rejects(connection.query('ALTER VSCHEMA ADD TABLE nothing'), { errno: 1227 })
    await connection.end()
    const { host, port } = JSON.parse(readFileSync(file, 'utf8'))
    const boss = await createConnection({ host, port, user: 'boss', password: 'admin', database: 'lookup' })
    await boss.query('ALTER VSCHEMA ADD TABLE nothing')
    await boss.end()
  }, 120_000)

  test('a server that dies ends it with exit code 1 and the end of the log', async () => {
    const { running } = await start('--one-mysqld', '--topology', 'files', '--schema-dir', sampleDir)
    process.kill(
      Number(readFileSync(join(dir.path, 'data/servers/shared-primary/running.pid'), 'utf8')),
      'SIGKILL',
    )
    assert.equal(await running.exited, 1)
    const output = running.output()
    assert.match(output, /mysqld of all shards \(primary\) was ended by SIGKILL; the end of/)
    assert.ok(output.lastIndexOf('\nshardgate: ') === output.indexOf('\nshardgate: mysqld of'), output)
  }, 120_000)

  test('what cannot be is refused before anything starts', async () => {
    const port = await holdPort(0, '127.0.0.1')
    const cases = [
      { args: ['--log-level', 'loud'], says: /--log-level <level>.*'loud' is invalid.*trace, debug/ },
      {
        args: ['--port', String(port.port)],
        says: /port \d+ of 127\.0\.0\.1 is in use; choose another with --port/,
      },
      { args: ['--admin-user', 'app'], says: /--admin-user is a second user: 'app' is --user already/ },
      {
        args: ['--default-unsharded-keyspace', 'shop'],
        says: /takes an unsharded keyspace, not 'shop' \(there are: lookup\)/,
      },
      { args: ['--host', '203.0.113.1'], says: /--host 203\.0\.113\.1 cannot be listened on/ },
    ]
    for (const { args, says } of cases) {
      const refused = runShardgate('local', '--data-dir', join(dir.path, 'data'), ...args)
      assert.equal(await refused.exited, 1)
      assert.match(refused.output(), says)
      assert.doesNotMatch(refused.output(), /starting/)
    }
    assert.equal(existsSync(join(dir.path, 'data')), false)
    await port.release()
  })

  test('Ctrl-C under npm ends it with 0', async () => {
    const root = new URL('../..', import.meta.url).pathname
    const file = join(dir.path, 'ready.json')
    const script = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts.local as string
    const options = `--data-dir ${dir.path}/data --port 0 --one-mysqld --topology files --schema-dir ${sampleDir} --ready-file ${file}`
    // As npm does: a shell that is in the foreground group, and gets the signal too.
    const shell = spawn('/bin/sh', ['-c', '--', `${script} ${options}`], {
      cwd: root,
      detached: true,
      stdio: 'ignore',
    })
    const exited = once(shell, 'exit')
    await eventually('the ready file', () => existsSync(file), 60_000)
    process.kill(-shell.pid!, 'SIGINT')
    assert.deepEqual(await exited, [0, null])
  }, 120_000)

  test('killed itself, it leaves no server behind', async () => {
    const { running } = await start('--one-mysqld', '--topology', 'files', '--schema-dir', sampleDir)
    const pids = pidsOf(join(dir.path, 'data'))
    assert.equal(pids.length, 1)
    running.process.kill('SIGKILL')
    await eventually('the end of the server', () => pids.every((pid) => !isAlive(pid)))
  }, 120_000)
})

const sampleDir = new URL('../../vschema', import.meta.url).pathname

/** Processes that the data directory says are running. */
function pidsOf(dataDir: string): number[] {
  const servers = join(dataDir, 'servers')
  const dirs = [...readdirSync(servers).map((name) => join(servers, name)), join(dataDir, 'etcd')]
  return dirs
    .map((dir) => join(dir, 'running.pid'))
    .filter((file) => existsSync(file))
    .map((file) => Number(readFileSync(file, 'utf8')))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
