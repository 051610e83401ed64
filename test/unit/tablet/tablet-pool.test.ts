import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, test } from 'vitest'
import { ServerError } from '../../../src/errors/server-error.ts'
import { BackendConnection } from '../../../src/mysql/client/backend-connection.ts'
import { UNKNOWN_HEALTH } from '../../../src/tablet/health.ts'
import type { Lease } from '../../../src/tablet/lease.ts'
import type { ServingTablet } from '../../../src/tablet/serving-tablet.ts'
import {
  DATABASE,
  ISOLATION,
  makeSettings,
  NAMES,
  settingsChange,
  USUAL_KIND,
} from '../../../src/tablet/settings.ts'
import { type PoolOptions, TabletPool } from '../../../src/tablet/tablet-pool.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'
import { rawPacket } from '../../support/wire.ts'

/** A socket whose server answers every command with OK, and writes down what it was told. */
class OkSocket extends EventEmitter {
  readonly told: string[]
  destroyed = false
  writableLength = 0
  writableNeedDrain = false

  constructor(told: string[]) {
    super()
    this.told = told
  }

  write(packet: Buffer): boolean {
    this.told.push(packet.toString('latin1', 5))
    queueMicrotask(() => this.emit('data', rawPacket('00000002000000', 1)))
    return true
  }

  destroy(): void {
    this.destroyed = true
  }
  setNoDelay(): void {}
  paused = false
  setKeepAlive(): void {}
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
}

const plain = makeSettings(new Map([[NAMES, "'utf8mb4' COLLATE 'utf8mb4_bin'"]]), USUAL_KIND)
const strict = makeSettings(new Map([...plain.items, ['sql_mode', "'ANSI'"]]), USUAL_KIND)
const found = makeSettings(plain.items, { ...USUAL_KIND, foundRows: true })

function poolOf(options: Partial<PoolOptions> = {}) {
  const clock = new ManualClock()
  const told: string[] = []
  const made: BackendConnection[] = []
  const sockets: OkSocket[] = []
  let failure: Error | undefined
  const kills: ((confirmed: boolean) => void)[] = []
  const health = { ...UNKNOWN_HEALTH }
  const tablet = { name: 'zone1-0000000001 (db:3306)', database: 'shop', health } as unknown as ServingTablet
  const connect = async () => {
    if (failure !== undefined) throw failure
    const socket = new OkSocket(told)
    const connection = new BackendConnection(socket as unknown as Socket, {
      threadId: made.length + 1,
      serverVersion: '9.7.4',
    })
    sockets.push(socket)
    made.push(connection)
    return connection
  }
  /** How many connections had been made, each time that one was lost or could not be. */
  const lost: number[] = []
  const outcomes: boolean[] = []
  const killQuery = () => new Promise<boolean>((resolve) => kills.push(resolve))
  const pool = new TabletPool(
    {
      tablet,
      connect,
      killQuery,
      lost: () => lost.push(made.length),
      outcome: (isGood) => outcomes.push(isGood),
    },
    {
      connectionsMax: 2,
      waitersMax: 2,
      waitTimeoutMs: 1_000,
      idleTimeoutMs: 60_000,
      silenceTimeoutMs: 15_000,
      ageMaxMs: 0,
      prefill: 0,
      shedAfterMs: 0,
      ...options,
    },
    clock,
  )
  const refuseConnections = (error: Error | undefined) => {
    failure = error
  }
  return { pool, clock, told, made, sockets, kills, lost, outcomes, health, refuseConnections }
}

/** A command that the server does not answer. */
function ask(lease: Lease): void {
  lease.connection.send(Buffer.from('0100000e', 'hex'), { feed: () => -1, onLost: () => {} } as never)
}

