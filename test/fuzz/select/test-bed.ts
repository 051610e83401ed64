import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import type { MysqlServer } from '../../../src/cli/local/mysql-server.ts'
import type { TopologyView } from '../../../src/topology/snapshot.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { keepStatistics } from '../../support/keep-statistics.ts'
import { ProtocolClient } from '../../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../../support/proxy.ts'
import { tempDir } from '../../support/temp-dir.ts'
import type { Flavor } from './column-types.ts'
import { refill, type TableRows, tableName } from './rows.ts'
import { MAIN, type Schema } from './schema.ts'
import { keyspaceSql, shardSql, vschemaOf } from './schema-sql.ts'

/** Who answers: the plain server, its twin with the rows in another order and no secondary keys, a proxy. */
export interface Side {
  readonly name: string
  readonly isProxy: boolean
  /** Rejects with `ServerGone` when nobody listens. */
  connect(): Promise<ProtocolClient>
}

export interface Pair {
  readonly plain: Side
  readonly proxy: Side
  /** On the server of `plain`. */
  readonly shards: readonly ShardDatabase[]
}

export interface ShardDatabase {
  readonly keyspace: string
  /** `-80` */
  readonly shard: string
  readonly database: string
}

/** MySQL dies of some SELECTs. */
export class ServerGone extends Error {}

/**
 * Proxies over clusters of several sizes, each cluster's shards on one server, and plain databases beside the shards on
 * the same servers. One schema after the other is loaded into all of them.
 */
export class TestBed {
  readonly #parts: readonly Part[]
  readonly flavor: Flavor

  private constructor(flavor: Flavor, parts: readonly Part[]) {
    this.flavor = flavor
    this.#parts = parts
  }

  static async start(flavor: Flavor, shardCounts: readonly [number, number]): Promise<TestBed> {
    const schemaDir = tempDir('fuzz-schema')
    for (const [name, sharded] of [
      [MAIN, true],
      ['extra', true],
      ['plain', false],
    ] as const) {
      mkdirSync(join(schemaDir.path, name))
      writeFileSync(join(schemaDir.path, name, 'vschema.json'), JSON.stringify({ sharded, tables: {} }))
    }
    writeFileSync(join(schemaDir.path, 'extra', 'keyspace.json'), JSON.stringify({ shards: ['-40', '40-'] }))
    const options = { server: flavor, isOneMysqld: true, schemaDir: schemaDir.path }
    const clusters = await Promise.all(shardCounts.map((shards) => startCluster({ ...options, shards })))
    schemaDir.remove()
    return new TestBed(
      flavor,
      await Promise.all(clusters.map((cluster, i) => Part.open(cluster, shardCounts[i]!))),
    )
  }

  get reference(): Side {
    return this.#parts[0]!.plain('reference')
  }

  get twin(): Side {
    return this.#parts[1]!.plain('twin')
  }

  get proxies(): readonly Side[] {
    return this.#parts.map((part) => part.proxySide)
  }

  /** Each proxy with the plain databases beside its shards. */
  get pairs(): readonly Pair[] {
    return this.#parts.map((part, i) => ({
      plain: i === 0 ? this.reference : this.twin,
      proxy: part.proxySide,
      shards: part.shards,
    }))
  }

  /** Everything anew; the proxies are new, too. */
  async load(schema: Schema, rows: readonly TableRows[]): Promise<void> {
    const [first, second] = this.#parts
    const bare = {
      keyspaces: schema.keyspaces.map((k) => ({
        ...k,
        tables: k.tables.map((t) => ({ ...t, otherKeys: [] })),
      })),
    }
    await Promise.all([first!.load(schema, schema), second!.load(schema, bare)])
    await this.fill(rows)
  }

  /** These rows and no others in their tables, on all sides. */
  async fill(rows: readonly TableRows[]): Promise<void> {
    const reversed = rows.map((each) => ({ ...each, rows: each.rows.toReversed() }))
    await Promise.all([
      fillSide(this.reference, rows),
      fillSide(this.twin, reversed),
      ...this.proxies.map((side) => fillSide(side, rows)),
    ])
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.close()))
  }
}

const PLAIN_ACCOUNT = { user: 'plain', password: 'plain' }

