import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { REPARENT_STEPS, type ReparentStep } from '../../src/reparent/shard-reparent.ts'
import { onEachServer } from '../support/each-server.ts'
import { eventually } from '../support/eventually.ts'
import { connectTo } from '../support/fault-cluster.ts'
import type { Told } from './failover/ledger.ts'
import { expectAllThere, openAccounts, during as underLoad } from './failover/under-load.ts'
import { type Actor, Managed } from './reparent/managed.ts'

/** Runs of each; with it, all steps are killed at, and figures printed. CI has one run and the steps that differ most. */
const FIGURES = process.env['REPARENT_FIGURES']
const RUNS = Number(FIGURES ?? 1)
const runs = Array.from({ length: RUNS }, (_, i) => i + 1)

const PLANNED: readonly ReparentStep[] = REPARENT_STEPS.filter(
  (step) => !['receivers stopped', 'chosen', 'repointed'].includes(step), // behind the last nothing is left to do
)
const EMERGENCY: readonly ReparentStep[] = REPARENT_STEPS.filter(
  (step) => step !== 'read-only' && step !== 'caught up',
)
const plannedSteps = FIGURES === undefined ? (['caught up', 'writable'] as const) : PLANNED
const emergencySteps = FIGURES === undefined ? (['receivers stopped', 'writable'] as const) : EMERGENCY