describe('KILL', () => {
  test('that is on its way: the connection is handed out when the server has carried it out', async () => {
    const { pool, kills } = poolOf({ connectionsMax: 1 })
    const lease = await pool.acquire(plain)
    lease.kill()
    lease.release()
    assert.equal(pool.take(plain), undefined)
    kills[0]!(true)
    await settle()
    assert.equal(pool.take(plain), lease)
  })

  test('that the server does not confirm: the connection is closed, for the KILL may still come', async () => {
    const { pool, kills, made } = poolOf({ connectionsMax: 1 })
    const lease = await pool.acquire(plain)
    lease.kill()
    lease.release()
    kills[0]!(false)
    await settle()
    assert.deepEqual([made[0]!.state, pool.size], ['closed', 0])
  })

  test('of a statement whose answer nobody reads: the connection is closed behind it', async () => {
    const { pool, kills, made } = poolOf({ connectionsMax: 1 })
    const lease = await pool.acquire(plain)
    ask(lease)
    lease.abandon()
    assert.equal(made[0]!.state, 'busy')
    kills[0]!(true)
    await settle()
    assert.deepEqual([made[0]!.state, pool.size], ['closed', 0])
  })
})

describe('a server that owes an answer and says nothing', () => {
  test('is given up when its health check has failed since', async () => {
    const { pool, clock, made, health } = poolOf()
    const [silent, idle] = [await pool.acquire(plain), await pool.acquire(plain)]
    ask(silent)
    await clock.advance(16_000)
    assert.equal(silent.connection.state, 'busy') // a long statement, as far as anybody knows
    Object.assign(health, { state: 'unreachable', checkedAtMs: clock.now(), lastError: 'no answer' })
    await clock.advance(1_000)
    assert.deepEqual([made[0]!.state, idle.connection.state, pool.size], ['closed', 'idle', 1])
  })

  test('is not given up while its reader holds it back', async () => {
    const { pool, clock, health } = poolOf()
    const lease = await pool.acquire(plain)
    ask(lease)
    lease.connection.pause()
    await clock.advance(16_000)
    Object.assign(health, { state: 'unreachable', checkedAtMs: clock.now() })
    await clock.advance(2_000)
    assert.equal(lease.connection.state, 'busy')
  })
})

test('a connection that was held back is read again by its next holder', async () => {
  const { pool, sockets } = poolOf({ connectionsMax: 1 })
  const lease = await pool.acquire(plain)
  lease.connection.pause()
  lease.release()
  assert.equal(sockets[0]!.paused, false)
})

test('a request that is given up leaves its place in the queue, and what comes too late is not lost', async () => {
  const { pool } = poolOf({ connectionsMax: 1 })
  const only = await pool.acquire(plain)
  const waits = new AbortController()
  const waiting = pool.acquire(plain, { signal: waits.signal })
  waits.abort(new Error('killed'))
  await assert.rejects(waiting, /killed/)
  assert.equal(pool.waiting, 0)
  only.discard()
  const connects = new AbortController()
  const connecting = pool.acquire(plain, { signal: connects.signal })
  connects.abort(new Error('timed out'))
  await assert.rejects(connecting, /timed out/)
  await settle()
  assert.deepEqual([pool.size, pool.idle], [1, 1])
})

test('places are counted once when a connection gives way to one of the other CLIENT_FOUND_ROWS', async () => {
  const { pool } = poolOf({ connectionsMax: 2, waitersMax: 10 })
  const held = [await pool.acquire(plain), await pool.acquire(plain)]
  const waiting = [pool.acquire(found), pool.acquire(found), pool.acquire(plain)]
  for (const lease of held) lease.release()
  const first = await Promise.all(waiting.slice(0, 2))
  assert.equal(pool.size, 2)
  for (const lease of first) lease.release()
  ;(await waiting[2]!).release()
  assert.equal(pool.size, 2)
})

