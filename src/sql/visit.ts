import type { Cte, Expr, Query, SelectItem, Statement, TableExpr, TableName } from './ast.ts'

/** Anything with a `kind` in a tree: statements, queries, tables, expressions, and the parts between them. */
export interface Node {
  readonly kind: string
}

export type AnyNode = Statement | Query | TableExpr | Expr | SelectItem | TableName | Cte | Node

/** What a visitor's `enter` may answer: 'skip' leaves the node's children out, 'stop' ends the walk. */
export type VisitResult = 'skip' | 'stop' | undefined

/**
 * Walks a tree from the top, in the order of the text, over every node. The fields themselves say what the children are,
 * so that a new kind of node is walked from the day it exists. Returns false when the visitor stopped.
 */
export function visit(node: Node, enter: (node: AnyNode) => VisitResult): boolean {
  const result = enter(node)
  if (result !== undefined) return result === 'skip'
  return visitFields(node, enter)
}

/** Every value below `value`, which may be a node, an array, or an object without kind (a reaction, a limit). */
function visitFields(value: object, enter: (node: AnyNode) => VisitResult): boolean {
  for (const key in value) {
    if (key === 'span') continue
    const field: unknown = (value as Record<string, unknown>)[key]
    if (typeof field !== 'object' || field === null) continue
    const goesOn = isNode(field) ? visit(field, enter) : visitFields(field, enter)
    if (!goesOn) return false
  }
  return true
}

function isNode(value: object): value is Node {
  return 'kind' in value && typeof value.kind === 'string'
}

/**
 * Rebuilds a tree from the bottom: `change` sees each node after its children, and answers with the node itself or
 * another in its place. What does not change is shared: a rewrite that changes nothing returns `node`.
 */
export function rewrite<T extends Node>(node: T, change: (node: AnyNode) => AnyNode): T {
  return change(rewriteFields(node, change) as AnyNode) as unknown as T
}

function rewriteFields<T extends object>(value: T, change: (node: AnyNode) => AnyNode): T {
  if (Array.isArray(value)) return rewriteArray(value, change) as unknown as T
  let copy: T | undefined
  for (const key in value) {
    if (key === 'span') continue
    const field: unknown = value[key]
    if (typeof field !== 'object' || field === null) continue
    const changed = rewriteValue(field, change)
    if (changed === field) continue
    copy ??= { ...value }
    copy[key] = changed as T[typeof key]
  }
  return copy ?? value
}

function rewriteArray(values: readonly unknown[], change: (node: AnyNode) => AnyNode): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value !== 'object' || value === null) continue
    const changed = rewriteValue(value, change)
    if (changed === value) continue
    copy ??= [...values]
    copy[i] = changed
  }
  return copy ?? values
}

function rewriteValue(value: object, change: (node: AnyNode) => AnyNode): object {
  return isNode(value) ? rewrite(value, change) : rewriteFields(value, change)
}

/** Fields that tell where or how a node was written, not what it means. */
const spelling: ReadonlySet<string> = new Set(['span', 'parens', 'written', 'bareKeyword'])

/**
 * Same meaning by structure: spans, parentheses and spelling aside. Literals are equal when their source is; in a
 * normalised tree that holds for every text with the key only if both have one slot, or one of them stands in
 * ORDER BY, GROUP BY or PARTITION BY (the key tells such literals apart from unequal ones).
 */
export function sameTree(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  const a = left as Record<string, unknown>
  const b = right as Record<string, unknown>
  const isLiteral = a['kind'] === 'Literal' && b['kind'] === 'Literal'
  for (const key in { ...a, ...b }) {
    if (spelling.has(key) || (isLiteral && key === 'slot')) continue
    if (!sameTree(a[key], b[key])) return false
  }
  return true
}
