import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../src/cli/local/free-port.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { pause, resume } from '../support/pause.ts'
import { ProtocolClient } from '../support/protocol-client.ts'
import { PROXY_ACCOUNT, usersText } from '../support/proxy.ts'
import { type RunningShardgate, runShardgate } from '../support/shardgate.ts'
import { tempDir } from '../support/temp-dir.ts'

const dir = tempDir('drain')
let cluster: TestCluster
let proxy: Serving
const clients: ProtocolClient[] = []

interface Serving {
  readonly running: RunningShardgate
  readonly port: number
  readyz(): Promise<number | undefined>
}

beforeAll(async () => {
  cluster = await startCluster({ isOneMysqld: true, schemaDir: 'test/differential/schema' })
  writeFileSync(join(dir.path, 'users.json'), usersText())
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  proxy.running.process.kill('SIGKILL')
  await proxy.running.exited
})
afterAll(async () => {
  await cluster?.close()
  dir.remove()
})

async function serve(timeouts: Record<string, string>, workers: number): Promise<Serving> {
  const serving = await start(timeouts, workers)
  await eventually('it serves', async () => (await serving.readyz()) === 200, 30_000)
  return serving
}

async function start(timeouts: Record<string, string>, workers: number): Promise<Serving> {
  const [port, httpPort] = [await freePort(), await freePort()]
  const config = {
    topology: cluster.topologyConfig,
    listen: { host: '127.0.0.1', port },
    http: { host: '127.0.0.1', port: httpPort },
    users_file: join(dir.path, 'users.json'),
    backend: cluster.account,
    timeouts,
    workers,
  }
  const file = join(dir.path, 'shardgate.yaml')
  writeFileSync(file, JSON.stringify(config))
  const running = runShardgate('serve', '--config', file)
  const readyz = async () =>
    (await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined))?.status
  return { running, port, readyz }
}

async function connect(): Promise<ProtocolClient> {
  const client = await ProtocolClient.connect({ port: proxy.port, ...PROXY_ACCOUNT, database: 'main' })
  clients.push(client)
  return client
}

const SELECT = 'SELECT COUNT(*) FROM users'

describe.each([{ workers: 1 }, { workers: 2 }])('SIGTERM, with $workers workers', ({ workers }) => {
  test('is told to balancers first, then to new and quiet clients; what runs and transactions end well', async () => {
    proxy = await serve({ lame_duck: '2s', drain: '20s' }, workers)
    const [quiet, open, working] = await Promise.all([connect(), connect(), connect()])
    await open.query(
      "INSERT IGNORE INTO users (id, name) VALUES (1, 'a'); BEGIN; UPDATE users SET score = 1 WHERE id = 1",
    )
    const asked = working.query('SELECT SLEEP(6) FROM users WHERE id = 1')
    proxy.running.process.kill('SIGTERM')

    await eventually('balancers are told', async () => (await proxy.readyz()) === 503)
    expect((await (await connect()).query(SELECT))[0]!.kind).toBe('rows')
    expect((await quiet.query(SELECT))[0]!.kind).toBe('rows')

    expect(await quiet.raw.readErrno()).toBe(1053)
    expect(await quiet.raw.readHex()).toBe('closed')
    await expect(connect()).rejects.toThrow()
    expect(await proxy.readyz()).toBe(503)

    expect((await open.query("UPDATE users SET name = 'b' WHERE id = 1"))[0]!.kind).toBe('ok')
    expect((await open.query('COMMIT'))[0]!.kind).toBe('ok')
    expect(await open.raw.readErrno()).toBe(1053)
    expect((await asked)[0]!.kind).toBe('rows')
    expect(await working.raw.readErrno()).toBe(1053)
    expect(await proxy.running.exited).toBe(0)
  })
})

test('a transaction that does not end is closed when the time for it is over', async () => {
  proxy = await serve({ lame_duck: '0', drain: '1s' }, 1)
  const open = await connect()
  await open.query('BEGIN')
  proxy.running.process.kill('SIGTERM')
  expect(await open.raw.readErrno()).toBe(1053)
  expect(await proxy.running.exited).toBe(0)
})

test.each([{ workers: 1 }, { workers: 2 }])(
  'with $workers workers it ends in its time while a server is stopped',
  async ({ workers }) => {
    proxy = await serve({ lame_duck: '0', drain: '1s', connect: '1s' }, workers)
    const [asking, open] = [await connect(), await connect()]
    await open.query('BEGIN; SELECT COUNT(*) FROM users')
    const [one] = cluster.servers.values()
    const server = one!.process
    await pause(server)
    try {
      const asked = asking.query(SELECT)
      proxy.running.process.kill('SIGTERM')
      await asked.catch(() => {})
      // Long before the server is back.
      await eventually('it is gone', () => proxy.running.process.exitCode === 0, 15_000)
    } finally {
      resume(server)
    }
  },
)

test.each([{ workers: 1 }, { workers: 2 }])(
  'with $workers workers it ends while it waits for a server to greet it',
  async ({ workers }) => {
    const [one] = cluster.servers.values()
    const server = one!.process
    await pause(server)
    try {
      proxy = await start({ connect: '1h' }, workers)
      const { running } = proxy
      const reading = () => running.output().split('reading the topology').length > workers
      await eventually('all of it have begun', reading, 30_000)
      running.process.kill('SIGTERM')
      expect(await running.exited).toBe(0)
      expect(running.output()).not.toContain('"ready"')
    } finally {
      resume(server)
    }
  },
)

test('a client that does not read is closed, too', async () => {
  proxy = await serve({ lame_duck: '0', drain: '1s' }, 1)
  const client = await connect()
  const asked = client.query("SELECT REPEAT('x', 50000000)")
  asked.catch(() => {})
  client.raw.socket.pause()
  proxy.running.process.kill('SIGTERM')
  expect(await proxy.running.exited).toBe(0)
})

test.each([{ workers: 1 }, { workers: 2 }])(
  'a second SIGTERM ends all of $workers workers at once',
  async ({ workers }) => {
    proxy = await serve({ lame_duck: '1h', drain: '1h' }, workers)
    const client = await connect()
    proxy.running.process.kill('SIGTERM')
    await eventually('balancers are told', async () => (await proxy.readyz()) === 503)
    await eventually('it is gone', () => {
      proxy.running.process.kill('SIGTERM')
      return proxy.running.process.exitCode !== null
    })
    expect(await client.raw.readHex()).toBe('closed')
    expect(await proxy.running.exited).toBe(130)
  },
)
