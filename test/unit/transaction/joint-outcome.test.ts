import { expect, test } from 'vitest'
import { branchOf, newJointId } from '../../../src/transaction/branch.ts'
import type { BranchState, Decisions } from '../../../src/transaction/decisions.ts'
import { jointOutcome } from '../../../src/transaction/joint-outcome.ts'
import { target } from './fake-shards.ts'

const id = newJointId()
const SHARDS = ['-40', '40-80', '80-'].map((name) => target(name))
/** Its server does not answer; the topology has no such shard. */
type Said = BranchState | 'silent' | 'gone'

function outcomeOf(said: readonly Said[]) {
  const stateOf: Decisions['stateOf'] = async ({ key }) => {
    const state = said[SHARDS.findIndex((shard) => shard.key === key)]!
    if (state === 'silent' || state === 'gone') throw new Error('no answer')
    return state
  }
  const participants = said.map((state, i) => ({
    shard: state === 'gone' ? undefined : SHARDS[i]!,
    branch: branchOf(id, SHARDS[i]!, i),
  }))
  return jointOutcome({ stateOf } as Decisions, participants)
}

test.each<[readonly Said[], string]>([
  [['prepared', 'prepared', 'prepared'], 'COMMIT'],
  [['prepared', 'committed', 'silent'], 'COMMIT'],
  // One whose row is forgotten looks rolled back: all have followed by then.
  [['committed', 'rolled back', 'prepared'], 'COMMIT'],
  [['prepared', 'rolled back', 'silent'], 'ROLLBACK'],
  [['prepared', 'rolled back', 'open'], 'ROLLBACK'],
  [['prepared', 'prepared', 'open'], 'open'],
  [['prepared', 'prepared', 'silent'], 'open'],
  [['prepared', 'prepared', 'gone'], 'open'],
  [[], 'open'],
])('branches that are %j: %s', async (said, how) => {
  expect((await outcomeOf(said)).how).toBe(how)
})

test('those that run are told apart from those that cannot be asked', async () => {
  const { running } = await outcomeOf(['prepared', 'open', 'silent'])
  expect(running.map(({ shard }) => shard!.shard)).toEqual(['40-80'])
})
