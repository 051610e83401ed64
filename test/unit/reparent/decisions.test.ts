import { describe, expect, test } from 'vitest'
import {
  chooseEmergency,
  choosePlanned,
  type EmergencyInput,
  type Seen,
} from '../../../src/reparent/candidate.ts'
import { type DiagnosisInput, diagnose, type Patient } from '../../../src/reparent/diagnosis.ts'
import { decideResumption } from '../../../src/reparent/resume.ts'
import type { ServerState } from '../../../src/reparent/server-state.ts'
import type { ReparentWork } from '../../../src/topology/reparent-work.ts'

const A = 'aaaaaaaa-0000-0000-0000-000000000000'
const B = 'bbbbbbbb-0000-0000-0000-000000000000'

function state(
  more: Partial<ServerState> & { readonly receiver?: string; readonly source?: string } = {},
): ServerState {
  const { receiver = 'Yes', source = 'p:3306', ...rest } = more
  return {
    version: '9.7.0',
    isReadOnly: true,
    history: `${A}:1-10`,
    unfit: '',
    replication: { source, receiver, applier: 'Yes', error: '', received: '' },
    semiSync: {
      isThere: true,
      isSource: false,
      isReplica: false,
      isReplicaActive: false,
      timeoutMs: 1e9,
      clients: 0,
    },
    netTimeoutSeconds: 4,
    ...rest,
  }
}

const primaryState = (more: Partial<ServerState> = {}) =>
  state({ isReadOnly: false, replication: undefined, ...more })

function seen(alias: string, of: ServerState = state(), more: Partial<Seen> = {}): Seen {
  return { alias, cell: 'z', type: 'REPLICA', address: `${alias}:3306`, state: of, ...more }
}

describe('who follows a primary that lives', () => {
  const p = seen('p', primaryState())

  test('whoever lacks least, then one of its cell, then the first', () => {
    expect(choosePlanned(p, [seen('b', state({ history: `${A}:1-8` })), seen('c')], undefined)).toEqual({
      kind: 'Chosen',
      alias: 'c',
    })
    expect(choosePlanned(p, [seen('b', state(), { cell: 'y' }), seen('c')], undefined)).toMatchObject({
      alias: 'c',
    })
    expect(choosePlanned(p, [seen('c'), seen('b')], undefined)).toMatchObject({ alias: 'b' })
    expect(choosePlanned(p, [seen('c'), seen('b')], 'c')).toMatchObject({ alias: 'c' })
  })

  test.each([
    [
      'b',
      [seen('b', state({ history: `${A}:1-10,${B}:1` }))],
      /b has transactions that p has not: bbbbbbbb-.*:1$/,
    ],
    ['b', [seen('b', state({ receiver: 'No' }))], /b does not replicate now/],
    ['b', [seen('b', state({ source: 'x:1' }))], /b replicates from x:1, not from p/],
    ['b', [seen('b', state({ unfit: 'it writes no binary log' }))], /it writes no binary log/],
    ['b', [seen('b', state(), { type: 'RDONLY' })], /only a REPLICA becomes a primary/],
    ['b', [seen('b', state({ isReadOnly: false }))], /b takes writes, too/],
    ['x', [seen('b')], /x is no tablet of the shard/],
    ['p', [seen('b')], /p is the primary already/],
    [undefined, [], /no replica can be reached/],
  ] as const)('not %s of %j', (to, others, why) => {
    const choice = choosePlanned(p, others, to)
    expect(choice.kind === 'Refused' && choice.why).toMatch(why)
  })

  test('not where the primary is read-only', () => {
    expect(choosePlanned(seen('p', state()), [seen('b')], undefined)).toMatchObject({ kind: 'Refused' })
  })
})

