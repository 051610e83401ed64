import { readFileSync } from 'node:fs'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCertificates } from '../support/certificates.ts'
import { type FaultCluster, startFaultCluster } from '../support/fault-cluster.ts'
import { tempDir } from '../support/temp-dir.ts'

/** What clients are told of the server that they are connected to is true of the proxy, not of a shard. */
let faults: FaultCluster
const dir = tempDir('own-values')

beforeAll(async () => {
  faults = await startFaultCluster()
})
afterAll(async () => {
  await faults?.close()
  dir.remove()
})

async function connect(config: Parameters<FaultCluster['startProxy']>[0]['config'], ssl?: { ca: string }) {
  const { host, port, user, password } = await faults.startProxy({ config: config! })
  const account = { host, port, user, password, database: 'main' }
  return createConnection(ssl === undefined ? account : { ...account, ssl })
}

test('max_allowed_packet and wait_timeout are the limits of the proxy, wherever they are asked for', async () => {
  const connection = await connect({ max_allowed_packet: '1M', timeouts: { idle: '100s' } })
  const [[selected]] = await connection.query<RowDataPacket[]>(
    'SELECT @@max_allowed_packet AS packet, @@global.max_allowed_packet AS globally, @@wait_timeout AS idle',
  )
  expect(selected).toEqual({ packet: 1_048_576, globally: 1_048_576, idle: 100 })
  for (const scope of ['', 'GLOBAL']) {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SHOW ${scope} VARIABLES WHERE Variable_name IN ('max_allowed_packet', 'wait_timeout')`,
    )
    expect(rows.map(({ Value }) => Value)).toEqual(['1048576', '100'])
  }
  await connection.end()
})

test('Ssl_cipher and Ssl_version are those of the client itself', async () => {
  const { server, ca } = makeCertificates(dir.path)
  const config = { listen: { host: '127.0.0.1', port: 0, tls: { cert: server.cert, key: server.key } } }
  const shown = `SHOW STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version')`
  const secured = await connect(config, { ca: readFileSync(ca, 'utf8') })
  const [rows] = await secured.query<RowDataPacket[]>(shown)
  expect(rows.map(({ Value }) => Value)).toEqual([expect.stringMatching(/^TLS_/), 'TLSv1.3'])
  const [matching] = await secured.query<RowDataPacket[]>(`SHOW SESSION STATUS WHERE Value LIKE 'TLSv1.3'`)
  expect(matching.map(({ Variable_name }) => Variable_name)).toEqual(['Ssl_version'])
  await secured.end()
  const plain = await connect(config)
  const [unsecured] = await plain.query<RowDataPacket[]>(shown)
  expect(unsecured.map(({ Value }) => Value)).toEqual(['', ''])
  await plain.end()
})
