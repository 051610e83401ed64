import assert from 'node:assert/strict'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import {
  bigintParam,
  type PreparedInfo,
  ProtocolClient,
  stringParam,
  textRow,
} from '../support/protocol-client.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'

/** COM_STMT_EXECUTE, FETCH, SEND_LONG_DATA and RESET in bytes: what drivers do that mysql2 does not. */
let cluster: TestCluster
let proxy: TestProxy
let client: ProtocolClient

beforeAll(async () => {
  cluster = await startCluster({ isOneMysqld: true })
  proxy = await startTestProxy(cluster)
  client = await ProtocolClient.connect({ ...proxy, database: 'shop' })
  const rows = Array.from({ length: 10 }, (_, i) => `(${i + 1}, 'name ${i + 1}', 'e', 'DE')`)
  await client.query(`INSERT INTO customers (customer_id, name, email, country) VALUES ${rows.join(', ')}`)
})

afterAll(async () => {
  client?.close()
  await proxy?.close()
  await cluster?.close()
})

async function prepare(sql: string): Promise<PreparedInfo> {
  const info = await client.prepare(sql)
  assert.equal(info.kind, 'prepared', JSON.stringify(info))
  return info as PreparedInfo
}

function command(code: number, id: number, rest: string): Buffer {
  const head = Buffer.alloc(5)
  head[0] = code
  head.writeUInt32LE(id, 1)
  return Buffer.concat([head, Buffer.from(rest, 'hex')])
}

/** Payloads up to and including the packet that `isLast` knows. */
async function payloads(isLast: (payload: Buffer) => boolean): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (;;) {
    const packet = await client.raw.read()
    assert.ok(packet !== undefined, 'the connection is open')
    found.push(packet.payload)
    if (packet.payload[0] === 0xff || isLast(packet.payload)) return found
  }
}

const isEof = (payload: Buffer) => payload[0] === 0xfe && payload.length === 5
const statusOf = (eof: Buffer) => eof.readUInt16LE(3)
const CURSOR_EXISTS = 0x40
const LAST_ROW_SENT = 0x80

describe('a cursor', () => {
  // One shard of the keyspace, so that a server holds the cursor.
  const sql = 'SELECT customer_id FROM customers WHERE customer_id = 7 OR customer_id = 7'

  test('gives its rows in portions, and says when they are all sent', async () => {
    const { id } = await prepare(sql)
    client.raw.send(command(0x17, id, '0101000000'))
    const opened = await payloads(isEof)
    assert.equal(statusOf(opened.at(-1)!) & CURSOR_EXISTS, CURSOR_EXISTS)
    client.raw.send(command(0x1c, id, '01000000'))
    const first = await payloads(isEof)
    assert.equal(first.length, 2)
    client.raw.send(command(0x1c, id, '05000000'))
    const rest = await payloads(isEof)
    assert.deepEqual([rest.length, statusOf(rest.at(-1)!) & LAST_ROW_SENT], [1, LAST_ROW_SENT])
  })

  test('that is not open is error 1421', async () => {
    const { id } = await prepare(sql)
    client.raw.send(command(0x1c, id, '01000000'))
    const [error] = await payloads(isEof)
    assert.equal(error!.readUInt16LE(1), 1421)
  })

  test('is closed by COM_STMT_RESET, and its connection serves others again', async () => {
    const { id } = await prepare(sql)
    client.raw.send(command(0x17, id, '0101000000'))
    await payloads(isEof)
    client.raw.send(command(0x1a, id, ''))
    const [ok] = await payloads((payload) => payload[0] === 0)
    assert.equal(ok![0], 0)
    client.raw.send(command(0x1c, id, '01000000'))
    const [error] = await payloads(isEof)
    assert.equal(error!.readUInt16LE(1), 1421)
    assert.equal((await client.query('SELECT 1'))[0]!.kind, 'rows')
  })

  test('keeps its connection from everybody else until it is closed', async () => {
    const tight = await startTestProxy(cluster, { config: { pool: { size: 1, wait_timeout: '300ms' } } })
    const [holder, other] = [
      await ProtocolClient.connect({ ...tight, database: 'shop' }),
      await ProtocolClient.connect({ ...tight, database: 'shop' }),
    ]
    const info = (await holder.prepare(sql)) as PreparedInfo
    holder.raw.send(command(0x17, info.id, '0101000000'))
    for (let packet = await holder.raw.read(); !isEof(packet!.payload); ) packet = await holder.raw.read()
    const question = 'SELECT name FROM customers WHERE customer_id = 7'
    const [refused] = await other.query(question)
    assert.equal(refused!.kind === 'error' && refused!.errno, 1203)
    holder.raw.send(command(0x1a, info.id, ''))
    await holder.raw.read()
    assert.equal((await other.query(question))[0]!.kind, 'rows')
    holder.close()
    other.close()
    await tight.close()
  })

  test('is not made over several shards: all rows come with the execute', async () => {
    const { id } = await prepare('SELECT customer_id FROM customers ORDER BY customer_id')
    client.raw.send(command(0x17, id, '0101000000'))
    const answer = await payloads(isEof)
    assert.equal(statusOf(answer.at(-1)!) & CURSOR_EXISTS, 0)
    assert.equal((await payloads(isEof)).length, 11)
  })
})

