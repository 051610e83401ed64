import { describe, expect, test } from 'vitest'
import { type TabletHealth, UNKNOWN_HEALTH } from '../../../src/tablet/health.ts'
import {
  channelOf,
  heartbeatQuestion,
  isCutOff,
  type ReplicationAnswers,
  type Row,
  replicationFacts,
  takesNoWrites,
} from '../../../src/tablet/replication-facts.ts'
import { tabletState } from '../../../src/tablet/tablet-state.ts'
import type { Tablet } from '../../../src/topology/records.ts'

function factsOf(answers: Partial<ReplicationAnswers>) {
  return replicationFacts({
    status: undefined,
    group: undefined,
    aurora: undefined,
    heartbeat: undefined,
    ...answers,
  })
}

const STATUS: Row = {
  Source_Host: 'db1',
  Source_Port: 3306,
  Replica_IO_Running: 'Yes',
  Replica_SQL_Running: 'Yes',
  Seconds_Behind_Source: 3,
  Last_Error: '',
  Channel_Name: '',
}
const MEMBER: Row = { state: 'ONLINE', role: 'SECONDARY', members: 3, lost: 0, lag_us: null }

describe('how far a server is behind', () => {
  const cases: readonly [string, Partial<ReplicationAnswers>, number | undefined][] = [
    ['one that does not replicate', {}, undefined],
    ['by its status', { status: STATUS }, 3],
    ['by that of MariaDB', { status: { Master_Host: 'a', Seconds_Behind_Master: 4 } }, 4],
    ['replication stands', { status: { ...STATUS, Seconds_Behind_Source: null } }, Number.POSITIVE_INFINITY],
    ['a heartbeat says better', { status: STATUS, heartbeat: { lag_us: 12_500_000 } }, 12.5],
    ['a clock that is behind is no lead', { status: STATUS, heartbeat: { lag_us: -50 } }, 0],
    ['nobody has written a heartbeat', { status: STATUS, heartbeat: { lag_us: null } }, 3],
    ['a heartbeat of one that does not replicate', { heartbeat: { lag_us: 1 } }, undefined],
    ['a member that applies nothing', { group: MEMBER }, 0],
    ['a member that applies what is old', { group: { ...MEMBER, lag_us: 2_000_000 } }, 2],
    ['the primary of a group', { group: { ...MEMBER, role: 'PRIMARY' } }, undefined],
    ['a reader of Aurora', { aurora: { session_id: 'a-b', lag_ms: 21.5 } }, 0.0215],
    ['the writer of Aurora', { aurora: { session_id: 'MASTER_SESSION_ID', lag_ms: 0 } }, undefined],
  ]
  for (const [why, answers, lagSeconds] of cases)
    test(why, () => expect(factsOf(answers).lagSeconds).toBe(lagSeconds))
})

test('the channels of a group are none that it follows by', () => {
  const own = [{ Channel_Name: 'group_replication_recovery' }, { Channel_Name: 'group_replication_applier' }]
  expect(channelOf(own)).toBeUndefined()
  expect(channelOf([...own, STATUS])).toBe(STATUS)
  expect(channelOf([{ Master_Host: 'of MariaDB' }])).toBeDefined()
})

describe('a member of a group', () => {
  const cases: readonly [string, Row, { isCutOff: boolean; takesNoWrites: boolean }][] = [
    ['online', MEMBER, { isCutOff: false, takesNoWrites: false }],
    ['recovering', { ...MEMBER, state: 'RECOVERING' }, { isCutOff: true, takesNoWrites: true }],
    ['in error', { ...MEMBER, state: 'ERROR' }, { isCutOff: true, takesNoWrites: true }],
    ['that has left, by itself', { ...MEMBER, state: 'OFFLINE' }, { isCutOff: true, takesNoWrites: false }],
    ['of a majority', { ...MEMBER, lost: 1 }, { isCutOff: false, takesNoWrites: false }],
    ['of a minority', { ...MEMBER, lost: 2 }, { isCutOff: true, takesNoWrites: true }],
    ['of a half', { ...MEMBER, members: 2, lost: 1 }, { isCutOff: true, takesNoWrites: true }],
  ]
  for (const [why, group, expected] of cases)
    test(why, () => {
      const facts = factsOf({ group })
      expect({ isCutOff: isCutOff(facts), takesNoWrites: takesNoWrites(facts) }).toEqual(expected)
    })

  test('that follows another server, too, has it from there', () => {
    expect(isCutOff(factsOf({ group: { ...MEMBER, state: 'OFFLINE' }, status: STATUS }))).toBe(false)
  })
})

test('names of heartbeat tables are quoted', () => {
  expect(heartbeatQuestion({ table: 'a`b.c d', isUtc: true })).toBe(
    'SELECT TIMESTAMPDIFF(MICROSECOND, MAX(ts), UTC_TIMESTAMP(6)) AS lag_us FROM `a``b`.`c d`',
  )
})

test('the state of a tablet', () => {
  const stateOf = (health: Partial<TabletHealth>, { isPrimary = false, draining = false } = {}) =>
    tabletState(
      { health: { ...UNKNOWN_HEALTH, state: 'healthy', ...health }, record: { draining } as Tablet },
      isPrimary,
      30,
    )
  expect(stateOf({ state: 'unknown' })).toBe('unknown')
  expect(stateOf({})).toBe('serving')
  expect([stateOf({ lagSeconds: 30 }), stateOf({ lagSeconds: 31 })]).toEqual(['serving', 'lagging'])
  expect(stateOf({ lagSeconds: 31 }, { draining: true })).toBe('draining')
  expect(stateOf({ lagSeconds: 31 }, { draining: true, isPrimary: true })).toBe('serving')
  expect(stateOf({ state: 'unreachable' }, { draining: true })).toBe('not serving')
  expect(stateOf({ group: { state: 'ERROR', role: 'SECONDARY', hasMajority: true } })).toBe('not serving')
})
