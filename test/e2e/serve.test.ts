import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RowDataPacket } from 'mysql2'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { awaitProxies } from '../../src/cli/ctl/lookup/proxies.ts'
import { freePort } from '../../src/cli/local/free-port.ts'
import { vschemaDigest } from '../../src/topology/vschema-digest.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { etcdCommand, startEtcd, type TestEtcd } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import { mariadbCommand } from '../support/mysql.ts'
import { type RunningShardgate, runShardgate } from '../support/shardgate.ts'
import { tempDir } from '../support/temp-dir.ts'

describe('serve --check', () => {
  const dir = tempDir('check')
  const usable = join(dir.path, 'users.yaml')
  writeFileSync(usable, 'users: {app: [{password: secret}]}\n')

  test('names every mistake and ends with 2', async () => {
    const running = runShardgate('serve', '--check', '--pool-size', '0', '--users-file', '/users.yaml')
    assert.equal(await running.exited, 2)
    assert.match(running.output(), /pool\.size: .* \(from --pool-size\)/)
  })

  test('opens what the configuration names, each mistake with setting and file', async () => {
    const users = join(dir.path, 'bad.yaml')
    writeFileSync(users, "users: {app: [{native: '*12'}]}\n")
    const running = runShardgate(
      ...['serve', '--check', '--users-file', users, '--backend-user', 'x'],
      ...['--backend-password-file', '/no/password', '--listen-tls-cert', users, '--listen-tls-key', users],
    )
    assert.equal(await running.exited, 2)
    const lines = running.output().trim().split('\n')
    assert.equal(lines.length, 4)
    assert.match(lines[1]!, /^ {2}users_file: .*bad\.yaml: users\.app\[0\]\.native: expected '\*' and 40/)
    assert.match(lines[2]!, /^ {2}backend\.password_file: ENOENT: .*\/no\/password/)
    assert.match(lines[3]!, /^ {2}listen\.tls\.cert: .*bad\.yaml: no certificate in PEM form/)
  })

  test('says so when all is well, and ends with 0; with --connect it asks the topology too', async () => {
    const args = ['serve', '--check', '--users-file', usable, '--backend-user', 'x']
    const running = runShardgate(...args)
    assert.equal(await running.exited, 0)
    assert.match(running.output(), /the configuration is usable/)
    const away = runShardgate(...args, '--connect', '--topology-endpoints', 'http://127.0.0.1:1')
    assert.equal(await away.exited, 1)
    assert.match(away.output(), /topology: etcd .*127\.0\.0\.1:1/)
  })
})

describe('a fatal mistake at the start', () => {
  const fatal = [
    {
      what: 'a users file that is not there',
      args: ['--users-file', '/no/users.yaml'],
      says: /\/no\/users\.yaml/,
    },
    {
      what: 'a host that cannot be listened on',
      args: ['--listen-host', '203.0.113.1'],
      says: /EADDRNOTAVAIL.*203\.0\.113\.1/,
    },
    {
      what: 'the same, with several workers',
      args: ['--listen-host', '203.0.113.1', '--workers', '2', '--listen-port', '3999'],
      says: /203\.0\.113\.1/,
    },
  ]
  for (const { what, args, says } of fatal) {
    test(`ends the process with 1 and one line: ${what}`, async () => {
      const dir = tempDir('fatal')
      const users = join(dir.path, 'users.yaml')
      writeFileSync(users, 'users: {app: [{password: secret}]}\n')
      writeFileSync(
        join(dir.path, 'topology.json'),
        JSON.stringify({ cells: { zone1: {} }, keyspaces: {}, tablets: {} }),
      )
      const running = runShardgate(
        ...['serve', '--topology-type', 'files', '--topology-dir', dir.path, '--backend-user', 'x'],
        ...['--users-file', users, '--http-port', '0', '--listen-port', '0', ...args],
      )
      assert.equal(await running.exited, 1)
      const errors = running
        .output()
        .split('\n')
        .filter((line) => line.includes('"error"'))
      assert.equal(errors.length, 1, running.output())
      assert.match(errors[0]!, says)
    })
  }
})

