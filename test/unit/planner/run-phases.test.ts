import { describe, expect, test } from 'vitest'
import { Level } from '../../../src/planner/binding/level.ts'
import type { Operator } from '../../../src/planner/operators/operator.ts'
import { refused } from '../../../src/planner/refusal.ts'
import { on, rewrote, unchanged } from '../../../src/planner/rules/rule.ts'
import { phase, runPhases } from '../../../src/planner/rules/run-phases.ts'
import { Trace } from '../../../src/planner/rules/trace.ts'
import { context } from './plan-cases.ts'

type What = 'nothing' | 'VALUES'

function table(what: What): Operator {
  return { kind: 'Table', bound: { kind: 'Unplaced', what, level: new Level(), subqueries: [] } }
}

function whatOf(op: Operator): string {
  return op.kind === 'Table' && op.bound.kind === 'Unplaced' ? op.bound.what : op.kind
}

const span = { start: 0, end: 0 }
const count = { kind: 'Literal', type: 'Int', text: '1', span } as const
const tree: Operator = {
  kind: 'Limit',
  input: table('nothing'),
  clause: { kind: 'Limit', count, span },
}

describe('rules of a phase', () => {
  test('are tried in order, from the leaves upwards, until none applies', () => {
    const toValues = on('Table', {
      first: (op) => (whatOf(op) === 'nothing' ? rewrote(table('VALUES'), 'first') : unchanged('done')),
      second: () => refused('never asked while the first one applies'),
    })
    const trace = new Trace()
    const { root, refusals } = runPhases([phase('one', toValues)], tree, context, trace)
    expect([...refusals]).toEqual([[root.kind === 'Limit' && root.input, expect.stringMatching(/^never/)]])
    expect(trace.lines).toEqual([
      'one: Limit(nothing)',
      '  first: nothing -> VALUES, first',
      '  - first: VALUES, done',
      '  - second: VALUES, never asked while the first one applies',
      'finish: Limit(VALUES)',
    ])
  })

  test('that change nothing leave the very tree', () => {
    const { root } = runPhases([phase('one', on('Limit', { no: () => unchanged('no') }))], tree, context)
    expect(root).toBe(tree)
  })

  test('that do not end are a bug, shown with what they did', () => {
    const again = on('Table', { again: () => rewrote(table('VALUES'), 'again') })
    expect(() => runPhases([phase('one', again)], tree, context, new Trace())).toThrowError(
      /rules do not end\none: Limit\(nothing\)\n {2}again: nothing -> VALUES, again/,
    )
  })

  test('that undo each other are a bug, too', () => {
    const there = on('Table', {
      there: (op) => (whatOf(op) === 'nothing' ? rewrote(table('VALUES'), 'there') : unchanged('there')),
    })
    const back = on('Limit', {
      back: (op) =>
        whatOf(op.input) === 'VALUES'
          ? rewrote({ ...op, input: table('nothing') }, 'back')
          : unchanged('back'),
    })
    expect(() => runPhases([phase('one', [...there, ...back])], tree, context)).toThrowError(
      /rules undo each other/,
    )
  })
})
