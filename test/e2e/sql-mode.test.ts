import { type Connection, createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { startCluster } from '../support/cluster.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

async function sqlModeOf(connection: Connection): Promise<string> {
  const [rows] = await connection.query('SELECT @@sql_mode AS mode')
  return (rows as { mode: string }[])[0].mode
}

function optionsOf({ host, port, user, password }: TestProxy) {
  return { host, port, user, password, database: 'shop' }
}

test('sessions begin with the sql_mode of the servers, and with IGNORE_SPACE when the client asks for it', async () => {
  const cluster = await startCluster({ isOneMysqld: true })
  for (const server of cluster.servers.values()) {
    const root = await server.connectAsRoot()
    await root.query("SET GLOBAL sql_mode = 'ANSI_QUOTES'")
    await root.end()
  }
  const proxy = await startTestProxy(cluster)
  const plain = await createConnection({ ...optionsOf(proxy), flags: ['-IGNORE_SPACE'] })
  expect(await sqlModeOf(plain)).toBe('ANSI_QUOTES')
  const [rows] = await plain.query('SELECT COUNT(*) AS "n" FROM "customers" WHERE "name" <> \'"\'')
  expect(rows).toEqual([{ n: 0 }])

  const spaced = await createConnection(optionsOf(proxy)) // mysql2 sets CLIENT_IGNORE_SPACE
  expect((await sqlModeOf(spaced)).split(',').sort()).toEqual(['ANSI_QUOTES', 'IGNORE_SPACE'])
  const [counted] = await spaced.query('SELECT COUNT (*) AS n FROM customers')
  expect(counted).toEqual([{ n: 0 }])
  await spaced.query('SET sql_mode = DEFAULT')
  expect(await sqlModeOf(spaced)).toBe('ANSI_QUOTES')
  await spaced.changeUser({})
  expect((await sqlModeOf(spaced)).split(',').sort()).toEqual(['ANSI_QUOTES', 'IGNORE_SPACE'])

  await Promise.all([plain.end(), spaced.end()])
  await proxy.close()
  await cluster.close()
})