describe.skipIf(!mariadbCommand || !etcdCommand)('serve against an etcd', () => {
  const dir = tempDir('serve')
  let cluster: TestCluster
  let etcd: TestEtcd

  beforeAll(async () => {
    cluster = await startCluster({ isOneMysqld: true })
    etcd = await startEtcd()
    writeFileSync(join(dir.path, 'users.yaml'), 'users: {app: [{password: secret}]}\n')
    writeFileSync(join(dir.path, 'password'), `${cluster.account.password}\n`)
    const ctl = (...args: readonly string[]) =>
      runShardgate('ctl', '--topology-endpoints', etcd.url, ...args).exited
    const port = String([...cluster.servers.values()][0]!.port)
    assert.equal(await ctl('keyspace', 'create', 'lookup'), 0)
    const register = ['tablet', 'register', 'zone1-1', '--shard', 'lookup/0', '--type', 'primary']
    assert.equal(await ctl(...register, '--host', '127.0.0.1', '--port', port, '--database', 'lookup_0'), 0)
  })
  afterAll(async () => {
    await etcd.close()
    await cluster.close()
    dir.remove()
  })

  async function serve(...options: readonly string[]) {
    const [port, httpPort] = [await freePort(), await freePort()]
    const running = runShardgate(
      ...['serve', '--topology-endpoints', etcd.url, '--topology-cache-file', join(dir.path, 'cache.json')],
      ...['--listen-host', '127.0.0.1', '--listen-port', String(port)],
      ...['--http-host', '127.0.0.1', '--http-port', String(httpPort)],
      ...['--users-file', join(dir.path, 'users.yaml'), '--backend-user', cluster.account.user],
      ...['--backend-password-file', join(dir.path, 'password'), '--timeouts-lame-duck', '0', ...options],
    )
    const get = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${httpPort}${path}`).catch(() => undefined)
      return response && { status: response.status, text: await response.text() }
    }
    await eventually(
      'readiness',
      async () => /^(ok|tablet)/.test((await get('/readyz'))?.text ?? '') || ended(running),
      30_000,
    )
    return { running, port, httpPort, get }
  }

  async function countProducts(port: number): Promise<number> {
    const connection = await createConnection({
      host: '127.0.0.1',
      port,
      user: 'app',
      password: 'secret',
      database: 'lookup',
    })
    const [rows] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM products')
    await connection.end()
    return Number(rows[0]!['n'])
  }

  async function stop(running: RunningShardgate): Promise<void> {
    running.process.kill('SIGTERM')
    assert.equal(await running.exited, 0, running.output())
  }

  test('queries are answered, health and metrics too, and SIGTERM ends it in order', async () => {
    const { running, port, get } = await serve()
    assert.equal(await countProducts(port), 4)
    assert.match((await get('/metrics'))?.text ?? '', /^shardgate_topology_stale 0$/m)
    await stop(running)
  })

  test('without etcd it starts from its cache, serves, and says that it is stale', async () => {
    await stop((await serve()).running) // leaves the cache behind
    await etcd.kill()
    const { running, port, get } = await serve()
    assert.equal(await countProducts(port), 4)
    assert.match((await get('/metrics'))?.text ?? '', /^shardgate_topology_stale 1$/m)
    await etcd.restart()
    await eventually('news', async () =>
      /^shardgate_topology_stale 0$/m.test((await get('/metrics'))?.text ?? ''),
    )
    await stop(running)
  })

  test('--check --connect logs in to each tablet, and names the one that refuses', async () => {
    writeFileSync(join(dir.path, 'wrong'), 'wrong\n')
    const check = (passwordFile: string) =>
      runShardgate(
        ...['serve', '--check', '--connect', '--topology-endpoints', etcd.url],
        ...['--users-file', join(dir.path, 'users.yaml'), '--backend-user', cluster.account.user],
        ...['--backend-password-file', join(dir.path, passwordFile)],
      )
    const [right, wrong] = [check('password'), check('wrong')]
    assert.equal(await right.exited, 0, right.output())
    assert.equal(await wrong.exited, 1)
    assert.match(
      wrong.output(),
      /^shardgate: tablet zone1-0000000001 of lookup\/0 \(127.*\): Access denied for user/m,
    )
  })

  test('/readyz names the tablet that is in the way and why, the log once', async () => {
    writeFileSync(join(dir.path, 'wrong'), 'wrong\n')
    const { running, get } = await serve(
      ...['--backend-password-file', join(dir.path, 'wrong')],
      ...['--health-interval', '50ms'],
    )
    const inTheWay = /tablet zone1-0000000001 \(127\.0\.0\.1:\d+\) of lookup\/0: Access denied for user/
    await eventually('a reason', async () => inTheWay.test((await get('/readyz'))?.text ?? ''))
    assert.equal((await get('/readyz'))?.status, 503)
    await new Promise((resolve) => setTimeout(resolve, 2_200)) // two more looks
    await stop(running)
    const told = running
      .output()
      .split('\n')
      .filter((line) => line.includes('in the way of serving'))
    assert.match(told[0]!, /"level":"error".*Access denied/)
    assert.equal(told.length, 2)
    assert.ok(running.output().split('\n').length < 12, running.output()) // nobody else goes on about it
    assert.match(told[1]!, /"repeated":\d/)
  })

  test('several workers share the port, and end together', async () => {
    const { running, port, get } = await serve('--workers', '2')
    assert.equal(await countProducts(port), 4)
    const metrics = (await get('/metrics'))?.text ?? ''
    assert.match(metrics, /^shardgate_topology_tablets 1$/m)
    assert.match(metrics, /^shardgate_tablet_state\{.*state="serving"\} 1$/m)
    assert.match(metrics, /^shardgate_tablet_state_changes_total\{.*\} [1-9]$/m)
    await stop(running)
  })

  test('all workers tell when they plan by a new VSchema', async () => {
    const { running, httpPort, get } = await serve('--workers', '2')
    const json = { tables: { products: {} } }
    writeFileSync(join(dir.path, 'lookup.json'), JSON.stringify(json))
    const apply = ['vschema', 'apply', 'lookup', join(dir.path, 'lookup.json')]
    assert.equal(await runShardgate('ctl', '--topology-endpoints', etcd.url, ...apply).exited, 0)
    const vschema = { keyspace: 'lookup', digest: vschemaDigest(json) }
    await awaitProxies([`127.0.0.1:${httpPort}`], vschema, 15_000)
    const line = `shardgate_vschema_info{keyspace="lookup",digest="${vschema.digest}"} 2`
    await eventually(line, async () => (await get('/metrics'))?.text.split('\n').includes(line))
    await stop(running)
  })

  test('KILL reaches a session of another worker', async () => {
    const { running, port } = await serve('--workers', '2')
    const connections = new Map<number, Connection>()
    await eventually('a session of each worker', async () => {
      const connection = await createConnection({ host: '127.0.0.1', port, user: 'app', password: 'secret' })
      const worker = Math.floor(connection.threadId / 2 ** 24)
      if (connections.has(worker)) await connection.end()
      else connections.set(worker, connection)
      return connections.size === 2
    })
    const [victim, killer] = [...connections.values()] as [Connection, Connection]
    const sleeping = victim.query('SELECT SLEEP(60) AS interrupted').catch((error) => error.errno)
    await eventually('the statement runs', async () => {
      await killer.query(`KILL QUERY ${victim.threadId}`)
      return Promise.race([
        sleeping.then(() => true),
        new Promise<false>((r) => setTimeout(() => r(false), 50)),
      ])
    })
    const outcome = await sleeping
    // MySQL answers 1 for an interrupted SLEEP, MariaDB error 1317.
    assert.ok(outcome === 1317 || outcome[0][0].interrupted === 1, JSON.stringify(outcome))
    await assert.rejects(killer.query('KILL 4000000000'), { errno: 1094 })
    await killer.query(`KILL ${victim.threadId}`)
    await assert.rejects(victim.query('SELECT 1'))
    await killer.end()
    await stop(running)
  })
})

function ended(running: RunningShardgate): false {
  if (running.process.exitCode !== null) throw new Error(`it ended:\n${running.output()}`)
  return false
}
