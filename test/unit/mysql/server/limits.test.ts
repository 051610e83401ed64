import mysql from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { ByteBudget } from '../../../../src/base/byte-budget.ts'
import { ConnectionIds, ownerOf } from '../../../../src/mysql/server/connection-ids.ts'
import { eventually } from '../../../support/eventually.ts'
import { type FrontEnd, logIn, startFrontEnd } from '../../../support/front-end.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { handshakeResponse, RawClient, rawPacket } from '../../../support/wire.ts'

const OK = '1:00000002000000'

async function withFrontEnd(
  options: Parameters<typeof startFrontEnd>[0],
  use: (frontEnd: FrontEnd) => Promise<void>,
): Promise<void> {
  const frontEnd = await startFrontEnd(options)
  try {
    await use(frontEnd)
  } finally {
    await frontEnd.close()
  }
}

describe('max_connections', () => {
  test('the next connection is told 1040 before any greeting, and one that ends makes room', () =>
    withFrontEnd({ limits: { connectionsMax: 2 } }, async (frontEnd) => {
      const first = await logIn(frontEnd)
      const second = await RawClient.connect(frontEnd) // one that has not logged in counts, too
      await second.read()
      const third = await RawClient.connect(frontEnd)
      expect(await third.readHex()).toBe('0:ff1004546f6f206d616e7920636f6e6e656374696f6e73')
      expect(await third.readHex()).toBe('closed')
      first.destroy()
      await frontEnd.sessions[0]!.gone
      const again = await eventually('a free place', async () => {
        const client = await RawClient.connect(frontEnd)
        return (await client.read())!.payload[0] === 0x0a && client
      })
      again.destroy()
      second.destroy()
    }))

  test('drivers know what it means', () =>
    withFrontEnd({ limits: { connectionsMax: 0 } }, async ({ port }) => {
      const refused = mysql.createConnection({ host: '127.0.0.1', port, user: 'nopw' })
      await expect(refused).rejects.toMatchObject({ errno: 1040 })
    }))
})

