import { RawClient } from '../../support/wire.ts'
import type { Act } from './client.ts'

/** Before, in, or right after the handshake, on a connection of its own. */
const inHandshake: Act = async (client) => {
  const raw = await RawClient.connect({ port: client.port })
  const step = client.random.int(3)
  if (step > 0) await raw.read()
  if (step === 2) raw.write(Buffer.from([200, 0, 0, 1, 0x85, 0xa2])) // the beginning of a response
  await pause(client.random.int(20))
  if (client.random.oneIn(2)) raw.destroy()
  else raw.socket.resetAndDestroy()
  client.figures.count('left in the handshake')
}

const inPacket: Act = async (client) => {
  const { raw } = await client.db()
  raw.write(
    Buffer.concat([Buffer.from([0x40, 0x42, 0x0f, 0, 3]), Buffer.alloc(client.random.int(400_000), 0x20)]),
  )
  await pause(client.random.int(20))
  client.vanish('in a packet')
}

const inLongData: Act = async (client) => {
  const db = await client.db()
  const prepared = await db.prepare('SELECT ?').catch(() => undefined)
  if (prepared?.kind === 'prepared') {
    for (let i = 0; i < 4; i++) db.sendLongData(prepared.id, 0, Buffer.alloc(200_000, 0x41))
    await pause(client.random.int(20))
  }
  client.vanish('in long data')
}

const WAITS = [
  (id: number) => `SELECT SLEEP(2) FROM users WHERE id = ${id}`,
  () => 'SELECT SLEEP(0.5), COUNT(*) FROM users',
  (id: number) => `SELECT SLEEP(2) FROM users WHERE id = ${id} INTO @x`,
  (id: number) => `SET @x = (SELECT SLEEP(2) FROM users WHERE id = ${id})`,
  (id: number) => `SELECT @n := SLEEP(2) FROM users WHERE id = ${id}`,
  (id: number) => `SELECT 1; SELECT SLEEP(2) FROM users WHERE id = ${id} INTO @y; SELECT 2`,
  () => `SELECT GET_LOCK('a lock of all', 2)`,
  (id: number) => `BEGIN; SELECT name FROM users WHERE id = ${id} FOR UPDATE; SELECT SLEEP(2)`,
] as const

const inWait: Act = async (client) => {
  const db = await client.db()
  db.query(client.random.pick(WAITS)(client.random.pick(client.ledger.ids))).catch(() => {})
  await pause(client.random.int(300))
  client.vanish('while waiting')
}

const whileIdle: Act = async (client) => {
  await client.db()
  await pause(client.random.int(50))
  client.vanish('idle')
}

export const leaveActs = { inHandshake, inPacket, inLongData, inWait, whileIdle }

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
