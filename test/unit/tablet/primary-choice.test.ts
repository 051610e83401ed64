import { describe, expect, test } from 'vitest'
import { type Candidate, type ChoiceInput, choosePrimary } from '../../../src/tablet/primary-choice.ts'

const A = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

/** `'a*9'`: alias, takes writes, has executed nine transactions. */
function candidate(text: string): Candidate {
  const [, alias = '', star, last] = /^(\w)(\*?)(\d*)$/.exec(text)!
  return { alias, isWritable: star === '*', gtids: last === '' ? '' : `${A}:1-${last}` }
}

function choose(
  servers: string,
  more: { previous?: string; former?: string; named?: string; isNamedSince?: boolean } = {},
) {
  const input: ChoiceInput = {
    candidates: servers.split(' ').map(candidate),
    previous: more.previous === undefined ? undefined : candidate(more.previous),
    former: new Set(more.former),
    named: more.named,
    isNamedSince: more.isNamedSince ?? false,
  }
  const choice = choosePrimary(input)
  return choice.kind === 'Nobody'
    ? `nobody${choice.isAlarm ? '!' : ''}`
    : `${choice.alias}${choice.alarm === undefined ? '' : '!'}`
}

describe('one server takes writes', () => {
  test('it is the primary, whomever the topology names', () => {
    expect(choose('a9 b*9')).toBe('b')
    expect(choose('a9 b*9', { named: 'a' })).toBe('b')
    expect(choose('a*9 b9', { previous: 'a9' })).toBe('a')
  })
  test('it follows the primary before when it has all that was there', () => {
    expect(choose('a9 b*12', { previous: 'a9' })).toBe('b')
    expect(choose('a9 b*9', { previous: 'a9' })).toBe('b')
  })
  test('one that lacks transactions of the primary before gets none, until somebody decides', () => {
    expect(choose('a12 b*9', { previous: 'a12' })).toBe('nobody!')
    expect(choose('a*9 b12', { previous: 'b12', former: 'a' })).toBe('nobody!')
    expect(choose('a12 b*9', { previous: 'a12', named: 'b' })).toBe('nobody!')
    expect(choose('a12 b*9', { previous: 'a12', named: 'b', isNamedSince: true })).toBe('b')
  })
  test('without GTIDs, one that has been replaced is not trusted', () => {
    expect(choose('a b*', { previous: 'a' })).toBe('b')
    expect(choose('a* b', { previous: 'b', former: 'a' })).toBe('nobody!')
  })
})

describe('several take writes', () => {
  test('none of them gets any, whoever has more', () => {
    expect(choose('a*12 b*9', { previous: 'a12' })).toBe('nobody!')
    expect(choose('a*9 b*9', { previous: 'a9' })).toBe('nobody!')
    expect(choose('a*9 b*12')).toBe('nobody!')
  })
  test('a former primary that has come back disturbs nobody, if it has nothing of its own', () => {
    expect(choose('a*9 b*12', { previous: 'b12', former: 'a' })).toBe('b!')
    expect(choose('a*13 b*12', { previous: 'b12', former: 'a' })).toBe('nobody!')
    expect(choose('a* b*', { previous: 'b', former: 'a' })).toBe('nobody!')
  })
  test('the topology decides: by what it says since, and of a process that knows nothing', () => {
    expect(choose('a*12 b*9', { previous: 'a12', named: 'a' })).toBe('nobody!')
    expect(choose('a*12 b*9', { previous: 'a12', named: 'a', isNamedSince: true })).toBe('a!')
    expect(choose('a*9 b*9', { named: 'b' })).toBe('b!')
  })
  test('but not for one that is behind another', () => {
    expect(choose('a*9 b*12', { named: 'a' })).toBe('nobody!')
  })
})

test('nobody takes writes', () => {
  expect(choose('a9 b9', { previous: 'a9', named: 'a' })).toBe('nobody')
})