describe('who follows a primary that is lost', () => {
  const input = (reached: readonly Seen[], more: Partial<EmergencyInput> = {}): EmergencyInput => ({
    ...{
      reached,
      unreached: new Map(),
      to: undefined,
      durability: 'semi_sync',
      allowsLoss: false,
      cell: 'z',
    },
    ...more,
  })
  const behind = seen('b', state({ history: `${A}:1-9` }))
  const ahead = seen('c', state({ history: `${A}:1-12` }))
  const apart = seen('d', state({ history: `${A}:1-9,${B}:1` }))

  test('whoever has all that the others have', () => {
    expect(chooseEmergency(input([behind, ahead]))).toEqual({ kind: 'Chosen', alias: 'c' })
  })

  test('a reader counts as one that has something, and does not become it', () => {
    const reader = seen('r', state({ history: `${A}:1-13` }), { type: 'RDONLY' })
    const choice = chooseEmergency(input([ahead, reader]))
    expect(choice).toMatchObject({ kind: 'Refused', why: expect.stringMatching(/c lacks .*:13 of r/) })
  })

  test('nobody where histories have gone apart, unless somebody says who', () => {
    const choice = chooseEmergency(input([ahead, apart]))
    expect(choice).toMatchObject({
      kind: 'Refused',
      why: expect.stringMatching(/gone apart: c lacks .* of d; d lacks/),
    })
    expect(chooseEmergency(input([ahead, apart], { to: 'c' }))).toMatchObject({ kind: 'Refused' })
    expect(chooseEmergency(input([ahead, apart], { to: 'c', allowsLoss: true }))).toEqual({
      kind: 'Chosen',
      alias: 'c',
    })
  })

  test('nobody where one that is not reached may alone have acknowledged something', () => {
    const unreached = new Map([['e', 'no answer']])
    expect(chooseEmergency(input([ahead], { unreached }))).toMatchObject({
      kind: 'Refused',
      why: expect.stringMatching(/e is not reached \(no answer\)/),
    })
    expect(chooseEmergency(input([ahead], { unreached, durability: 'none' }))).toMatchObject({ alias: 'c' })
    expect(chooseEmergency(input([ahead], { unreached, allowsLoss: true }))).toMatchObject({ alias: 'c' })
  })
})

describe('what somebody else has begun', () => {
  const work: ReparentWork = { kind: 'planned', from: 'p', to: 'b', by: 'x', since: 'then' }
  const decide = (from: ServerState | undefined, to: ServerState | undefined, named = 'p', more = {}) =>
    decideResumption({ work: { ...work, ...more }, from, to, named, isDiscovered: false }).kind

  test('goes forward as soon as the next one takes writes or is named', () => {
    expect(decide(state(), primaryState())).toBe('Finish')
    expect(decide(undefined, primaryState())).toBe('Finish')
    expect(decide(state(), state(), 'b')).toBe('Finish')
    expect(decide(state(), undefined, 'b')).toBe('Forget')
  })

  test('else back, if there is somebody to go back to', () => {
    expect(decide(state(), state())).toBe('Undo')
    expect(decide(primaryState(), state())).toBe('Undo')
    expect(decide(primaryState(), undefined, 'p', { to: undefined })).toBe('Undo')
    expect(decide(undefined, state())).toBe('Forget')
    expect(decide(undefined, undefined, 'p', { to: undefined })).toBe('Forget')
  })

  test('and not back where nobody knows whether the next one takes writes', () => {
    const input = { work, from: state(), to: undefined, named: 'p' }
    expect(decideResumption({ ...input, isDiscovered: true }).kind).toBe('Wait')
    expect(decideResumption({ ...input, isDiscovered: false }).kind).toBe('Undo')
  })
})

