import type { Statement } from './ast.ts'

/**
 * Every kind of node there is in a statement's tree: the closed union of what can be reached from `Statement`, so that
 * `node.kind === 'Column'` narrows without a cast and a kind that is added to the tree is a kind of node at once.
 */
export type AnyNode = Reachable<Statement, never>

/** The node, or the nodes, with that tag. */
export type NodeOf<Kind extends AnyNode['kind']> = Extract<AnyNode, { readonly kind: Kind }>

/** A part of a statement: a node, a clause that may be absent, several of them. */
export type Part = AnyNode | readonly Part[] | undefined

interface Tagged {
  readonly kind: string
}

/** Breadth first: `Found`, what its nodes hold, what those hold, until nothing is new. */
type Reachable<Found, Seen> = [Exclude<Found, Seen>] extends [never]
  ? Seen
  : Reachable<HeldBy<Exclude<Found, Seen>>, Seen | Found>
type HeldBy<Node> = Node extends unknown ? NodesIn<Node[keyof Node]> : never
/** Lists are looked through, and objects without a tag (`reactions`, an aggregate's LIMIT). */
type NodesIn<Field> = Field extends Tagged
  ? Field
  : Field extends readonly (infer Item)[]
    ? NodesIn<Item>
    : Field extends object
      ? HeldBy<Field>
      : never

/** What a visitor's `enter` may answer: 'skip' leaves the node's children out, 'stop' ends the walk. */
export type VisitResult = 'skip' | 'stop' | undefined

/**
 * Walks a part of a statement from the top, in the order of the text, over every node. The fields themselves say what the
 * children are, so that a new kind of node is walked from the day it exists. Returns false when the visitor stopped.
 * Recursive: trees have TREE_LEVELS_MAX levels at most.
 */
export function visit(part: Part, enter: (node: AnyNode) => VisitResult): boolean {
  return part === undefined || visitValue(part, enter)
}

function visitValue(value: object, enter: (node: AnyNode) => VisitResult): boolean {
  if (isNode(value)) {
    const result = enter(value)
    if (result !== undefined) return result === 'skip'
  }
  for (const key in value) {
    if (key === 'span') continue
    const field: unknown = (value as Record<string, unknown>)[key]
    if (typeof field === 'object' && field !== null && !visitValue(field, enter)) return false
  }
  return true
}

function isNode(value: object): value is AnyNode {
  return 'kind' in value && typeof value.kind === 'string'
}

/** Whether `test` holds for a node of the part. */
export function someNode(part: Part, test: (node: AnyNode) => boolean): boolean {
  return !visit(part, (node) => (test(node) ? 'stop' : undefined))
}

/** Whether `test` holds for a node of the part; subqueries are tested, but not looked into. */
export function someInBlock(part: Part, test: (node: AnyNode) => boolean): boolean {
  return !visit(part, (node) => {
    if (test(node)) return 'stop'
    return node.kind === 'Subquery' ? 'skip' : undefined
  })
}

/**
 * Replaces nodes from the top: what `replace` answers stands in the node's place (which it must fit) and is not looked
 * into; undefined goes on below. What does not change is shared: a rewrite that changes nothing returns `part` itself.
 */
export function rewrite<T extends Part>(part: T, replace: (node: AnyNode) => AnyNode | undefined): T {
  return (part === undefined ? part : rewriteValue(part, replace)) as T
}

/** Columns by their bare names. */
export function withoutQualifiers<T extends Part>(part: T): T {
  return rewrite(part, (node) => (node.kind === 'Column' ? { ...node, qualifiers: [] } : undefined))
}

function rewriteValue(value: object, replace: (node: AnyNode) => AnyNode | undefined): object {
  if (isNode(value)) {
    const replacement = replace(value)
    if (replacement !== undefined) return replacement
  }
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    if (key === 'span') continue
    const field: unknown = (value as Record<string, unknown>)[key]
    if (typeof field !== 'object' || field === null) continue
    const changed = rewriteValue(field, replace)
    if (changed === field) continue
    copy ??= copyOf(value)
    copy[key] = changed
  }
  return copy ?? value
}

function copyOf(value: object): Record<string, unknown> {
  return (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
}

/** Fields that tell where and how a node was written, and nothing of what it means. */
const spelling: ReadonlySet<string> = new Set(['span', 'parens', 'written', 'bareKeyword'])

/**
 * Same meaning by structure, in every text that has the tree: spans, parentheses around, the case of a function's name
 * and quotes around a name aside. Literals with a slot are the same only in the same slot: that two slots hold one text
 * is true of this text, not of every text with its key.
 */
export function sameTree(left: Part, right: Part): boolean {
  return sameValue(left, right)
}

function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  return holds(left, right) && isWithin(right, left)
}

/** Each field of `left` is in `right`, and the same there. */
function holds(left: object, right: object): boolean {
  const other = right as Record<string, unknown>
  for (const key in left) {
    if (!spelling.has(key) && !sameValue((left as Record<string, unknown>)[key], other[key])) return false
  }
  return true
}

/** `right` has no field that `left` lacks. */
function isWithin(right: object, left: object): boolean {
  const other = left as Record<string, unknown>
  for (const key in right) {
    if (
      !spelling.has(key) &&
      other[key] === undefined &&
      (right as Record<string, unknown>)[key] !== undefined
    )
      return false
  }
  return true
}