describe('long data', () => {
  test('in pieces is one param, for one execute', async () => {
    const { id } = await prepare('UPDATE customers SET email = ? WHERE customer_id = 3')
    for (const piece of ['abc', 'def'])
      client.raw.send(command(0x18, id, `0000${Buffer.from(piece).toString('hex')}`))
    client.raw.send(command(0x17, id, '0001000000' + '00' + '01' + 'fc00'))
    const [ok] = await payloads((payload) => payload[0] === 0)
    assert.equal(ok![1], 1) // affected rows
    const [result] = await client.query('SELECT email FROM customers WHERE customer_id = 3')
    assert.deepEqual(result!.kind === 'rows' && result!.rows.map((row) => row.toString('latin1', 1)), [
      'abcdef',
    ])
  })

  test('routes like any other value', async () => {
    const { id } = await prepare('SELECT name FROM customers WHERE customer_id = ?')
    client.raw.send(command(0x18, id, `0000${Buffer.from('9').toString('hex')}`))
    client.raw.send(command(0x17, id, '0001000000' + '00' + '01' + 'fe00'))
    await payloads(isEof)
    const rows = await payloads(isEof)
    assert.match(rows[0]!.toString('latin1'), /name 9$/)
  })
})

test('SET takes params, and keeps their bytes', async () => {
  const { id } = await prepare('SET @p = ?, @q = ?')
  await client.execute(id, [stringParam("é'\\"), bigintParam(5)])
  const [result] = await client.query('SELECT HEX(@p), @q + 1')
  assert.deepEqual(result!.kind === 'rows' && result!.rows.map((row) => textRow(row)), [['C3A9275C', '6']])
})

test('an unknown statement is error 1243 in the words of MySQL 9.7', async () => {
  client.raw.send(command(0x17, 4711, '0001000000'))
  const [error] = await payloads(isEof)
  assert.equal(
    error!.toString('latin1', 9),
    'Unknown prepared statement handler (4711) given to mysql_stmt_precheck',
  )
})

test('COM_CHANGE_USER and COM_RESET_CONNECTION forget prepared statements and roll back', async () => {
  const { id } = await prepare('SELECT 1')
  await client.query("BEGIN; UPDATE customers SET name = 'gone' WHERE customer_id = 4")
  client.raw.send('1f')
  await payloads((payload) => payload[0] === 0)
  client.raw.send(command(0x17, id, '0001000000'))
  const [error] = await payloads(isEof)
  assert.equal(error!.readUInt16LE(1), 1243)
  const [result] = await client.query('SELECT name FROM customers WHERE customer_id = 4')
  assert.deepEqual(result!.kind === 'rows' && result!.rows.map((row) => row.toString('latin1', 1)), [
    'name 4',
  ])
})

test('COM_RESET_CONNECTION is answered by packet 1, however long the answer before it was', async () => {
  await client.query('SELECT customer_id, name FROM customers ORDER BY customer_id')
  client.raw.send(Buffer.from([0x1f]))
  assert.match(await client.raw.readHex(), /^1:00/)
})
