import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { onEachServer } from '../support/each-server.ts'
import { bigintParam, type Param, ProtocolClient, stringParam } from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

const DOUBLE: Param = { type: 'double', bytes: Buffer.from('000000000000f83f', 'hex') } // 1.5
const TIME: Param = { type: 'time', bytes: Buffer.from('080000000000010203', 'hex') }
const BIGINT = bigintParam(9_007_199_254_740_993n)

/** Sessions share what a connection has prepared, and what values of one make of a text is not for those of another. */
onEachServer((server) => {
  let cluster: TestCluster
  let proxy: TestProxy

  beforeAll(async () => {
    cluster = await startCluster({ server, isOneMysqld: true })
    proxy = await startTestProxy(cluster, { config: { pool: { size: 1 } } })
  })
  afterAll(async () => {
    await proxy?.close()
    await cluster?.close()
  })

  /** What a client that prepares the text for itself is told. */
  async function answer(sql: string, param: Param): Promise<unknown> {
    const client = await ProtocolClient.connect({ ...proxy, database: 'lookup' })
    const prepared = await client.prepare(sql)
    const [result] = await client.execute(prepared.kind === 'prepared' ? prepared.id : 0, [param])
    client.destroy()
    return result?.kind === 'rows'
      ? { types: result.columns.map(({ type }) => type), rows: result.rows }
      : result
  }

  test.each(['SELECT ?', "SELECT JSON_OBJECT('v', ?)", 'SELECT COALESCE(?, NULL) FROM products LIMIT 0'])(
    '%s',
    async (sql) => {
      const values = [
        TIME,
        stringParam('xyz'),
        BIGINT,
        DOUBLE,
        null,
        stringParam('5'),
        BIGINT,
        TIME,
        null,
        DOUBLE,
      ]
      const alone: unknown[] = []
      for (const [i, value] of values.entries()) alone.push(await answer(`${sql} /* ${i} */`, value))
      const shared: unknown[] = []
      for (const value of values) shared.push(await answer(sql, value))
      const withNull = (all: unknown[]) => all.filter((_, i) => values[i] !== null)
      expect(withNull(shared)).toEqual(withNull(alone))
    },
  )
})
