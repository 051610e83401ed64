import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { mariadbCommand, mysqlCommand } from '../support/mysql.ts'
import { ordinaryStatements } from '../support/ordinary-statements.ts'
import { ProtocolClient, type Result } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import { tempDir } from '../support/temp-dir.ts'

/** What users of the proxy may do, beside an account of a real server that has all privileges on its own database. */

const USERS = {
  app: [{ password: 'a' }],
  root_like: { role: 'admin', credentials: [{ password: 'b' }] },
  narrow: { keyspaces: ['lookup'], credentials: [{ password: 'c' }] },
}
const PASSWORDS: Readonly<Record<keyof typeof USERS, string>> = { app: 'a', root_like: 'b', narrow: 'c' }

describe.each([
  ['mysql', mysqlCommand],
  ['mariadb', mariadbCommand],
] as const)('%s', (server, command) => {
  if (command === undefined) return test.skip(`no ${server} on this machine`, () => {})
  let cluster: TestCluster
  let proxy: TestProxy
  let plain: Connection
  const dir = tempDir('users')
  const clients: ProtocolClient[] = []

  beforeAll(async () => {
    const usersFile = join(dir.path, 'users.json')
    writeFileSync(usersFile, JSON.stringify({ users: USERS }))
    const schemaDir = new URL('../differential/schema', import.meta.url).pathname
    cluster = await startCluster({ shards: 2, isOneMysqld: true, server, schemaDir })
    proxy = await startTestProxy(cluster, { config: { users_file: usersFile } })
    const [one] = cluster.servers.values()
    const root = await one!.connectAsRoot()
    await root.query(`
      CREATE DATABASE own;
      CREATE TABLE own.own_table (id INT PRIMARY KEY, v VARCHAR(100));
      CREATE USER app@'%' IDENTIFIED BY 'x';
      GRANT ALL ON own.* TO app@'%';
      CREATE TABLE \`lookup_0\`.own_table (id INT PRIMARY KEY, v VARCHAR(100));
    `)
    await root.end()
    const address = { host: '127.0.0.1', port: one!.port }
    plain = await createConnection({ ...address, user: 'app', password: 'x', database: 'own' })
  })
  afterEach(() => {
    for (const each of clients.splice(0)) each.destroy()
  })
  afterAll(async () => {
    await plain?.end()
    await proxy?.close()
    await cluster?.close()
    dir.remove()
  })

  async function connect(user: keyof typeof USERS, database = 'lookup'): Promise<ProtocolClient> {
    const client = await ProtocolClient.connect({
      port: proxy.port,
      user,
      password: PASSWORDS[user],
      database,
    })
    clients.push(client)
    return client
  }

  /** In the keyspace that stands for the account's own database. */
  function atProxy(sql: string): string {
    return sql.replace(/^USE own$/, 'USE lookup')
  }

  async function onPlain(sql: string): Promise<string> {
    try {
      await plain.query(sql)
      return 'ok'
    } catch (error) {
      const { errno, sqlMessage } = error as { errno: number; sqlMessage: string }
      return `${errno} ${withoutHost(sqlMessage)}`
    }
  }

  /** The account's host is the server's business. */
  function withoutHost(message: string): string {
    return message.replace(/'app'@'[^']*'/g, "'app'@…").replace(/`own`|`lookup`/g, '`own`')
  }

  function told(result: Result | undefined): string {
    if (result?.kind === 'rows' && result.error !== undefined) return told(result.error)
    return result?.kind === 'error' ? `${result.errno} ${withoutHost(result.message)}` : 'ok'
  }

  test('an ordinary user may what one may on a server, and is told the same otherwise', async () => {
    const client = await connect('app')
    const wrong: string[] = []
    for (const [sql, expected] of ordinaryStatements) {
      const answer = told((await client.query(atProxy(sql))).at(-1))
      const real = server === 'mysql' && expected === 'like MySQL' ? await onPlain(sql) : undefined
      const isRight =
        expected === 'allowed'
          ? answer === 'ok'
          : expected === 'like MySQL'
            ? real === undefined || answer === real
            : server === 'mariadb' || answer.startsWith(`${expected} `)
      if (!isRight || (expected !== 'allowed' && answer === 'ok'))
        wrong.push(`${sql}\n  ${answer}\n  ${real ?? expected}`)
    }
    expect(wrong.join('\n')).toBe('')
  })
})
