import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Command } from '../../../../src/mysql/codec/constants.ts'
import { type FrontEnd, logIn, startFrontEnd } from '../../../support/front-end.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { type RawClient, rawPacket } from '../../../support/wire.ts'

const OK = '1:00000002000000'
const UNKNOWN = '1:ff1704233038533031556e6b6e6f776e20636f6d6d616e64'
const MALFORMED = '1:ff2b0723485930303' + '04d616c666f726d656420636f6d6d756e69636174696f6e207061636b65742e'

const STATISTICS =
  'Uptime: 4  Threads: 2  Questions: 9  Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0  Queries per second avg: 2.250'

let frontEnd: FrontEnd
beforeAll(async () => {
  frontEnd = await startFrontEnd()
})
afterAll(() => frontEnd.close())

async function withClient(use: (client: RawClient) => Promise<void>): Promise<void> {
  const client = await logIn(frontEnd)
  try {
    await use(client)
  } finally {
    client.destroy()
  }
}

/** Answers as MySQL 9.7 gave them to the same bytes. */
describe('commands answered without a session', () => {
  const answers = [
    { why: 'COM_PING', payload: '0e', answer: OK },
    { why: 'COM_PING with bytes behind it', payload: '0e616263', answer: OK },
    { why: 'COM_RESET_CONNECTION', payload: '1f', answer: OK },
    {
      why: 'COM_STATISTICS',
      payload: '09',
      answer: `1:${Buffer.from(STATISTICS).toString('hex')}`,
    },
    { why: 'COM_SET_OPTION on', payload: '1b0000', answer: '1:fe00000200' },
    { why: 'COM_SET_OPTION off', payload: '1b0100', answer: '1:fe00000200' },
    { why: 'COM_SET_OPTION of an unknown option', payload: '1b0500', answer: UNKNOWN },
    { why: 'COM_SET_OPTION without option', payload: '1b', answer: MALFORMED },
    { why: 'a packet without payload', payload: '', answer: UNKNOWN },
  ]
  for (const { why, payload, answer } of answers) {
    test(why, () =>
      withClient(async (client) => {
        client.send(payload)
        expect(await client.readHex()).toBe(answer)
        client.send('0e')
        expect(await client.readHex()).toBe(OK) // and the connection lives on
      }),
    )
  }

  const refused = [
    'SLEEP',
    'CREATE_DB',
    'DROP_DB',
    'REFRESH',
    'SHUTDOWN',
    'PROCESS_INFO',
    'CONNECT',
    'TIME',
  ] as const
  test('commands that are no more are unknown', () =>
    withClient(async (client) => {
      for (const byte of [...refused.map((name) => Command[name]), 0x20, 0x7f, 0xfa, 0xff]) {
        client.send(Buffer.of(byte, 1, 2, 3, 4))
        expect(await client.readHex()).toBe(UNKNOWN)
      }
    }))

  test('payloads too short for their command are malformed', () =>
    withClient(async (client) => {
      for (const [command, fewest] of [
        [Command.FIELD_LIST, 2],
        [Command.PROCESS_KILL, 5],
        [Command.STMT_EXECUTE, 10],
        [Command.STMT_SEND_LONG_DATA, 7],
        [Command.STMT_CLOSE, 5],
        [Command.STMT_RESET, 5],
        [Command.STMT_FETCH, 9],
      ] as const) {
        for (let bytes = 1; bytes < fewest; bytes++) {
          client.send(Buffer.concat([Buffer.of(command), Buffer.alloc(bytes - 1)]))
          expect(await client.readHex(), `${command}/${bytes}`).toBe(MALFORMED)
        }
      }
    }))

  test('COM_QUIT closes without an answer', () =>
    withClient(async (client) => {
      client.send('01')
      expect(await client.readHex()).toBe('closed')
      await frontEnd.sessions.at(-1)!.gone
    }))
})