describe('time limits', () => {
  test('a client that says nothing, or only drips, is given up after connect_timeout with 1159', async () => {
    const clock = new ManualClock()
    await withFrontEnd({ clock }, async (frontEnd) => {
      const silent = await RawClient.connect(frontEnd)
      await silent.read()
      const dripping = await RawClient.connect(frontEnd)
      await dripping.read()
      dripping.write(Buffer.from('4000', 'hex'))
      await clock.advance(9_999)
      dripping.write(Buffer.from('00', 'hex'))
      await clock.advance(1)
      expect(await silent.readErrno()).toBe(1159)
      expect(await dripping.readErrno()).toBe(1159)
      silent.destroy()
      dripping.destroy()
    })
  })

  test('one that stops within the exchange, too', async () => {
    const clock = new ManualClock()
    await withFrontEnd({ clock }, async (frontEnd) => {
      const client = await RawClient.connect(frontEnd)
      await client.read()
      client.send(handshakeResponse('sha', { response: Buffer.alloc(32) }), 1)
      expect(await client.readHex()).toBe('2:0104')
      await clock.advance(10_000)
      expect(await client.readErrno()).toBe(1159)
      client.destroy()
    })
  })

  test('an idle connection is told 4031 after wait_timeout, in the words of MySQL', async () => {
    const clock = new ManualClock()
    await withFrontEnd({ clock, limits: { waitTimeoutMs: 60_000 } }, async (frontEnd) => {
      const client = await logIn(frontEnd)
      await clock.advance(50_000)
      client.send('0e')
      expect(await client.readHex()).toBe(OK)
      await clock.advance(50_000)
      client.send('0e')
      expect(await client.readHex()).toBe(OK) // what happens between makes it young again
      await clock.advance(62_000)
      const reply = (await client.read())!
      expect([reply.sequenceId, reply.payload.readUInt16LE(1)]).toEqual([0, 4031])
      expect(reply.payload.toString('utf8', 3)).toBe(
        '#HY000The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout for configuring this behavior.',
      )
      expect(await client.readHex()).toBe('closed')
    })
  })

  test('interactive clients have interactive_timeout, sessions may set their own', async () => {
    const clock = new ManualClock()
    const limits = { waitTimeoutMs: 10_000, interactiveTimeoutMs: 100_000 }
    await withFrontEnd({ clock, limits }, async (frontEnd) => {
      const interactive = await RawClient.connect(frontEnd)
      await interactive.read()
      interactive.send(handshakeResponse('nopw', { capabilities: 0x000ba201 | 0x400 }), 1)
      await interactive.read()
      const patient = await logIn(frontEnd)
      frontEnd.sessions[1]!.client.setIdleTimeout(50_000)
      await clock.advance(20_000)
      interactive.send('0e')
      expect(await interactive.readHex()).toBe(OK)
      patient.send('0e')
      expect(await patient.readHex()).toBe(OK)
      await clock.advance(52_000)
      expect(await patient.readErrno()).toBe(4031)
      interactive.send('0e')
      expect(await interactive.readHex()).toBe(OK)
      interactive.destroy()
    })
  })

  test('a command that runs is not idle', async () => {
    const clock = new ManualClock()
    const options = { clock, limits: { waitTimeoutMs: 1_000 } }
    await withFrontEnd({ ...options, prepare: (s) => (s.hold = () => true) }, async (frontEnd) => {
      const client = await logIn(frontEnd)
      const held = frontEnd.sessions[0]!.nextCommand()
      client.send(Buffer.from('\x03slow'))
      await held
      await clock.advance(10_000)
      frontEnd.sessions[0]!.client.sendOk({ status: 2 })
      expect(await client.readHex()).toBe(OK)
      client.destroy()
    })
  })

  test('a command that stops arriving is given up after net_read_timeout', async () => {
    const clock = new ManualClock()
    await withFrontEnd({ clock }, async (frontEnd) => {
      const client = await logIn(frontEnd)
      client.send('0e')
      client.write(Buffer.from('ffff0000', 'hex'))
      expect(await client.readHex()).toBe(OK)
      await clock.advance(32_000)
      expect(await client.readErrno()).toBe(1159)
      client.destroy()
    })
  })

  test('a client that does not take its answer is given up after net_write_timeout', async () => {
    const clock = new ManualClock()
    await withFrontEnd({ clock, prepare: (s) => (s.hold = () => true) }, async (frontEnd) => {
      const client = await logIn(frontEnd)
      const session = frontEnd.sessions[0]!
      const held = session.nextCommand()
      client.send(Buffer.from('\x03all'))
      await held
      client.socket.pause()
      expect(session.client.write(Buffer.alloc(50 << 20))).toBe(false) // more than sockets take by themselves
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advance(59_000)
      expect(session.client.closed).toBe(false)
      await clock.advance(3_000)
      await session.gone
      client.destroy()
    })
  })
})

describe('memory for large packets', () => {
  test('is for all connections together; one beyond it is told 4081 and closed, and what it took comes back', async () => {
    const packetMemory = new ByteBudget(1_000_000)
    await withFrontEnd({ packetMemory, prepare: (s) => (s.hold = () => true) }, async (frontEnd) => {
      const [first, second] = [await logIn(frontEnd), await logIn(frontEnd)]
      const command = frontEnd.sessions[0]!.nextCommand()
      first.send(Buffer.alloc(600_000, 0x03))
      await command
      expect(packetMemory.held).toBeGreaterThan(500_000)
      second.write(rawPacket(Buffer.alloc(600_000, 0x03), 0))
      expect(await second.readErrno()).toBe(4081)
      frontEnd.sessions[0]!.client.sendOk({ status: 2 })
      expect(await first.readHex()).toBe(OK)
      expect(packetMemory.held).toBe(0)
      first.destroy()
      second.destroy()
    })
  })
})

describe('back-pressure', () => {
  test('write says stop at the high-water mark and onDrain says go, with little in memory', () =>
    withFrontEnd({ prepare: (s) => (s.hold = () => true) }, async (frontEnd) => {
      const client = await logIn(frontEnd)
      const session = frontEnd.sessions[0]!
      const held = session.nextCommand()
      client.send(Buffer.from('\x03all'))
      await held
      const chunk = Buffer.alloc(64 * 1024)
      const chunks = 800 // 50 MB
      let written = 0
      let taken = 0
      const pump = (): void => {
        while (written < chunks) {
          written++
          if (!session.client.write(chunk, () => taken++)) return
        }
      }
      session.onDrain = pump
      client.socket.pause()
      client.socket.removeAllListeners('data')
      pump()
      await new Promise((resolve) => setImmediate(resolve))
      expect(written).toBeLessThan(chunks / 2) // sockets take some megabytes by themselves
      expect(taken).toBeLessThan(written) // what waits here is still in use
      let received = 0
      await new Promise<void>((resolve) => {
        client.socket.on('data', (bytes) => {
          received += bytes.length
          if (received === chunks * chunk.length) resolve()
        })
        client.socket.resume()
      })
      expect(written).toBe(chunks)
      expect(taken).toBe(chunks)
      client.destroy()
    }))
})

