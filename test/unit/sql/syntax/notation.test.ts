import { describe, expect, it } from 'vitest'
import { TokenStream } from '../../../../src/sql/parser/token-stream.ts'
import { compileRules, type Reach } from '../../../../src/sql/syntax/notation.ts'
import { terminals } from '../../../../src/sql/syntax/terminals.ts'
import { mysql } from '../support.ts'

/** What `rules` (the first is `r`) find in `text`: how many tokens they take, and the farthest token that did not fit. */
function match(
  rules: string,
  text: string,
): { taken: number | undefined; farthest: number; refused?: number } {
  const p = new TokenStream(text, mysql)
  const reach: Reach = { farthest: 0 }
  const fits = compileRules(rules, terminals).get('r')?.(p, reach)
  const { farthest, refused } = reach
  return { taken: fits ? p.pos : undefined, farthest, ...(refused === undefined ? {} : { refused }) }
}

function taken(rules: string, text: string): number | undefined {
  return match(rules, text).taken
}

describe('a rule', () => {
  it('takes words, operators and terminals in their order', () => {
    expect(taken('r = DROP ident , string', "drop a, 'b'")).toBe(4)
    expect(taken('r = DROP ident', "drop 'b'")).toBe(undefined)
    expect(taken("r = ident . '*' - integer", 'a.* - 1')).toBe(5)
    expect(taken('r = INNODB', 'innodb')).toBe(1)
    expect(taken('r = INNODB', '`innodb`')).toBe(undefined)
  })

  it('may be written in several lines and name other rules', () => {
    expect(taken('r = a\n  b\na = ADD\nb = BY', 'add by')).toBe(2)
  })

  it.each([
    ['r = ADD [BY]', 'add', 1],
    ['r = ADD [BY]', 'add by', 2],
    ['r = {ADD | BY}', 'by', 1],
    ['r = {ADD BY | ADD}', 'add', 1],
    ['r = ident*', '', 0],
    ['r = ident*', 'a b c', 3],
    ['r = ident+', '', undefined],
    ['r = ident+', 'a b', 2],
    ['r = ident#', 'a, b, c', 5],
    ['r = ident#', 'a b', 1],
    ['r = ident# ADD', 'a, b add', 4],
    ['r = {[ident]}* ADD', 'a add', 2],
  ])('%s takes of "%s" %s tokens', (rules, text, count) => {
    expect(taken(rules, text)).toBe(count)
  })

  it('tells the farthest token that any alternative wanted to be different', () => {
    expect(match('r = {ADD BY ON | ADD ident}', 'add by by')).toEqual({ taken: undefined, farthest: 2 })
    expect(match('r = ADD [BY ON]', 'add by by')).toEqual({ taken: 1, farthest: 2 })
    expect(match('r = ADD , ident#', 'add, a, 1')).toEqual({ taken: 3, farthest: 4 })
  })

  it('gives back what an alternative took that does not fit to its end', () => {
    expect(taken('r = [ADD BY] ADD ON', 'add on')).toBe(2)
    expect(taken('r = {ADD BY}# , ADD ON', 'add by, add on')).toBe(5)
  })

  it('marks what the server refuses by itself, in the alternative that fits', () => {
    expect(match('r = ADD ~ident', 'add a')).toEqual({ taken: 2, farthest: 0, refused: 1 })
    expect(match('r = {~ADD BY | ADD ident}', 'add a')).toEqual({ taken: 2, farthest: 1 })
    expect(match('r = {ADD | ~ident}#', 'a, add, b')).toEqual({ taken: 5, farthest: 5, refused: 0 })
  })

  it('keeps silent on what is not MySQL', () => {
    expect(match('r = ADD {BY | %{ON BY}}', 'add on on')).toEqual({ taken: undefined, farthest: 1 })
    expect(match('r = ADD {BY | %{ON BY}}', 'add on by')).toEqual({ taken: 3, farthest: 1 })
  })
})

describe('a mistake in rules', () => {
  it.each([
    ['r = ADD {BY', 'rule r: unexpected end'],
    ['r = ADD ]', 'rule r: unexpected ]'],
    ['r = ADD ?', 'rule r: unexpected'],
    ['r = other', 'there is no rule other'],
    ['r = ADD\nr = BY', 'rule r is there twice'],
    ['ident = ADD', 'rule ident is there twice'],
    ['R', 'not a rule: R'],
  ])('%s', (rules, message) => {
    expect(() => compileRules(rules, terminals)).toThrow(message)
  })
})