describe('commands for the session', () => {
  test('come with their bytes as received', () =>
    withClient(async (client) => {
      client.send('0373656c6563742031')
      await client.read()
      const { payload, packet } = frontEnd.sessions.at(-1)!.commands[0]!
      expect(payload.toString('hex')).toBe('0373656c6563742031')
      expect(packet.toString('hex')).toBe('090000000373656c6563742031')
    }))

  test('COM_STMT_CLOSE has no answer, and the next command follows', () =>
    withClient(async (client) => {
      client.write(Buffer.concat([rawPacket('1901000000', 0), rawPacket('0e', 0)]))
      expect(await client.readHex()).toBe(OK)
    }))

  test('COM_SET_OPTION is seen as multiStatements', () =>
    withClient(async (client) => {
      const session = frontEnd.sessions.at(-1)!
      expect(session.client.multiStatements).toBe(true)
      client.send('1b0100')
      await client.read()
      expect(session.client.multiStatements).toBe(false)
    }))

  test('COM_PING tells the session its status flags', () =>
    withClient(async (client) => {
      client.send(Buffer.from('\x03begin'))
      expect(await client.readHex()).toBe('1:00000003000000')
      client.send('0e')
      expect(await client.readHex()).toBe('1:00000003000000')
    }))

  test('a command of 16 MB and more is one command, answered behind its packets', () =>
    withClient(async (client) => {
      const text = Buffer.concat([Buffer.from('\x03select length '), Buffer.alloc(20_000_000, 0x61)])
      client.write(
        Buffer.concat([rawPacket(text.subarray(0, 0xff_ffff), 0), rawPacket(text.subarray(0xff_ffff), 1)]),
      )
      const replies = []
      for (let i = 0; i < 5; i++) replies.push(await client.read())
      expect(replies.map((reply) => reply!.sequenceId)).toEqual([2, 3, 4, 5, 6])
      expect(replies[3]!.payload.toString()).toBe(`\x08${text.length - 1}`)
    }))

  test('a bug in the session ends its connection only', () =>
    withClient(async (client) => {
      const other = await logIn(frontEnd)
      client.send(Buffer.from('\x03boom'))
      expect(await client.readErrno()).toBe(1815)
      expect(await client.readHex()).toBe('closed')
      expect(frontEnd.events.some((event) => event.kind === 'session-bug')).toBe(true)
      other.send('0e')
      expect(await other.readHex()).toBe(OK)
      other.destroy()
    }))
})

describe('pipelining', () => {
  test('commands sent together are answered one by one, wherever the stream is cut', () =>
    withClient(async (client) => {
      const commands = [
        Buffer.from('\x03set a'),
        Buffer.from('\x03fail'),
        Buffer.from('\x0e'),
        Buffer.from('\x03set b'),
      ]
      const stream = Buffer.concat(commands.map((command) => rawPacket(command, 0)))
      const session = frontEnd.sessions.at(-1)!
      await fc.assert(
        fc.asyncProperty(fc.nat(stream.length), async (cut) => {
          session.commands.length = 0
          client.write(stream.subarray(0, cut))
          client.write(stream.subarray(cut))
          expect(await client.readHex()).toBe(OK)
          expect(await client.readErrno()).toBe(1064)
          expect(await client.readHex()).toBe(OK)
          expect(await client.readHex()).toBe(OK)
          expect(session.commands.map(({ payload }) => payload.toString())).toEqual([
            '\x03set a',
            '\x03fail',
            '\x03set b',
          ])
        }),
        { numRuns: 40 },
      )
    }))

  test('the next command waits for the one before, and no more than the bound is read ahead', async () => {
    const bounded = await startFrontEnd({ limits: { pipelineBytesMax: 1000 } })
    const client = await logIn(bounded)
    const session = bounded.sessions[0]!
    session.hold = (payload) => payload.toString() === '\x03hold'
    const held = session.nextCommand()
    client.send(Buffer.from('\x03hold'))
    await held
    const pings = 2_000_000
    const flood = Buffer.concat(Array.from({ length: 1000 }, () => rawPacket('0e', 0)))
    for (let i = 0; i < pings / 1000; i++) client.write(flood)
    // 10 MB are more than the sockets' own buffers take: most of it must stay with the client.
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(client.socket.writableLength).toBeGreaterThan(1_000_000)
    session.client.sendOk({ status: 2 })
    for (let i = 0; i <= 3000; i++) expect(await client.readHex()).toBe(OK)
    client.destroy()
    await bounded.close()
  })
})

