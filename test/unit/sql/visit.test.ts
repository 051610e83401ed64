import { describe, expect, it } from 'vitest'
import { print } from '../../../src/sql/print.ts'
import { rewrite, sameTree, visit } from '../../../src/sql/visit.ts'
import { parse } from './support.ts'

const text = 'SELECT a, (SELECT b FROM u) FROM t JOIN v ON t.x = v.y WHERE c IN (1, d)'

describe('visit', () => {
  it('sees every node once, from the top, in the order of the text', () => {
    const columns: string[] = []
    const kinds = new Set<string>()
    visit(parse(text), (node) => {
      kinds.add(node.kind)
      if (node.kind === 'Column' && 'name' in node) columns.push(String(node.name))
      return undefined
    })
    expect(columns).toEqual(['a', 'b', 'x', 'y', 'c', 'd'])
    expect([...kinds].slice(0, 3)).toEqual(['Select', 'SelectExpr', 'Column'])
  })

  it('skips what the visitor skips, and stops when it says so', () => {
    const names: string[] = []
    visit(parse(text), (node) => {
      if (node.kind === 'Subquery') return 'skip'
      if (node.kind === 'TableName' && 'name' in node) names.push(String(node.name))
      return undefined
    })
    expect(names).toEqual(['t', 'v'])
    let seen = 0
    const finished = visit(parse(text), () => (++seen === 3 ? 'stop' : undefined))
    expect({ finished, seen }).toEqual({ finished: false, seen: 3 })
  })
})

describe('rewrite', () => {
  it('returns the same tree when nothing changes', () => {
    const tree = parse(text)
    expect(rewrite(tree, (node) => node)).toBe(tree)
  })

  it('changes nodes and shares the rest', () => {
    const tree = parse(text)
    const changed = rewrite(tree, (node) =>
      node.kind === 'TableName' && 'name' in node && node.name === 'u' ? { ...node, qualifier: 's' } : node,
    )
    expect(print(changed)).toBe('SELECT a, (SELECT b FROM s.u) FROM t JOIN v ON t.x = v.y WHERE c IN (1, d)')
    if (tree.kind !== 'Select' || changed.kind !== 'Select') throw new Error('Select expected')
    expect(changed.where).toBe(tree.where)
    expect(changed.items).not.toBe(tree.items)
  })
})

describe('sameTree', () => {
  it('looks at meaning, not at spelling', () => {
    expect(sameTree(parse('SELECT (a)+COUNT(*) FROM t'), parse('SELECT a + count( * ) FROM t'))).toBe(true)
    expect(sameTree(parse('SELECT a + 1'), parse('SELECT a + 2'))).toBe(false)
    expect(sameTree(parse('SELECT a'), parse('SELECT a LIMIT 1'))).toBe(false)
  })
})
