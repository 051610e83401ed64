import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MysqlServer } from '../../src/cli/local/mysql-server.ts'
import { waitForReplica } from '../../src/cli/local/replication.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { pause, resume } from '../support/pause.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** What the proxy knows of replicas, as it tells. */
onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy
  let client: Connection
  let replicas: MysqlServer[]
  let primary: MysqlServer
  const words = server === 'mariadb' ? 'SLAVE' : 'REPLICA'

  beforeAll(async () => {
    cluster = await startCluster({ server, replicas: 2, shards: 1, isOneMysqld: true })
    replicas = ['replica1', 'replica2'].map((role) => cluster.servers.get(`shared-${role}`)!)
    primary = cluster.servers.get('shared-primary')!
    await root(primary, 'CREATE DATABASE percona')
    await root(
      primary,
      'CREATE TABLE percona.heartbeat (ts VARCHAR(26) NOT NULL, server_id INT UNSIGNED PRIMARY KEY)',
    )
    await beat()
    await root(primary, `GRANT SELECT ON percona.heartbeat TO '${cluster.account.user}'@'%'`)
    for (const each of replicas) await waitForReplica(each, primary)
    proxy = await startTestProxy(cluster, {
      config: {
        health: {
          interval: '200ms',
          timeout: '500ms',
          replica_lag_max: '2s',
          heartbeat_table: 'percona.heartbeat',
          heartbeat_utc: true,
        },
        timeouts: { connect: '500ms', silence: '1s' },
        limits: { write_lag: '2s' },
        pool: { wait_timeout: '3s' },
      },
    })
    const { host, port, user, password } = proxy
    client = await createConnection({ host, port, user, password, database: 'shop@replica' })
  }, 120_000)
  afterAll(async () => {
    client?.destroy()
    for (const each of replicas ?? []) resume(each.process)
    await proxy?.close()
    await cluster?.close()
  })

  async function root(of: MysqlServer, sql: string): Promise<RowDataPacket[]> {
    const connection = await of.connectAsRoot()
    try {
      return (await connection.query<RowDataPacket[]>(sql))[0]
    } finally {
      connection.destroy()
    }
  }

  /** As pt-heartbeat does it once a second. */
  function beat(): Promise<unknown> {
    return root(
      primary,
      "REPLACE INTO percona.heartbeat VALUES (DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f'), 1)",
    )
  }

  /** State of each tablet of `shop`: the primary, and the replicas in order. */
  async function states(): Promise<string[]> {
    const [rows] = await client.query<RowDataPacket[]>('SHOW VITESS_TABLETS')
    return rows
      .filter((row) => row['Keyspace'] === 'shop')
      .sort((a, b) => (a['Alias'] < b['Alias'] ? -1 : 1))
      .map((row) => row['State'])
  }

  async function become(...wanted: string[]): Promise<void> {
    let found: string[] = []
    await eventually(wanted.join(), async () => {
      found = await states()
      return found.join() === wanted.join()
    }).catch((error) => {
      throw new Error(`${error.message}, but ${found.join()}`)
    })
  }

  /** Who answers so many reads. */
  async function ports(times = 40): Promise<ReadonlySet<number>> {
    const found = new Set<number>()
    for (let i = 0; i < times; i++) {
      const [[row]] = await client.query<RowDataPacket[]>('SELECT @@port AS port, COUNT(*) FROM customers')
      found.add(row!['port'])
    }
    return found
  }

  /** With limits.write_lag; resolves with what waits for one that waits now. */
  async function writesWait(): Promise<() => Promise<unknown>> {
    const { host, port, user, password } = proxy
    const writer = await createConnection({ host, port, user, password, database: 'shop' })
    const write = (hint = '') => writer.query(`UPDATE ${hint} customers SET name = 'x' WHERE customer_id = 1`)
    await expect(write()).rejects.toMatchObject({
      errno: 1203,
      message: expect.stringMatching(/limits\.write_lag/),
    })
    await write('/*vt+ PRIORITY=0 */')
    await writer.query('BEGIN')
    await writer.query('SELECT name FROM customers WHERE customer_id = 1 FOR UPDATE')
    await write()
    await writer.query('COMMIT')
    const waiting = write()
    return () => waiting.finally(() => writer.destroy())
  }

  test('how far they are behind is what the heartbeat says, though their source says nothing', async () => {
    await beat()
    await become('SERVING', 'SERVING', 'SERVING')
    await root(replicas[0]!, `STOP ${words} SQL_THREAD`)
    const beating = setInterval(() => void beat(), 300)
    try {
      await become('SERVING', 'LAGGING', 'SERVING')
      expect(await ports()).toEqual(new Set([replicas[1]!.port]))
      const [rows] = await client.query<RowDataPacket[]>("SHOW VITESS_REPLICATION_STATUS LIKE 'shop'")
      const [lagging] = rows.filter((row) => JSON.parse(row['ReplicationHealth']).State === 'LAGGING')
      expect(Number(lagging!['ReplicationLag'])).toBeGreaterThanOrEqual(2)
      expect(lagging!['ReplicationLag']).toMatch(/^\d+$/)
      expect(
        proxy.complaints.filter(
          ({ message, fields }) =>
            message === 'a tablet is in another state' && /^zone1-0*101 /.test(String(fields?.['tablet'])),
        ).length,
        'it is told once',
      ).toBe(1)
      const waiting = await writesWait()
      await root(replicas[0]!, `START ${words} SQL_THREAD`)
      await waiting()
      await become('SERVING', 'SERVING', 'SERVING')
    } finally {
      clearInterval(beating)
    }
    // Nobody writes any more: all are behind, and those that are least are read.
    await become('SERVING', 'LAGGING', 'LAGGING')
    expect((await ports()).size).toBeGreaterThan(0)
    await root(primary, 'DROP TABLE percona.heartbeat')
    await become('SERVING', 'SERVING', 'SERVING')
    const untold = proxy.complaints.filter(({ message }) => /does not tell all/.test(message))
    expect(untold[0]?.fields?.['reason']).toMatch(/heartbeat/)
  }, 30_000)

  test('one that answers late once is asked where no other is left, then no more', async () => {
    for (const each of replicas) await pause(each.process)
    try {
      await become('SERVING', 'NOT_SERVING', 'NOT_SERVING')
      await expect(client.query('SELECT COUNT(*) FROM customers')).rejects.toThrow(
        /no healthy tablet available/,
      )
    } finally {
      for (const each of replicas) resume(each.process)
    }
    await become('SERVING', 'SERVING', 'SERVING')
    await client.query('SELECT COUNT(*) FROM customers')
  }, 30_000)

  test.skipIf(server === 'mariadb')(
    'a member of a group is what its group says',
    async () => {
      const [replica] = replicas
      const connection = await replica!.connectAsRoot()
      try {
        for (const table of ['replication_group_members', 'replication_applier_status_by_worker'])
          await root(primary, `GRANT SELECT ON performance_schema.${table} TO '${cluster.account.user}'@'%'`)
        await waitForReplica(replica!, primary)
        await connection.query('STOP REPLICA')
        await connection.query('RESET REPLICA ALL')
        await connection.query("INSTALL PLUGIN group_replication SONAME 'group_replication.so'")
        const port = replica!.port + 1
        for (const [name, value] of Object.entries({
          group_replication_group_name: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
          group_replication_local_address: `127.0.0.1:${port}`,
          group_replication_group_seeds: `127.0.0.1:${port}`,
        }))
          await connection.query(`SET GLOBAL ${name} = ?`, [value])
        await connection.query('SET GLOBAL group_replication_bootstrap_group = ON')
        await connection.query('START GROUP_REPLICATION')
        await root(replica!, 'KILL CONNECTION_ID()').catch(() => {})
        // Its health is asked by a connection that was made before: so is that of one that has restarted.
        const [threads] = await connection.query<RowDataPacket[]>(
          "SELECT id FROM information_schema.processlist WHERE user <> 'root' AND user NOT IN ('system user', 'event_scheduler') AND command <> 'Daemon'",
        )
        for (const { id, ID } of threads as { id?: number; ID?: number }[])
          await connection.query(`KILL ${id ?? ID}`).catch(() => {})
        const member = async () => {
          const [rows] = await client.query<RowDataPacket[]>("SHOW VITESS_REPLICATION_STATUS LIKE 'shop'")
          return rows.map((row) => JSON.parse(row['ReplicationHealth']).GroupMember).find((each) => each)
        }
        await eventually('it is its primary', async () => (await member()) === 'ONLINE PRIMARY')
        await connection.query('STOP GROUP_REPLICATION')
        await eventually('it has left', async () => (await member())?.startsWith('OFFLINE'))
        await become('SERVING', 'NOT_SERVING', 'SERVING')
      } finally {
        connection.destroy()
      }
    },
    30_000,
  )
})