describe('the end of a connection', () => {
  test('after a half-close the answers to what was sent still come', () =>
    withClient(async (client) => {
      client.write(Buffer.concat([rawPacket(Buffer.from('\x03set a'), 0), rawPacket('0e', 0)]))
      client.socket.end()
      expect([await client.readHex(), await client.readHex(), await client.readHex()]).toEqual([
        OK,
        OK,
        'closed',
      ])
    }))

  test('a half-closed client whose command takes too long is taken for gone', async () => {
    const impatient = await startFrontEnd({
      limits: { halfCloseGraceMs: 20 },
      prepare: (s) => (s.hold = () => true),
    })
    const client = await logIn(impatient)
    client.send(Buffer.from('\x03slow'))
    client.socket.end()
    await impatient.sessions[0]!.gone
    expect(impatient.sessions[0]!.calls).toEqual(['connect', 'gone'])
    await impatient.close()
  })

  test('a half-closed client whose answer goes on arriving is not', async () => {
    const clock = new ManualClock()
    const slow = await startFrontEnd({
      clock,
      limits: { halfCloseGraceMs: 3_000 },
      prepare: (s) => (s.hold = () => true),
    })
    const client = await logIn(slow)
    const session = slow.sessions[0]!
    const held = session.nextCommand()
    client.send(Buffer.from('\x03slow'))
    await held
    client.socket.end()
    while (!clock.pending().includes(3_000)) await new Promise((resolve) => setImmediate(resolve))
    for (let i = 0; i < 5; i++) {
      session.client.write(Buffer.alloc(1000))
      await clock.advance(3_000)
    }
    expect(session.calls).toEqual(['connect'])
    await clock.advance(3_000)
    await session.gone
    await slow.close()
  })

  test('the session is told once, in mid-command too', async () => {
    const holding = await startFrontEnd({ prepare: (s) => (s.hold = () => true) })
    const client = await logIn(holding)
    const session = holding.sessions[0]!
    const held = session.nextCommand()
    client.send(Buffer.from('\x03slow'))
    await held
    client.socket.resetAndDestroy()
    await session.gone
    session.client.sendOk({}) // too late, and harmless
    expect(session.client.closed).toBe(true)
    expect(session.calls).toEqual(['connect', 'gone'])
    expect(holding.server.connections.size).toBe(0)
    await holding.close()
  })

  test('the session closes with an error that the client can read, though it goes on sending', () =>
    withClient(async (client) => {
      const session = frontEnd.sessions.at(-1)!
      session.hold = () => true
      const held = session.nextCommand()
      client.send(Buffer.from('\x03slow'))
      await held
      client.write(Buffer.alloc(100_000))
      const { SqlError } = await import('../../../../src/errors/sql-error.ts')
      session.client.close(new SqlError('ER_QUERY_INTERRUPTED', 'Query execution was interrupted'))
      expect(await client.readErrno()).toBe(1317)
      expect(await client.readHex()).toBe('closed')
    }))
})

describe('broken streams', () => {
  test('a sequence id out of order is 1156 and the end', () =>
    withClient(async (client) => {
      client.send('0e', 1)
      const reply = await client.read()
      expect([reply!.sequenceId, reply!.payload.readUInt16LE(1)]).toEqual([0, 1156])
      expect(await client.readHex()).toBe('closed')
    }))

  test('a packet over max_allowed_packet is 1153 and the end, before it is sent whole', async () => {
    const small = await startFrontEnd({ limits: { packetBytesMax: 1 << 20 } })
    const client = await logIn(small)
    client.write(Buffer.from('00001000', 'hex')) // a header for exactly 1 MiB
    client.write(Buffer.alloc(200_000))
    const reply = await client.read()
    expect([reply!.sequenceId, reply!.payload.readUInt16LE(1)]).toEqual([1, 1153])
    expect(await client.readHex()).toBe('closed')
    await small.close()
  })

  test('random bytes end their own connection at most', async () => {
    const other = await logIn(frontEnd)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 4, maxLength: 200 }), async (bytes) => {
        const client = await logIn(frontEnd)
        client.write(Buffer.from(bytes))
        client.socket.end()
        while ((await client.read()) !== undefined);
        client.destroy()
      }),
      { numRuns: 60 },
    )
    other.send('0e')
    expect(await other.readHex()).toBe(OK)
    other.destroy()
    expect(frontEnd.events.filter((event) => event.kind === 'session-bug').length).toBeLessThanOrEqual(1)
  })
})
