import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type mysql from 'mysql2/promise'
import { test } from 'vitest'
import { type Deferred, deferred } from '../../../src/base/deferred.ts'
import { ControlConnections } from '../../../src/tablet/control-connections.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

class FakeConnection extends EventEmitter {
  destroyed = false
  destroy(): void {
    this.destroyed = true
  }
}

function control() {
  const clock = new ManualClock()
  const opened: FakeConnection[] = []
  const connections = new ControlConnections(
    'zone1-0000000001 (db:3306)',
    {
      open: async () => {
        const connection = new FakeConnection()
        opened.push(connection)
        return connection as unknown as mysql.Connection
      },
      connectionsMax: 2,
    },
    clock,
  )
  /** Commands that the test ends. */
  const started: Deferred<string>[] = []
  const run = (timeoutMs = 1_000) =>
    connections.run(() => {
      const command = deferred<string>()
      started.push(command)
      return command.promise
    }, timeoutMs)
  return { clock, connections, opened, started, run }
}

test('a hundred commands share two connections, in order', async () => {
  const { opened, started, run } = control()
  const done: number[] = []
  const all = Array.from({ length: 100 }, (_, i) => run().then(() => done.push(i)))
  for (let i = 0; i < 100; i++) {
    await settle()
    started[i]!.resolve('done')
  }
  await Promise.all(all)
  assert.deepEqual([opened.length, done.length, done[0], done[99]], [2, 100, 0, 99])
})

test('an error of the server is told, and the connection is as good as before', async () => {
  const { opened, started, run } = control()
  const failing = run()
  await settle()
  started[0]!.reject(Object.assign(new Error('Unknown thread id: 7'), { errno: 1094, sqlState: 'HY000' }))
  await assert.rejects(failing, /Unknown thread/)
  await settle()
  const next = run()
  await settle()
  started[1]!.resolve('ok')
  assert.equal(await next, 'ok')
  assert.equal(opened.length, 1)
})

test('a server that does not answer costs its time, the connection, and nobody behind it more', async () => {
  const { clock, opened, started, run } = control()
  const first = [run(), run()].map((command) => assert.rejects(command, /did not answer within 1000 ms/))
  const waiting = assert.rejects(run(500), /did not answer within 500 ms/)
  const last = run(60_000)
  await settle()
  await clock.advance(1_000)
  await Promise.all([...first, waiting])
  assert.deepEqual(
    opened.map(({ destroyed }) => destroyed),
    [true, true, false],
  )
  started[2]!.resolve('ok')
  assert.equal(await last, 'ok')
})

test('a connection that is lost while idle is not used again, and idle ones are closed after a while', async () => {
  const { clock, opened, started, run } = control()
  for (const at of [0, 1]) {
    const command = run()
    await settle()
    started[at]!.resolve('ok')
    await command
    await settle()
    if (at === 0) opened[0]!.emit('error', new Error('gone'))
  }
  assert.deepEqual([opened.length, opened[1]!.destroyed], [2, false])
  await clock.advance(30_000)
  assert.equal(opened[1]!.destroyed, true)
})

test('a command that finds its connection lost while idle is done on a new one, once', async () => {
  const { opened, started, run } = control()
  const first = run()
  await settle()
  started[0]!.resolve('ok')
  await first
  await settle()
  const [again, failing] = [run(), run()]
  await settle()
  started[1]!.reject(new Error('This socket has been ended by the other party'))
  await settle()
  started[2]!.reject(new Error('no connection'))
  await assert.rejects(failing, /no connection/)
  await settle()
  started[3]!.resolve('done')
  assert.equal(await again, 'done')
  assert.deepEqual(
    opened.map(({ destroyed }) => destroyed),
    [true, true, false],
  )
})

test('closing refuses whoever waits', async () => {
  const { connections, run } = control()
  const running = [run(), run()]
  const waiting = assert.rejects(run(), /was removed/)
  connections.close()
  await waiting
  for (const command of running) command.catch(() => {})
})

test('when it is closed, what is at work fails at once, and its connection is closed', async () => {
  const { connections, opened, run } = control()
  const command = run(30_000)
  await settle()
  connections.close()
  await assert.rejects(command, /was removed/)
  assert.equal(opened[0]!.destroyed, true)
})
