import assert from 'node:assert/strict'
import { test } from 'vitest'
import { type ServingState, servingState } from '../../../src/cli/serving-state.ts'
import { watchServing } from '../../../src/cli/watch-serving.ts'
import { SqlError } from '../../../src/errors/sql-error.ts'
import type { KeyspaceShards } from '../../../src/tablet/keyspace-shards.ts'
import type { ServingTablet } from '../../../src/tablet/serving-tablet.ts'
import { type Logger, silentLogger } from '../../../src/telemetry/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function keyspace(name: string, problem?: string): KeyspaceShards {
  return {
    keyspace: name,
    ranges: [],
    shards: [],
    ...(problem && { problem: new SqlError('ER_UNKNOWN_ERROR', problem) }),
  }
}

function tablet(keyspaceName: string, lastError = ''): ServingTablet {
  const state = lastError === '' ? 'healthy' : 'unreachable'
  return {
    name: `zone1-1 (db:3306)`,
    record: { keyspace: keyspaceName, shard: '0' },
    health: { state, lastError },
  } as ServingTablet
}

function stateOf(keyspaces: readonly KeyspaceShards[], tablets: readonly ServingTablet[]): ServingState {
  return servingState({
    keyspaces: new Map(keyspaces.map((k) => [k.keyspace, k])),
    tablets,
    primaries: [],
  })
}

test('a keyspace with a gap is told; others are served all the same', () => {
  const gap = keyspace('shop', 'no shard holds the ids between -80 and 90-')
  assert.deepEqual(stateOf([gap, keyspace('lookup')], [tablet('lookup')]), {
    isServing: true,
    problems: [{ what: 'keyspace shop', reason: 'no shard holds the ids between -80 and 90-' }],
  })
  assert.equal(stateOf([gap], [tablet('shop')]).isServing, false)
})

test('without a tablet that answers nothing is served, and each is named', () => {
  assert.deepEqual(stateOf([keyspace('shop')], [tablet('shop', 'Access denied')]), {
    isServing: false,
    problems: [{ what: 'tablet zone1-1 (db:3306) of shop/0', reason: 'Access denied' }],
  })
  assert.equal(stateOf([], []).isServing, true)
})

test('a trouble is an error once, its looks are counted, its end is told', async () => {
  const lines: string[] = []
  const tell = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const logger: Logger = { ...silentLogger, error: tell('error'), info: tell('info') }
  const clock = new ManualClock()
  let state: ServingState = { isServing: false, problems: [{ what: 'tablet a', reason: 'away' }] }
  const stop = watchServing(() => state, { clock, logger })
  await clock.advance(3_000)
  state = { isServing: true, problems: [] }
  await clock.advance(3_000)
  stop()
  assert.deepEqual(lines, [
    'error in the way of serving {"what":"tablet a","reason":"away"}',
    'error in the way of serving {"what":"tablet a","reason":"away","repeated":3}',
    'info no longer in the way of serving {"what":"tablet a"}',
  ])
})

test('a shard that needs somebody is told, and one without a primary; of one whose primary is down its tablet tells', () => {
  const shard = (name: string, more: { trouble?: string; alarm?: string; endpoint?: ServingTablet }) => ({
    name,
    endpoint: more.endpoint,
    trouble: more.trouble,
    alarm: more.alarm,
  })
  const state = servingState({
    keyspaces: new Map([['shop', keyspace('shop')]]),
    tablets: [tablet('shop')],
    primaries: [
      shard('shop/-40', { endpoint: tablet('shop') }),
      shard('shop/40-80', { trouble: 'the topology names no primary' }),
      shard('shop/80-c0', { trouble: 'cannot be reached', endpoint: tablet('shop') }),
      shard('shop/c0-', { alarm: 'a and b take writes', trouble: 'a and b take writes' }),
    ],
  })
  assert.deepEqual(state.problems, [
    { what: 'shard shop/40-80', reason: 'the topology names no primary' },
    { what: 'shard shop/c0-', reason: 'a and b take writes' },
  ])
})