/** One cluster with its server, its proxy and its plain databases. */
class Part {
  readonly #cluster: TestCluster
  readonly #server: MysqlServer
  readonly #root: Connection
  readonly #shards: number
  #proxy: TestProxy | undefined

  private constructor(cluster: TestCluster, server: MysqlServer, root: Connection, shards: number) {
    this.#cluster = cluster
    this.#server = server
    this.#root = root
    this.#shards = shards
  }

  static async open(cluster: TestCluster, shards: number): Promise<Part> {
    const server = [...cluster.servers.values()][0]!
    const root = await server.connectAsRoot()
    const { user, password } = PLAIN_ACCOUNT
    await root.query(
      `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'; GRANT ALL ON *.* TO '${user}'@'%'`,
    )
    root.on('error', () => {}) // a server that dies is noticed by who asks it
    await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 0')
    await keepStatistics(server)
    return new Part(cluster, server, root, shards)
  }

  plain(name: string): Side {
    return sideOf({ name, isProxy: false }, { port: this.#server.port, ...PLAIN_ACCOUNT })
  }

  get proxySide(): Side {
    return sideOf({ name: `${this.#shards} shards`, isProxy: true }, this.#proxy!)
  }

  get shards(): readonly ShardDatabase[] {
    return this.#cluster.layout.tablets.map(({ keyspace, shard, database }) => ({
      keyspace: keyspace.name,
      shard,
      database,
    }))
  }

  /** `plain`: the schema of the plain databases. */
  async load(schema: Schema, plain: Schema): Promise<void> {
    await this.#proxy?.close()
    for (const keyspace of schema.keyspaces) {
      const shards = this.#cluster.layout.tablets.filter((tablet) => tablet.keyspace.name === keyspace.name)
      for (const { database } of shards) await this.#make(database, shardSql(keyspace, schema))
    }
    for (const keyspace of plain.keyspaces) await this.#make(keyspace.name, keyspaceSql(keyspace))
    this.#proxy = await startTestProxy({ ...this.#cluster, topology: this.#topologyOf(schema) })
  }

  async close(): Promise<void> {
    await this.#proxy?.close()
    this.#root.destroy()
    await this.#cluster.close()
  }

  async #make(database: string, sql: string): Promise<void> {
    const name = `\`${database}\``
    const made = `DROP DATABASE IF EXISTS ${name}; CREATE DATABASE ${name} CHARACTER SET utf8mb4; USE ${name}`
    try {
      await this.#root.query(`${made}; ${sql}`)
    } catch (cause) {
      if ((cause as { errno?: number }).errno !== undefined) throw cause
      throw new ServerGone(`the server of ${database} is gone: ${(cause as Error).message}`, { cause })
    }
  }

  /** The cluster's topology with other VSchemas; nothing of it changes while the proxy runs. */
  #topologyOf(schema: Schema): TopologyView {
    const { topology } = this.#cluster
    const vschemas = new Map(schema.keyspaces.map((keyspace) => [keyspace.name, vschemaOf(keyspace, schema)]))
    const snapshot = { ...topology.current(), vschemas }
    return { current: () => snapshot, onChange: () => () => {}, status: () => topology.status() }
  }
}

function sideOf(
  { name, isProxy }: Pick<Side, 'name' | 'isProxy'>,
  { port, user, password }: { port: number; user: string; password: string },
): Side {
  const connect = () =>
    ProtocolClient.connect({ port, user, password, database: MAIN }).catch((cause: Error) => {
      throw new ServerGone(`${name} takes no connection: ${cause.message}`, { cause })
    })
  return { name, isProxy, connect }
}

/** Zero dates and all may go in. */
async function fillSide(side: Side, rows: readonly TableRows[]): Promise<void> {
  const client = await side.connect()
  try {
    const analyze = `ANALYZE TABLE ${rows.map(({ table }) => tableName(table)).join(', ')}`
    for (const statement of ["SET sql_mode = ''", ...rows.flatMap(refill), analyze]) {
      const failed = (await client.query(statement)).find((result) => result.kind === 'error')
      if (failed?.kind === 'error')
        throw new Error(`${side.name}: ${failed.errno} ${failed.message}\n${statement}`)
    }
  } finally {
    client.close()
  }
}
