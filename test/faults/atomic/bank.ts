import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MysqlServer, startMysqlServer } from '../../../src/cli/local/mysql-server.ts'
import { startCluster, type TestCluster } from '../../support/cluster.ts'
import { ProtocolClient } from '../../support/protocol-client.ts'
import { PROXY_ACCOUNT, usersText } from '../../support/proxy.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { buildProxy, ProxyChild } from './proxy-child.ts'

export const ACCOUNTS = 40
export const INITIAL_BALANCE = 1_000

/** Short, so that a run meets it. */
const ABANDONED = '3s'
const SCHEMA_DIR = new URL('./schema', import.meta.url).pathname

/** One side of a transfer. */
export interface Posting {
  readonly account: number
  readonly transfer: number
  readonly amount: number
}

/**
 * Four shards of accounts, and an office that is one by itself, each on a server of its own, behind two proxies in transaction_mode
 * twopc. What begins in the office has its home there; what begins with an account is joint.
 */
export class Bank {
  readonly #cluster: TestCluster
  readonly #servers: Map<string, MysqlServer>
  readonly #restarted: MysqlServer[] = []
  readonly proxies: ProxyChild[]
  readonly #startProxy: () => Promise<ProxyChild>
  readonly #remove: () => void

  private constructor(
    cluster: TestCluster,
    proxies: ProxyChild[],
    startProxy: () => Promise<ProxyChild>,
    remove: () => void,
  ) {
    this.#cluster = cluster
    this.#servers = new Map(cluster.servers)
    this.proxies = proxies
    this.#startProxy = startProxy
    this.#remove = remove
  }

  static async open(server: 'mysql' | 'mariadb'): Promise<Bank> {
    const [cluster, program] = await Promise.all([
      startCluster({ shards: 4, schemaDir: SCHEMA_DIR, server }),
      buildProxy(),
    ])
    const dir = tempDir('atomic')
    const users = join(dir.path, 'users.json')
    writeFileSync(users, usersText())
    const configFile = join(dir.path, 'config.json')
    const config = {
      topology: cluster.topologyConfig,
      listen: { host: '127.0.0.1', port: 0 },
      users_file: users,
      backend: cluster.account,
      http: { enabled: false },
      transaction_mode: 'twopc',
      timeouts: { abandoned: ABANDONED, silence: '2s' },
      log_level: 'error',
    }
    writeFileSync(configFile, JSON.stringify(config))
    const startProxy = () => ProxyChild.start(program, configFile)
    const proxies = [await startProxy(), await startProxy()]
    const bank = new Bank(cluster, proxies, startProxy, () => {
      program.remove()
      dir.remove()
    })
    const teller = await bank.connect(proxies[0]!)
    const rows = Array.from({ length: ACCOUNTS }, (_, i) => `(${i + 1}, ${INITIAL_BALANCE})`)
    const [made] = await teller.query(`INSERT INTO accounts VALUES ${rows.join(', ')}`)
    if (made?.kind !== 'ok') throw new Error('the accounts cannot be made')
    teller.close()
    return bank
  }

  /** `bank/-40`, …, `office/0` */
  get shards(): readonly string[] {
    return [...this.#servers.keys()].map((name) => name.replace('_', '/').replace(/-primary$/, ''))
  }

  connect({ port }: ProxyChild): Promise<ProtocolClient> {
    return ProtocolClient.connect({ port, ...PROXY_ACCOUNT, database: 'bank' })
  }

  /** Ends a shard's server without a word. */
  async kill(shard: string): Promise<void> {
    await this.#server(shard).process.stop('SIGKILL')
  }

  async restart(shard: string): Promise<void> {
    const name = serverName(shard)
    const { program, port } = this.#server(shard)
    const dir = join(this.#cluster.dataDir, 'servers', name)
    const server = await startMysqlServer({ program, name, dir, port, account: this.#cluster.account })
    this.#restarted.push(server)
    this.#servers.set(name, server)
  }

  async replaceProxy(at: number): Promise<void> {
    this.proxies[at] = await this.#startProxy()
  }

  /** Rows of a query on all shards, or those of a keyspace, past the proxies. */
  async #rows<T>(sql: string, keyspace = ''): Promise<readonly T[]> {
    const all = await Promise.all(
      this.shards
        .filter((shard) => shard.startsWith(keyspace))
        .map(async (shard) => {
          const connection = await this.#server(shard).connectAsRoot()
          try {
            return (await connection.query(sql))[0] as T[]
          } finally {
            connection.destroy()
          }
        }),
    )
    return all.flat()
  }

  prepared(): Promise<readonly unknown[]> {
    return this.#rows('XA RECOVER')
  }

  /** Those that are kept. */
  async decisions(): Promise<readonly unknown[]> {
    const where = "table_schema = '_shardgate' AND table_name = 'transactions'"
    const counts = await this.#rows<{ n: number }>(
      `SELECT COUNT(*) AS n FROM information_schema.tables WHERE ${where}`,
    )
    // Every shard has taken part by now.
    return counts.every(({ n }) => n === 1) ? this.#rows('SELECT id FROM _shardgate.transactions') : counts
  }

  /** By account. */
  async balances(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.#rows<{ id: number; balance: number }>(
      'SELECT id, balance FROM bank.accounts',
      'bank',
    )
    return new Map(rows.map(({ id, balance }) => [id, balance]))
  }

  async transfers(): Promise<ReadonlyMap<number, readonly Posting[]>> {
    const transfers = new Map<number, Posting[]>()
    for (const posting of await this.#rows<Posting>(
      'SELECT account, transfer, amount FROM bank.postings',
      'bank',
    )) {
      const parts = transfers.get(posting.transfer)
      if (parts === undefined) transfers.set(posting.transfer, [posting])
      else parts.push(posting)
    }
    return transfers
  }

  /** Transfers that the office knows of. */
  async slips(): Promise<ReadonlySet<number>> {
    const rows = await this.#rows<{ transfer: number }>('SELECT transfer FROM office.slips', 'office')
    return new Set(rows.map(({ transfer }) => transfer))
  }

  /** Of two shards. */
  async twoAccounts(): Promise<readonly [number, number]> {
    const rows = await this.#rows<{ id: number }>('SELECT id FROM bank.accounts ORDER BY id LIMIT 1', 'bank')
    return [rows[0]!.id, rows[1]!.id]
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()))
    for (const server of this.#restarted) await server.process.stop('SIGKILL')
    await this.#cluster.close()
    this.#remove()
  }

  #server(shard: string): MysqlServer {
    return this.#servers.get(serverName(shard))!
  }
}

function serverName(shard: string): string {
  return `${shard.replace('/', '_')}-primary`
}