describe('what is the matter with a shard', () => {
  const patient = (alias: string, of: ServerState | undefined, more: Partial<Patient> = {}): Patient => ({
    ...{ alias, type: 'REPLICA', address: `${alias}:3306`, state: of, failures: of === undefined ? 3 : 0 },
    isUnderRepair: false,
    ...more,
  })
  const p = patient('p', primaryState())
  const remedies = (patients: readonly Patient[], more: Partial<DiagnosisInput> = {}) =>
    diagnose({
      ...{ primary: 'p', patients, durability: undefined, failuresMin: 3, emergencyPauseMs: 0 },
      ...more,
    }).map((remedy) => `${remedy.kind} ${remedy.kind === 'Emergency' ? '' : remedy.alias}`.trim())
  const lost = patient('p', undefined)
  const witness = patient('b', state({ receiver: 'Connecting' }))

  test('nothing', () => {
    expect(remedies([p, patient('b', state())])).toEqual([])
  })

  test('the primary is lost to this process and to its replicas', () => {
    expect(remedies([lost, witness])).toEqual(['Emergency'])
    expect(remedies([lost, witness, patient('c', undefined)])).toEqual(['Emergency'])
    expect(remedies([patient('p', undefined, { failures: 2 }), witness])).toEqual([])
    expect(remedies([lost, witness, patient('c', state())])).toEqual(['Tell p'])
    expect(remedies([lost, patient('b', state({ receiver: 'No' }))])).toEqual(['Tell p'])
    expect(remedies([lost, patient('b', undefined)])).toEqual(['Tell p'])
    expect(remedies([lost, witness], { emergencyPauseMs: 1 })).toEqual(['Tell p'])
    expect(remedies([lost, patient('b', state({ receiver: 'Connecting', isReadOnly: false }))])).toEqual([
      'Tell p',
    ])
  })

  test('servers that are not what they must be', () => {
    expect(remedies([p, patient('b', primaryState())])).toEqual(['MakeReadOnly b'])
    expect(remedies([p, patient('b', state({ replication: undefined }))])).toEqual(['Follow b'])
    expect(remedies([p, patient('b', state({ source: 'x:1' }))])).toEqual(['Follow b'])
    expect(remedies([p, patient('b', state({ receiver: 'No' }))])).toEqual(['Follow b'])
    expect(remedies([p, patient('b', state({ receiver: 'Connecting' }))])).toEqual([])
    expect(remedies([p, patient('b', state({ netTimeoutSeconds: 60 }))])).toEqual(['Follow b'])
    expect(remedies([patient('p', state({ replication: undefined })), patient('b', state())])).toEqual([
      'MakeWritable p',
    ])
    expect(remedies([p], { primary: undefined })).toEqual(['Tell'])
  })

  test('one with transactions of its own needs repair, and is a replica again without', () => {
    const errant = state({ history: `${A}:1-10,${B}:1`, replication: undefined })
    expect(remedies([p, patient('b', errant)])).toEqual(['NeedsRepair b'])
    expect(remedies([p, patient('b', errant, { type: 'DRAINED', isUnderRepair: true })])).toEqual([])
    expect(remedies([p, patient('b', state(), { type: 'DRAINED', isUnderRepair: true })])).toEqual([
      'IsRepaired b',
    ])
    expect(remedies([p, patient('b', state({ receiver: 'No' }), { type: 'DRAINED' })])).toEqual([])
  })

  test('semi-synchronous replication, wanted or not', () => {
    const semi = (more: Partial<ServerState['semiSync']>) => ({ semiSync: { ...state().semiSync, ...more } })
    const source = patient('p', primaryState(semi({ isSource: true, clients: 1 })))
    const replica = patient('b', state(semi({ isReplica: true, isReplicaActive: true })))
    const durability = 'semi_sync' as const
    expect(remedies([p, patient('b', state())], { durability })).toEqual(['SetSemiSync p', 'SetSemiSync b'])
    expect(remedies([source, replica], { durability })).toEqual([])
    expect(
      remedies([patient('p', primaryState(semi({ isSource: true, timeoutMs: 10_000, clients: 1 })))], {
        durability,
      }),
    ).toEqual(['SetSemiSync p'])
    expect(remedies([source, patient('b', state(semi({ isReplica: true })))], { durability })).toEqual([
      'SetSemiSync b',
    ])
    expect(remedies([patient('p', primaryState(semi({ isSource: true })))], { durability })).toEqual([
      'Tell p',
    ])
    expect(remedies([source, replica], { durability: 'none' })).toEqual(['SetSemiSync p', 'SetSemiSync b'])
    expect(remedies([source, replica])).toEqual([])
  })
})