onEachServer((server) => {
  describe('a planned change of primary, under load', () => {
    let shard: Managed
    const pausesMs: number[] = []
    beforeAll(async () => {
      shard = await Managed.start(server, 'semi_sync')
      await openAccounts(shard)
    }, 120_000)
    afterAll(async () => {
      tellFigures(`${server}, planned: slowest statement of 16 clients, ms`, pausesMs)
      await shard?.close()
    })

    test.each(runs)(
      'clients see no error and less than a second without writes (run %i)',
      async () => {
        const told = await during(shard, async () => {
          const { ended, stop } = shard.planned()
          expect(await ended).toMatch(/is the primary, planned/)
          await stop()
        })
        pausesMs.push(told.slowestMs)
        expect([...told.unknown]).toEqual([])
        await shard.settled()
        await expectAllThere(shard, told)
      },
      60_000,
    )

    test.each(plannedSteps)(
      'whoever does it is killed at: %s; the same command ends it',
      async (step) => {
        const before = await shard.primary()
        const told = await during(shard, async () => {
          const killed = killedAt(step)
          const first = shard.planned(undefined, killed.onStep)
          killed.of(first)
          await killed.reached
          const second = shard.planned()
          await second.ended
          // The first wakes up, long past its lease: it must not do anything.
          const [primary, events] = [await shard.primary(), await shard.events()]
          killed.wake()
          await expect(first.ended).rejects.toThrow(/lease|leadership/)
          expect(await shard.primary()).toBe(primary)
          expect(await shard.events()).toEqual(events)
          for (const actor of [first, second]) await actor.stop()
        })
        const events = await shard.events()
        expect(events.some((text) => /that ctl began at .* is (?:undone|finished)/.test(text))).toBe(
          step !== 'repointed',
        )
        expect(await shard.primary()).not.toBe(before)
        await shard.settled()
        await expectAllThere(shard, told)
      },
      60_000,
    )

    test('a replica that cannot catch up: the old primary takes writes again', async () => {
      const before = await shard.primary()
      const [to] = await shard.replicas()
      const { ended, stop } = shard.planned(to, async (step) => {
        // It has everything so far; what comes now waits behind a lock.
        if (step !== 'recorded') return
        await shard.stopApplier(to!)
        const client = await connectTo(shard.proxy)
        await client.query('INSERT INTO entries (id, writer) VALUES (-1, -1)')
        client.destroy()
      })
      await expect(ended).rejects.toThrow(/undone: .* takes writes, as before/)
      await stop()
      expect(await shard.primary()).toBe(before)
      await shard.settled(before)
    }, 60_000)
  })

  describe('a primary that is lost', () => {
    let shard: Managed
    const outagesMs: number[] = []
    beforeEach(async () => {
      shard = await Managed.start(server, 'semi_sync')
      await openAccounts(shard)
    }, 120_000)
    afterEach(() => shard?.close())
    afterAll(() => tellFigures(`${server}, emergency: slowest statement of 16 clients, ms`, outagesMs))

    test.each(runs.flatMap((run) => [[run, 'killed'] as const, [run, 'stopped'] as const]))(
      'run %i: %s; a replica takes its place, and nothing acknowledged is lost',
      async (_run, how) => {
        const controllers = [shard.manage(), shard.manage()]
        await shard.isSemiSync()
        const lost = await shard.primary()
        const told = await during(shard, async () => {
          if (how === 'killed') await shard.kill(lost)
          else await shard.pause(lost)
          await eventually('another primary', async () => (await shard.primary()) !== lost, 30_000)
        })
        outagesMs.push(told.slowestMs)
        await expectAllThere(shard, told)
        // It comes back, and takes writes as far as it knows.
        if (how === 'killed') await shard.restart(lost)
        else shard.resume(lost)
        await eventually(
          'it is a replica, or needs repair',
          async () => (await shard.isFollowing(lost)) || (await shard.tablet(lost)).type === 'DRAINED',
          30_000,
        )
        expect(await shard.isWritable(lost)).toBe(false)
        await expectAllThere(shard, told)
        for (const controller of controllers) await controller.stop()
      },
      90_000,
    )

    test.each(emergencySteps)(
      'the controller is killed at: %s; another goes on',
      async (step) => {
        const killed = killedAt(step)
        const first = shard.manage({ onStep: killed.onStep })
        killed.of(first)
        await shard.isSemiSync()
        const lost = await shard.primary()
        let second: Actor | undefined
        const told = await during(shard, async () => {
          await shard.kill(lost)
          await killed.reached
          second = shard.manage()
          await eventually(
            'another primary, and nothing under way',
            async () =>
              (await shard.primary()) !== lost &&
              (await shard.events()).some((t) => /is the primary/.test(t)),
            30_000,
          )
          const primary = await shard.primary()
          killed.wake()
          await new Promise((resolve) => setTimeout(resolve, 500))
          expect(await shard.primary()).toBe(primary)
        })
        await expectAllThere(shard, told)
        const writable = await Promise.all(
          (await shard.replicas()).filter((a) => a !== lost).map((a) => shard.isWritable(a)),
        )
        expect(writable).toEqual([false])
        await first.stop()
        await second!.stop()
      },
      60_000,
    )

    test('it comes back with transactions that its successor has not: it needs repair', async () => {
      const first = shard.manage()
      await shard.isSemiSync()
      const lost = await shard.primary()
      await shard.kill(lost)
      await eventually('another primary', async () => (await shard.primary()) !== lost, 30_000)
      await first.stop()
      await shard.restart(lost)
      // Whom nobody but its like may kill on MySQL is not in the way.
      const superuser = await shard.root(lost)
      superuser.on('error', () => {}) // MariaDB has no such
      await superuser.query('INSERT INTO main.entries (id, writer) VALUES (-2, -2)')
      const second = shard.manage()
      await eventually('it is drained', async () => (await shard.tablet(lost)).type === 'DRAINED', 20_000)
      expect(await shard.isWritable(lost)).toBe(false)
      expect((await shard.tablet(lost)).tags?.['needs_repair']).toMatch(/transactions that .* has not: /)
      expect((await shard.events()).join('\n')).toMatch(
        /is made read-only: .*\n(.*\n)*.* is drained and needs repair: /,
      )
      superuser.destroy()
      await second.stop()
    }, 60_000)
  })
})

/** Somebody who stands still for ever at a step, and whose lease runs out. */
function killedAt(step: ReparentStep) {
  let actor: Actor | undefined
  let reach: () => void = () => {}
  let wake: () => void = () => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const woken = new Promise<void>((resolve) => {
    wake = resolve
  })
  return {
    of: (victim: Actor) => {
      actor = victim
    },
    reached,
    wake: () => {
      actor!.thaw()
      wake()
    },
    onStep: async (at: ReparentStep) => {
      if (at !== step) return
      actor!.freeze()
      reach()
      await woken
    },
  }
}

/** The shard's cluster serves several tests. */
async function during(shard: Managed, fault: () => Promise<void>): Promise<Told> {
  const client = await connectTo(shard.proxy)
  await client.query('DELETE FROM entries')
  client.destroy()
  return underLoad(shard, fault)
}

function tellFigures(what: string, figures: readonly number[]): void {
  if (FIGURES === undefined || figures.length === 0) return
  const sorted = figures.map(Math.round).sort((a, b) => a - b)
  const median = sorted[Math.floor(sorted.length / 2)]
  console.error(`${what}: median ${median}, worst ${sorted.at(-1)}, of ${sorted.length}: ${sorted.join(' ')}`)
}