describe('settings', () => {
  const server = { database: '`shop`', isMariadb: false }

  test('a change names what differs and puts back what is no longer set', () => {
    assert.deepEqual(settingsChange(undefined, strict, server), [
      "SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin', SESSION sql_mode = 'ANSI'",
    ])
    assert.deepEqual(settingsChange(strict.items, plain, server), ['SET SESSION sql_mode = DEFAULT'])
    assert.deepEqual(settingsChange(plain.items, plain, server), [])
  })

  test('what has a DEFAULT of its own is put back to what connections begin with', () => {
    const unchecked = makeSettings(new Map([...plain.items, ['foreign_key_checks', '0']]), USUAL_KIND)
    assert.deepEqual(settingsChange(unchecked.items, plain, server), [
      'SET SESSION foreign_key_checks = @@GLOBAL.foreign_key_checks',
    ])
  })

  test('what SET NAMES has set is put back by SET NAMES', () => {
    const own = makeSettings(new Map(), USUAL_KIND)
    assert.deepEqual(settingsChange(strict.items, own, server), [
      'SET NAMES DEFAULT, SESSION sql_mode = DEFAULT',
    ])
    const results = makeSettings(new Map([...plain.items, ['character_set_results', 'NULL']]), USUAL_KIND)
    const [names] = settingsChange(undefined, plain, server)
    assert.deepEqual(settingsChange(results.items, plain, server), [names])
    assert.deepEqual(settingsChange(undefined, results, server), [
      `${names}, SESSION character_set_results = NULL`,
    ])
  })

  test('a character set of wide characters is left before anything else is set', () => {
    const wide = makeSettings(
      new Map([
        ...plain.items,
        ['collation_connection', "'ucs2_general_ci'"],
        ['sql_mode', "'ANSI,TRADITIONAL'"],
      ]),
      USUAL_KIND,
    )
    const [names] = settingsChange(undefined, plain, server)
    assert.deepEqual(settingsChange(wide.items, plain, server), [
      'SET NAMES utf8mb4',
      `${names}, SESSION sql_mode = DEFAULT`,
    ])
    const own = makeSettings(new Map(), USUAL_KIND)
    assert.deepEqual(settingsChange(wide.items, own, server), [
      'SET NAMES utf8mb4',
      'SET NAMES DEFAULT, SESSION sql_mode = DEFAULT',
    ])
  })

  test("a system schema is used, and left for the shard's own database", () => {
    const system = makeSettings(new Map([...plain.items, [DATABASE, '`mysql`']]), USUAL_KIND)
    assert.deepEqual(settingsChange(plain.items, system, server), ['USE `mysql`'])
    assert.deepEqual(settingsChange(system.items, plain, server), ['USE `shop`'])
  })

  test('the isolation level goes back to the default under the name that the server has for it', () => {
    const serializable = makeSettings(new Map([...plain.items, [ISOLATION, 'SERIALIZABLE']]), USUAL_KIND)
    assert.deepEqual(settingsChange(plain.items, serializable, server), [
      'SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    ])
    assert.deepEqual(settingsChange(serializable.items, plain, { ...server, isMariadb: true }), [
      'SET SESSION tx_isolation = DEFAULT',
    ])
  })

  test('keys are equal only for equal settings', () => {
    const a = makeSettings(
      new Map([
        ['a', "'b'"],
        ['c', "'d'"],
      ]),
      USUAL_KIND,
    )
    const b = makeSettings(
      new Map([
        ['c', "'d'"],
        ['a', "'b'"],
      ]),
      USUAL_KIND,
    )
    assert.equal(a.key, b.key)
    assert.notEqual(plain.key, found.key)
  })
})

test('an idle connection with equal settings is handed out again, without a word to the server', async () => {
  const { pool, told, made } = poolOf()
  const first = await pool.acquire(plain)
  first.release()
  told.length = 0
  assert.equal(pool.take(plain), first)
  assert.equal(pool.take(plain), undefined)
  assert.deepEqual([told, made.length, pool.outstanding], [[], 1, 1])
})

test('a full pool changes the settings of an idle connection', async () => {
  const { pool, told, made } = poolOf({ connectionsMax: 1 })
  ;(await pool.acquire(plain)).release()
  told.length = 0
  const changed = await pool.acquire(strict)
  assert.deepEqual(
    [told, made.length, changed.settingsKey],
    [["SET SESSION sql_mode = 'ANSI'"], 1, strict.key],
  )
})

test('CLIENT_FOUND_ROWS cannot be changed: the idle connection gives way to a new one', async () => {
  const { pool, made, sockets } = poolOf({ connectionsMax: 1 })
  ;(await pool.acquire(plain)).release()
  await pool.acquire(found)
  assert.deepEqual([made.length, sockets[0]!.destroyed, pool.size], [2, true, 1])
})

test('requests wait in order, for a bounded time, and no more than fit', async () => {
  const { pool, clock } = poolOf()
  const [a] = [await pool.acquire(plain), await pool.acquire(plain)]
  const order: string[] = []
  const first = pool.acquire(plain).then(() => order.push('first'))
  const second = pool.acquire(plain).catch((error) => order.push(error.code))
  await assert.rejects(pool.acquire(plain), { code: 'ER_TOO_MANY_USER_CONNECTIONS' })
  a.release()
  await first
  await clock.advance(1_000)
  await second
  assert.deepEqual([order, pool.waiting], [['first', 'ER_TOO_MANY_USER_CONNECTIONS'], 0])
})

test('a connection that is lost while handed out makes room for a waiter', async () => {
  const { pool, made } = poolOf({ connectionsMax: 1 })
  const only = await pool.acquire(plain)
  const waiting = pool.acquire(plain)
  only.discard()
  assert.notEqual(await waiting, only)
  assert.deepEqual([made.length, pool.size], [2, 1])
})

test('a server that writes to an idle connection (error 4031) loses it: it is never handed out', async () => {
  const { pool, sockets } = poolOf()
  ;(await pool.acquire(plain)).release()
  sockets[0]!.emit('data', rawPacket('ffbf0f23485930303062796521', 0))
  assert.deepEqual([pool.take(plain), pool.size, pool.idle], [undefined, 0, 0])
})

test('a connection that comes back in mid-answer is closed', async () => {
  const { pool, sockets } = poolOf()
  const connection = await pool.acquire(plain)
  ask(connection)
  connection.release()
  assert.deepEqual([sockets[0]!.destroyed, pool.size, pool.idle], [true, 0, 0])
})

test('giving a connection back twice is a bug that is noticed, not two sessions on one connection', async () => {
  const { pool } = poolOf()
  const connection = await pool.acquire(plain)
  connection.release()
  assert.throws(() => connection.release(), /given back once/)
})

test('a failed connect is told to its request, and the place is free again', async () => {
  const { pool, refuseConnections } = poolOf({ connectionsMax: 1 })
  refuseConnections(new Error('refused'))
  await assert.rejects(pool.acquire(plain), /refused/)
  refuseConnections(undefined)
  await pool.acquire(plain)
  assert.equal(pool.size, 1)
})

test('whoever is failed is counted: by connections that cannot be made or are lost, and answers that came too late', async () => {
  const { pool, sockets, outcomes, refuseConnections } = poolOf()
  const good = await pool.acquire(plain)
  good.release()
  const late = await pool.acquire(plain)
  late.hasRunLate = true
  late.release()
  const again = await pool.acquire(plain)
  again.release()
  assert.deepEqual(outcomes.splice(0), [true, false, true])
  sockets[0]!.emit('close') // idle
  assert.deepEqual(outcomes, [])
  await pool.acquire(plain)
  sockets[1]!.emit('close')
  assert.deepEqual(outcomes, [false])
  refuseConnections(new Error('Too many connections'))
  await assert.rejects(pool.acquire(plain))
  assert.deepEqual(outcomes, [false, false])
})

test('a server is looked at when it cannot be reached and when it has lost a connection that was in use, not else', async () => {
  const { pool, sockets, lost, refuseConnections } = poolOf()
  const [inUse, idle] = [await pool.acquire(plain), await pool.acquire(plain)]
  idle.release()
  sockets[1]!.emit('close')
  assert.deepEqual(lost, [])
  sockets[0]!.emit('close')
  assert.equal(inUse.connection.state, 'closed')
  assert.deepEqual(lost, [2])
  const own = await pool.acquire(plain)
  own.discard()
  assert.deepEqual(lost, [2])
  refuseConnections(new ServerError({ errno: 1040, sqlState: '08004', message: 'Too many connections' }))
  await assert.rejects(pool.acquire(plain), /Too many/)
  assert.deepEqual(lost, [2])
  refuseConnections(new Error('refused'))
  await assert.rejects(pool.acquire(plain), /refused/)
  assert.deepEqual(lost, [2, 3])
})

test('connections that idled too long are closed, those in use are not', async () => {
  const { pool, clock } = poolOf()
  const [kept, idle] = [await pool.acquire(plain), await pool.acquire(plain)]
  idle.release()
  await clock.advance(90_000)
  assert.deepEqual([kept.connection.state, idle.connection.state, pool.size], ['idle', 'closed', 1])
})

test('closing refuses waiters and closes what is idle now, what is in use when it comes back', async () => {
  const { pool } = poolOf()
  const [inUse, idle] = [await pool.acquire(plain), await pool.acquire(strict)]
  const waiting = assert.rejects(pool.acquire(plain), { code: 'CR_SERVER_LOST' })
  pool.close()
  await waiting
  assert.equal(inUse.connection.state, 'idle')
  inUse.release()
  idle.release()
  assert.deepEqual([inUse.connection.state, idle.connection.state], ['closed', 'closed'])
})

test('the most urgent are served first, and of a full queue the least urgent gives way', async () => {
  const { pool } = poolOf({ connectionsMax: 1 })
  const only = await pool.acquire(plain)
  const order: string[] = []
  const ask = (who: string, priority?: number) =>
    pool.acquire(plain, { signal: new AbortController().signal, priority }).then(
      (lease) => {
        order.push(who)
        lease.release()
      },
      (error) => order.push(`${who}: ${error.errno}`),
    )
  const asked = [ask('usual'), ask('urgent', 10), ask('more urgent', 0)]
  await assert.rejects(pool.acquire(plain), { errno: 1203, message: /pool\.waiters/ })
  only.release()
  await Promise.all(asked)
  assert.deepEqual([order, pool.shed], [['usual: 1203', 'more urgent', 'urgent'], 1])
})

test('a standing queue is shed, the least urgent first, and a burst is not', async () => {
  const { pool, clock } = poolOf({
    connectionsMax: 1,
    waitersMax: 100,
    shedAfterMs: 200,
    waitTimeoutMs: 9_000,
  })
  let only = await pool.acquire(plain)
  const shed: number[] = []
  const priorities = [0, 50, 100] as const
  const ask = (priority: number) =>
    pool.acquire(plain, { signal: new AbortController().signal, priority }).then(
      (lease) => {
        only = lease
      },
      ({ errno, message }) => {
        assert.match(message, /pool\.shed_after/)
        assert.equal(errno, 1203)
        shed.push(priority)
      },
    )
  const asked = Array.from({ length: 20 }, (_, i) => ask(priorities[i % 3]!))
  for (let i = 0; i < 3; i++) {
    await clock.advance(100)
    only.release()
    await settle()
  }
  assert.deepEqual(shed, [])
  while (pool.waiting > 0) {
    await clock.advance(100)
    only.release()
    await settle()
  }
  await Promise.all(asked)
  assert.equal(shed.length > 2, true)
  assert.equal(
    shed.some((priority) => priority === 0),
    false,
  )
  assert.deepEqual(
    shed,
    [...shed].sort((a, b) => b - a),
  )
})

test('a server to which no connection can be made is left alone for longer and longer', async () => {
  const { pool, clock, lost, refuseConnections } = poolOf()
  refuseConnections(new Error('refused'))
  for (let i = 0; i < 3; i++) await assert.rejects(pool.acquire(plain), { message: 'refused' })
  await assert.rejects(pool.acquire(plain), { errno: 2013, message: /refused .* 3 attempts have failed/ })
  assert.equal(lost.length, 3)
  await clock.advance(100)
  await assert.rejects(pool.acquire(plain), { message: 'refused' })
  await clock.advance(90)
  await assert.rejects(pool.acquire(plain), { message: /4 attempts/ })
  await clock.advance(200)
  // One tries, and the others wait for what becomes of it.
  const failing = [pool.acquire(plain), pool.acquire(plain)]
  await assert.rejects(failing[0]!, { message: 'refused' })
  await assert.rejects(failing[1]!, { message: /5 attempts/ })
  await clock.advance(400)
  refuseConnections(undefined)
  const [first, second] = [pool.acquire(plain), pool.acquire(plain)]
  ;(await first).release()
  await Promise.all([second, pool.acquire(plain)])
})

test('a server that has come back is not left alone any longer', async () => {
  const { pool, refuseConnections } = poolOf()
  refuseConnections(new Error('refused'))
  for (let i = 0; i < 3; i++) await assert.rejects(pool.acquire(plain), { message: 'refused' })
  refuseConnections(undefined)
  await assert.rejects(pool.acquire(plain), { message: /3 attempts/ })
  pool.serverIsBack()
  ;(await pool.acquire(plain)).release()
})

test('nor one that answers health checks, but for what it said itself', async () => {
  const { pool, refuseConnections } = poolOf()
  const fail = async (error: Error) => {
    refuseConnections(error)
    for (let i = 0; i < 3; i++) await assert.rejects(pool.acquire(plain), { message: error.message })
    refuseConnections(undefined)
    pool.serverAnswers()
  }
  await fail(new Error('reset'))
  ;(await pool.acquire(plain)).discard()
  await fail(new ServerError({ errno: 1040, sqlState: '08004', message: 'Too many connections' }))
  await assert.rejects(pool.acquire(plain), { message: /3 attempts/ })
})

test('with connections that live requests wait for these while no others can be made', async () => {
  const { pool, refuseConnections } = poolOf()
  const only = await pool.acquire(plain)
  refuseConnections(new ServerError({ errno: 1040, sqlState: '08004', message: 'Too many connections' }))
  for (let i = 0; i < 3; i++) await assert.rejects(pool.acquire(plain), { errno: 1040 })
  const waiting = pool.acquire(plain)
  only.release()
  assert.equal(await waiting, only)
})

test('connections of a certain age are closed when nobody has them, not all at once', async () => {
  const { pool, clock } = poolOf({ connectionsMax: 10, ageMaxMs: 10_000 })
  const leases = await Promise.all(Array.from({ length: 10 }, () => pool.acquire(plain)))
  for (const lease of leases.slice(1)) lease.release()
  await clock.advance(7_000)
  assert.equal(pool.size, 10)
  await clock.advance(6_000)
  assert.deepEqual([pool.size, leases[0]!.connection.state], [1, 'idle'])
  leases[0]!.release()
  assert.equal(pool.size, 0)
})

test('connections are made ahead to a healthy tablet, and again after they have idled out', async () => {
  const { pool, clock, health, told } = poolOf({ connectionsMax: 10, prefill: 9 })
  await clock.advance(1_000)
  assert.equal(pool.size, 0)
  Object.assign(health, { state: 'healthy' })
  await clock.advance(1_000)
  assert.equal(pool.idle, 8)
  await clock.advance(1_000)
  assert.equal(pool.idle, 9)
  told.length = 0
  const full = await Promise.all([pool.acquire(plain), pool.acquire(plain)])
  assert.deepEqual([pool.size, told.length], [10, 2])
  for (const lease of full) lease.release()
  await clock.advance(90_000)
  assert.equal(pool.size, 9)
})
