import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MysqlServer } from '../../src/cli/local/mysql-server.ts'
import { waitForReplica } from '../../src/cli/local/replication.ts'
import { TopologyAdmin } from '../../src/topology/admin.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { pause, resume } from '../support/pause.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** Each shard has two replicas; the tests lose them one after the other. */
onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  let admin: TopologyAdmin
  let client: Connection
  /** It has written. */
  let writer: Connection
  let replicas: MysqlServer[]

  beforeAll(async () => {
    cluster = await startCluster({ server, replicas: 2, isOneMysqld: true })
    admin = new TopologyAdmin(cluster.store)
    replicas = [...cluster.servers].filter(([name]) => name.includes('replica')).map(([, each]) => each)
    proxy = await startTestProxy(cluster, {
      config: {
        health: { interval: '300ms', timeout: '500ms' },
        timeouts: { silence: '1s', connect: '500ms' },
        buffer: { window: '0' },
        replica: { slow_start: '0', outlier_pause: '300ms', read_after_write: 'session' },
      },
    })
    writer = await connect()
    await writer.query('USE shop')
    await writer.query(
      `INSERT INTO customers (customer_id, name, email, country) VALUES ${Array.from({ length: 20 }, (_, i) => `(${i + 1}, 'n', 'e${i}', 'DE')`)}`,
    )
    await writer.query('USE `shop@replica`')
    client = await connect()
    // For those who have not written anything nobody waits.
    await Promise.all(replicas.map((each) => waitForReplica(each, cluster.servers.get('shared-primary')!)))
  }, 120_000)
  afterAll(async () => {
    client?.destroy()
    writer?.destroy()
    for (const { process } of replicas ?? []) resume(process)
    await proxy?.close()
    await cluster?.close()
  })

  function connect(): Promise<Connection> {
    const { host, port, user, password } = proxy
    return createConnection({ host, port, user, password, database: 'shop@replica' })
  }

  const aliasesOf = (of: MysqlServer) =>
    [...cluster.topology.current().tablets.values()]
      .filter((tablet) => tablet.mysql_port === of.port)
      .map(({ alias }) => alias)

  async function setReplica(
    of: MysqlServer,
    what: Parameters<TopologyAdmin['setReplica']>[1],
  ): Promise<void> {
    for (const alias of aliasesOf(of)) await admin.setReplica(alias, what)
  }

  /** How many of so many reads a server answers. */
  async function reads(of: MysqlServer, times = 200): Promise<number> {
    let found = 0
    for (let i = 0; i < times; i++) {
      const sql = `SELECT @@port AS port FROM customers WHERE customer_id = ${1 + (i % 20)}`
      const [[row]] = await client.query<RowDataPacket[]>(sql)
      if (row!['port'] === of.port) found++
    }
    return found
  }

  test('each has its share, by its weight', async () => {
    expect(await reads(replicas[0]!, 400)).toBeGreaterThan(120)
    expect(await reads(replicas[1]!, 400)).toBeGreaterThan(120)
    await setReplica(replicas[0]!, { weight: 9 })
    await eventually('the weight is known', async () => (await reads(replicas[0]!, 100)) > 75)
    await setReplica(replicas[0]!, { weight: 1 })
  })

  test('one that is drained gets no new reads, and what runs there ends', async () => {
    const own = await connect()
    await own.query('BEGIN')
    const held = async () =>
      (await own.query<RowDataPacket[]>('SELECT @@port AS port FROM customers WHERE customer_id = 1'))[0][0]
    const { port } = (await held())!
    const [drained, other] = port === replicas[0]!.port ? replicas : [...replicas].reverse()
    await setReplica(drained!, { draining: true })
    await eventually('it gets none', async () => (await reads(drained!, 50)) === 0)
    expect(await held()).toEqual({ port })
    await own.query('COMMIT')
    expect(await held()).toEqual({ port: other!.port })
    own.destroy()
    await setReplica(other!, { draining: true })
    await eventually('nobody is left', () => reads(other!, 1).then(() => false, isDrained))
    for (const each of replicas) await setReplica(each, { draining: false })
    await eventually('both are back', async () => {
      const found = await reads(replicas[0]!, 50).catch(() => 0)
      return found > 5 && found < 45
    })
  }, 20_000)

  test('the configuration says what reads see, until the session does', async () => {
    const own = await connect()
    const mode = async () => {
      const [[row]] = await own.query<RowDataPacket[]>('SELECT @@read_after_write AS mode')
      return row!['mode']
    }
    expect(await mode()).toBe('SESSION')
    await own.query("SET SESSION read_after_write = 'none'")
    expect(await mode()).toBe('NONE')
    await own.query('SET read_after_write = DEFAULT')
    expect(await mode()).toBe('SESSION')
    await own.query('SET read_after_write = global')
    await own.changeUser({})
    expect(await mode()).toBe('SESSION')
    own.destroy()
  })

  test('one that takes no more connections has others asked', async () => {
    const [{ user, password }, [full]] = [cluster.account, replicas]
    const root = await full!.connectAsRoot()
    await root.query('SET SESSION sql_log_bin = 0')
    await root.query(`ALTER USER '${user}'@'%' IDENTIFIED BY 'another one'`)
    try {
      const many = await Promise.all(Array.from({ length: 12 }, connect))
      for (const each of many) {
        await each.query('BEGIN')
        await each.query('SELECT name FROM customers WHERE customer_id = 1')
      }
      for (const each of many) each.destroy()
    } finally {
      await root.query(`ALTER USER '${user}'@'%' IDENTIFIED BY '${password}'`)
      root.destroy()
    }
    await eventually('it is back', async () => (await reads(full!, 20)) > 0)
  }, 20_000)

  test('those that fail in a row rest, and are asked all the same where all do', async () => {
    const own = await connect()
    await own.query('SET query_timeout = 10')
    // MySQL answers 1 for a SLEEP that is interrupted, MariaDB an error.
    for (let i = 0; i < 14; i++)
      await own.query('SELECT SLEEP(1) FROM customers WHERE customer_id = 1').catch(() => {})
    await own.query('SET query_timeout = 0')
    const resting = proxy.complaints.filter(({ message }) => /it rests$/.test(message))
    expect(resting.length).toBeGreaterThanOrEqual(2)
    await own.query('SELECT name FROM customers WHERE customer_id = 1')
    own.destroy()
  }, 20_000)

  /** Reads of each kind, by several clients, while `fault` happens. */
  async function reading(fault: () => Promise<void>): Promise<unknown[]> {
    const failed: unknown[] = []
    let isOver = false
    let rounds = 0
    const reader = async () => {
      const own = await connect()
      while (!isOver) {
        try {
          const id = 1 + (rounds++ % 20)
          const one = 'SELECT name, SLEEP(0.002) FROM customers WHERE customer_id = ?'
          expect((await own.query<RowDataPacket[]>(one, [id]))[0].length).toBe(1)
          expect((await own.execute<RowDataPacket[]>(one, [id]))[0].length).toBe(1)
          const [all] = await own.query<RowDataPacket[]>('SELECT customer_id FROM customers ORDER BY 1')
          expect(all.length).toBe(20)
          const [[sum]] = await own.query<RowDataPacket[]>(
            'SELECT COUNT(*) AS n FROM customers GROUP BY country',
          )
          expect(sum).toEqual({ n: 20 })
        } catch (error) {
          failed.push((error as Error).message)
        }
      }
      own.destroy()
    }
    const readers = Array.from({ length: 6 }, reader)
    await eventually('all read', () => rounds > 30)
    await fault()
    const before = rounds
    await eventually('all read on', () => rounds > before + 60)
    isOver = true
    await Promise.all(readers)
    return failed
  }

  test('one that hangs, and one that is killed, are errors to nobody: others are asked', async () => {
    expect(await reading(() => pause(replicas[0]!.process))).toEqual([])
    resume(replicas[0]!.process)
    await eventually('it is back', async () => (await reads(replicas[0]!, 20)) > 0)
    expect(await reading(() => replicas[0]!.process.stop('SIGKILL').then(() => {}))).toEqual([])
  }, 40_000)

  test('nor the last one, for a session that has written', async () => {
    await writer.query('USE shop')
    await writer.query('DELETE FROM customers WHERE customer_id = 19')
    await writer.query('USE `shop@replica`')
    await replicas[1]!.process.stop('SIGKILL')
    expect((await writer.query<RowDataPacket[]>('SELECT COUNT(*) AS n FROM customers'))[0]).toEqual([
      { n: 19 },
    ])
    const [rows] = await writer.query<RowDataPacket[]>(
      'SELECT a.customer_id, RANK() OVER (ORDER BY a.customer_id DESC) AS place FROM customers AS a LIMIT 1',
    )
    expect(rows.length).toBe(1)
  }, 20_000)
})

function isDrained({ message }: Error): boolean {
  return /is being drained; .* is being drained/.test(message)
}
