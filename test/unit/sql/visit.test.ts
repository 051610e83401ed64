import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ColumnName, FrameBound, JsonColumn, Statement, VschemaChange } from '../../../src/sql/ast.ts'
import { scan } from '../../../src/sql/fingerprint.ts'
import { print } from '../../../src/sql/print.ts'
import {
  type AnyNode,
  type NodeOf,
  rewrite,
  sameTree,
  someInBlock,
  someNode,
  visit,
} from '../../../src/sql/visit.ts'
import { binary, mysql, parse, parseNormalized } from './support.ts'

const text = 'SELECT a, (SELECT b FROM u) FROM t JOIN v ON t.x = v.y WHERE c IN (1, d)'

describe('AnyNode', () => {
  it('is everything that a statement can hold, however deep and behind whatever', () => {
    expectTypeOf<Statement | ColumnName | FrameBound | JsonColumn | VschemaChange>().toExtend<AnyNode>()
    expectTypeOf<NodeOf<'Column'>>().toEqualTypeOf<ColumnName>()
    expectTypeOf<NodeOf<'Span' & AnyNode['kind']>>().toEqualTypeOf<never>()
  })
})

describe('visit', () => {
  it('sees every node once, from the top, in the order of the text', () => {
    const columns: string[] = []
    const kinds = new Set<string>()
    visit(parse(text), (node) => {
      kinds.add(node.kind)
      if (node.kind === 'Column') columns.push(node.name)
      return undefined
    })
    expect(columns).toEqual(['a', 'b', 'x', 'y', 'c', 'd'])
    expect([...kinds].slice(0, 3)).toEqual(['Select', 'SelectExpr', 'Column'])
  })

  it('skips what the visitor skips, and stops when it says so', () => {
    const names: string[] = []
    visit(parse(text), (node) => {
      if (node.kind === 'Subquery') return 'skip'
      if (node.kind === 'TableName') names.push(node.name)
      return undefined
    })
    expect(names).toEqual(['t', 'v'])
    let seen = 0
    const finished = visit(parse(text), () => (++seen === 3 ? 'stop' : undefined))
    expect({ finished, seen }).toEqual({ finished: false, seen: 3 })
  })

  it('takes clauses, also absent ones', () => {
    const kinds: string[] = []
    visit([undefined, [parse('SELECT 1')]], (node) => {
      kinds.push(node.kind)
      return undefined
    })
    expect(kinds).toEqual(['Select', 'SelectExpr', 'Literal'])
  })

  it('looks into a query with or without its subqueries', () => {
    const isB = (node: AnyNode) => node.kind === 'Column' && node.name === 'b'
    expect([someNode(parse(text), isB), someInBlock(parse(text), isB)]).toEqual([true, false])
    expect(someInBlock(parse(text), (node) => node.kind === 'Subquery')).toBe(true)
  })
})

describe('rewrite', () => {
  it('returns the same tree when nothing changes', () => {
    const tree = parse(text)
    expect(rewrite(tree, () => undefined)).toBe(tree)
  })

  it('changes nodes and shares the rest', () => {
    const tree = parse(text)
    const changed = rewrite(tree, (node) =>
      node.kind === 'TableName' && node.name === 'u' ? { ...node, qualifier: 's' } : undefined,
    )
    expect(print(changed)).toBe('SELECT a, (SELECT b FROM s.u) FROM t JOIN v ON t.x = v.y WHERE c IN (1, d)')
    if (tree.kind !== 'Select' || changed.kind !== 'Select') throw new Error('Select expected')
    expect(changed.where).toBe(tree.where)
    expect(changed.items).not.toBe(tree.items)
  })

  it('does not look into what it has put in', () => {
    let depth = 0
    const changed = rewrite(parse('SELECT a'), (node) => {
      if (node.kind !== 'Column') return undefined
      depth++
      return { kind: 'Unary', op: '-', operand: node, span: node.span }
    })
    expect([print(changed), depth]).toEqual(['SELECT - a', 1])
  })
})

describe('sameTree', () => {
  it('looks at meaning, not at spelling', () => {
    expect(sameTree(parse('SELECT (a)+COUNT(*) FROM t'), parse('SELECT a + count( * ) FROM t'))).toBe(true)
    expect(sameTree(parse('SELECT name'), parse('SELECT `name`'))).toBe(true)
    expect(sameTree(parse('SELECT a + 1'), parse('SELECT a + 2'))).toBe(false)
    expect(sameTree(parse('SELECT a'), parse('SELECT a LIMIT 1'))).toBe(false)
    expect(sameTree(parse('SELECT a LIMIT 1'), parse('SELECT a'))).toBe(false)
    expect(sameTree(parse('SELECT a, b'), parse('SELECT a'))).toBe(false)
  })

  it('never takes two slots for one: other texts of the key have other literals there', () => {
    const sql = binary('SELECT 1 + a, 1 + a')
    const tree = parseNormalized(sql, scan(sql, 0, 90700), mysql)
    if (tree.kind !== 'Select') throw new Error('Select expected')
    const [first, second] = tree.items
    expect([sameTree(first, second), sameTree(first, { ...first })]).toEqual([false, true])
  })
})