describe('an orderly end', () => {
  test('quiet connections go with 1053, transactions may finish, nobody new comes in', async () => {
    const clock = new ManualClock()
    const frontEnd = await startFrontEnd({ clock })
    const idle = await logIn(frontEnd)
    const busy = await logIn(frontEnd)
    busy.send(Buffer.from('\x03begin'))
    await busy.read()
    const drained = frontEnd.server.drain(60_000)
    await clock.advance(2_000)
    expect(await idle.readErrno()).toBe(1053)
    expect(await idle.readHex()).toBe('closed')
    await expect(RawClient.connect(frontEnd)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    busy.send(Buffer.from('\x03set x'))
    expect(await busy.readHex()).toBe('1:00000003000000')
    busy.send(Buffer.from('\x03commit'))
    expect(await busy.readHex()).toBe(OK)
    expect(await busy.readErrno()).toBe(1053)
    await drained
  })

  test('a client at work is answered and told 1053 in one write, so that it sends no statement in vain', async () => {
    const frontEnd = await startFrontEnd({ clock: new ManualClock() })
    const client = await logIn(frontEnd)
    const drained = frontEnd.server.drain(60_000)
    const chunks: Buffer[] = []
    client.socket.on('data', (chunk) => chunks.push(chunk))
    client.send(Buffer.from('\x03x'))
    expect(await client.readHex()).toBe('1:00000002000000')
    expect(await client.readErrno()).toBe(1053)
    expect(chunks.length).toBe(1)
    await drained
  })

  test('what is left after the grace is closed', async () => {
    const clock = new ManualClock()
    const frontEnd = await startFrontEnd({ clock })
    const client = await logIn(frontEnd)
    client.send(Buffer.from('\x03begin'))
    await client.read()
    const drained = frontEnd.server.drain(5_000)
    await clock.advance(5_000)
    expect(await client.readErrno()).toBe(1053)
    await drained
    await frontEnd.sessions[0]!.gone
  })
})

describe('connection ids', () => {
  test('carry the worker and are not given twice', () => {
    const ids = new ConnectionIds({ worker: 3, proxy: 0 })
    const taken = Array.from({ length: 1000 }, () => ids.take())
    expect(new Set(taken).size).toBe(1000)
    expect(taken.every((id) => ownerOf(id, true).worker === 3)).toBe(true)
    expect(ownerOf(new ConnectionIds({ worker: 255, proxy: 0 }).take(), true).worker).toBe(255)
  })

  test('carry the proxy, where it is one of several, and fit 31 bits', () => {
    for (const owner of [
      { worker: 0, proxy: 1 },
      { worker: 31, proxy: 127 },
    ]) {
      const id = new ConnectionIds(owner).take()
      expect(ownerOf(id, false)).toEqual(owner)
      expect(id).toBeLessThan(2 ** 31)
    }
  })

  test('begin at 1 for worker 0, and wrap past those in use', () => {
    const ids = new ConnectionIds({ worker: 0, proxy: 0 })
    expect([ids.take(), ids.take()]).toEqual([1, 2])
    ids.release(1)
    for (let i = 3; i < 1 << 24; i++) ids.release(ids.take())
    expect(ids.take()).toBe(1)
    expect(ids.take()).toBe(3)
  })

  test('are what the greeting says and what the server lists', () =>
    withFrontEnd({ workerNumber: 7 }, async (frontEnd) => {
      const client = await RawClient.connect(frontEnd)
      const greeting = (await client.read())!.payload
      const id = greeting.readUInt32LE(greeting.indexOf(0) + 1)
      client.send(handshakeResponse('nopw'), 1)
      await client.read()
      expect(frontEnd.server.connections.get(id)).toBe(frontEnd.sessions[0]!.client)
      expect(ownerOf(id, true).worker).toBe(7)
      client.destroy()
    }))
})
