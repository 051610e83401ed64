import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo } from '../support/fault-cluster.ts'
import { type ReplicatedCluster, startReplicated } from './failover/replicated.ts'
import {
  alarms,
  during,
  expectAllThere,
  expectWholeTransfers,
  ON_80,
  openAccounts,
} from './failover/under-load.ts'

/** Clients write and read while a shard's primary is lost or replaced: they see slow seconds, not errors. */
onEachServer((server) => {
  describe('the primary is whoever takes writes', () => {
    let shards: ReplicatedCluster
    beforeEach(async () => {
      shards = await startReplicated(server, { primary: 'discover' })
      await openAccounts(shards)
    }, 120_000)
    afterEach(() => shards?.close())

    test('killed, and its replica promoted by somebody', async () => {
      const told = await during(shards, async () => {
        await shards.kill('primary')
        await shards.promote('replica1')
      })
      await expectAllThere(shards, told)
    }, 60_000)

    test('made read-only, and its replica promoted when it has everything', async () => {
      const told = await during(
        shards,
        async () => {
          await shards.handOver()
        },
        'twopc',
      )
      expect([...told.unknown]).toEqual([])
      await expectAllThere(shards, told)
      await expectWholeTransfers(shards)
    }, 60_000)

    test('killed, and back as it was before: its successor stays the primary', async () => {
      const told = await during(shards, async () => {
        await shards.kill('primary')
        await shards.promote('replica1')
        await eventually('it has been found', () =>
          shards.proxy.complaints.some(({ message }) => message === 'a shard has another primary'),
        )
        await shards.restart('primary') // as its configuration says: writable
      })
      await expectAllThere(shards, told)
      await eventually('somebody is told', () =>
        alarms(shards).some((reason) => /was the primary before/.test(reason)),
      )
      expect(await shards.ask('primary', 'SELECT COUNT(*) AS n FROM main.entries WHERE writer < 0')).toEqual([
        { n: 0 },
      ])
    }, 60_000)

    test('of two that take writes neither gets any, until one of them is read-only', async () => {
      const client = await connectTo(shards.proxy)
      await shards.ask('replica1', 'SET GLOBAL read_only = 0')
      await eventually('somebody is told', () =>
        alarms(shards).some((reason) => /none of them gets any/.test(reason)),
      )
      const waiting = client.query(`INSERT INTO entries (id, writer) VALUES (${ON_80}, -1)`)
      const early = await Promise.race([
        waiting,
        new Promise((resolve) => setTimeout(resolve, 1_000, 'waits')),
      ])
      expect(early).toBe('waits')
      for (const of of ['primary', 'replica1'] as const)
        expect(await shards.ask(of, 'SELECT COUNT(*) AS n FROM main.entries')).toEqual([{ n: 0 }])
      await shards.ask('replica1', 'SET GLOBAL read_only = 1')
      expect((await waiting)[0]).toMatchObject({ kind: 'ok', affectedRows: 1 })
      client.destroy()
    }, 60_000)

    test('or until the topology says which', async () => {
      const client = await connectTo(shards.proxy)
      await shards.ask('replica1', 'SET GLOBAL read_only = 0')
      await eventually('somebody is told', () =>
        alarms(shards).some((reason) => /none of them gets any/.test(reason)),
      )
      const waiting = client.query(`INSERT INTO entries (id, writer) VALUES (${ON_80}, -1)`)
      await shards.admin.setPrimary(shards.aliasOf('primary'))
      expect((await waiting)[0]).toMatchObject({ kind: 'ok', affectedRows: 1 })
      expect(await shards.ask('primary', 'SELECT COUNT(*) AS n FROM main.entries')).toEqual([{ n: 1 }])
      client.destroy()
    }, 60_000)

    test('stopped without a word, and its replica promoted', async () => {
      const told = await during(shards, async () => {
        await shards.pause('primary')
        await shards.promote('replica1')
      })
      await expectAllThere(shards, told)
    }, 60_000)
  })

  describe('the primary is whom the topology names', () => {
    let shards: ReplicatedCluster
    beforeEach(async () => {
      shards = await startReplicated(server, { primary: 'topology' })
      await openAccounts(shards)
    }, 120_000)
    afterEach(() => shards?.close())

    test('killed, and another named', async () => {
      const told = await during(shards, async () => {
        await shards.kill('primary')
        await shards.promote('replica1')
        await shards.admin.setPrimary(shards.aliasOf('replica1'))
      })
      await expectAllThere(shards, told)
    }, 60_000)

    test('killed and restarted: its statements wait for it', async () => {
      const told = await during(shards, async () => {
        await shards.kill('primary')
        await shards.restart('primary')
      })
      await expectAllThere(shards, told)
    }, 60_000)

    test('a replica that is lost while it is read is no primary: nothing waits for it', async () => {
      const reading = await connectTo(shards.proxy, { database: 'main@replica' })
      await reading.query('SELECT COUNT(*) FROM accounts')
      await shards.kill('replica1')
      const [told] = await reading.query('SELECT COUNT(*) FROM accounts')
      expect(told).toMatchObject({ kind: 'error', message: /no healthy tablet available/ })
      reading.destroy()
    }, 60_000)
  })
})
