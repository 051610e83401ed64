import assert from 'node:assert/strict'
import { test } from 'vitest'
import { deferred } from '../../../src/base/deferred.ts'
import type { Gateway } from '../../../src/tablet/gateway.ts'
import { SchemaTracker } from '../../../src/tablet/schema-tracker.ts'
import { silentLogger } from '../../../src/telemetry/log.ts'
import { ManualClock, settle } from '../../support/manual-clock.ts'

/** A keyspace whose reads are answered by the test, in whatever order. */
function tracked() {
  const reads: { answer(tables: readonly string[]): void; fail(): void }[] = []
  const connection = {
    query: async (sql: string) => {
      if (!sql.includes('COLUMNS')) return [[]]
      const read = deferred<readonly string[]>()
      reads.push({ answer: read.resolve, fail: () => read.reject(new Error('gone')) })
      const tables = await read.promise
      return [
        tables.map((table) => ({
          TABLE_NAME: table,
          COLUMN_NAME: 'id',
          DATA_TYPE: 'int',
          COLUMN_TYPE: 'int(11)',
          IS_NULLABLE: 'NO',
        })),
      ]
    },
  }
  const gateway = {
    keyspaces: new Map([['shop', {}]]),
    shardsOf: () => ({ shards: [{ database: 'shop', targets: {} }] }),
    control: (_target: unknown, work: (on: typeof connection) => unknown) => work(connection),
  }
  const clock = new ManualClock()
  const tracker = new SchemaTracker(gateway as unknown as Gateway, clock, silentLogger, () => {})
  return { tracker, reads, clock }
}

test('a read that began earlier does not replace what a later one has found', async () => {
  const { tracker, reads } = tracked()
  const slow = tracker.refresh('shop')
  const afterDdl = tracker.refresh('shop')
  await settle()
  reads[1]!.answer(['old', 'created'])
  await afterDdl
  reads[0]!.answer(['old'])
  await slow
  assert.deepEqual([...tracker.tablesOf('shop')], ['old', 'created'])
})

test('starting waits until every keyspace has been read, and tries again until then', async () => {
  const { tracker, reads, clock } = tracked()
  let started = false
  const starting = tracker.start().then(() => {
    started = true
  })
  await settle()
  reads[0]!.fail()
  await settle()
  await clock.advance(249)
  assert.deepEqual([reads.length, started], [1, false])
  await clock.advance(1)
  reads[1]!.answer(['t'])
  await starting
  assert.deepEqual([...tracker.tablesOf('shop')], ['t'])
  tracker.close()
})
