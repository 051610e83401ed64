/**
 * Walks any part of a statement's tree without knowing its kinds: every object in it is a node or holds nodes. Rewrites
 * share what they do not change.
 */

export interface AnyNode {
  readonly kind: string
}

/** Calls `enter` on the node and all below it; `enter` returns false to leave out what is below. */
export function walk(node: unknown, enter: (node: AnyNode) => boolean): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, enter)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if (isNode(node) && !enter(node)) return
  for (const child of Object.values(node)) walk(child, enter)
}

/** Whether `test` holds for the node or one below it, not looking into subqueries. */
export function someInBlock(node: unknown, test: (node: AnyNode) => boolean): boolean {
  let found = false
  walk(node, (inner) => {
    found ||= test(inner)
    return !found && inner.kind !== 'Subquery'
  })
  return found
}

export function someNode(node: unknown, test: (node: AnyNode) => boolean): boolean {
  let found = false
  walk(node, (inner) => {
    found ||= test(inner)
    return !found
  })
  return found
}

/** Replaces nodes from the top down: what `replace` returns is not looked into; undefined goes on below. */
export function rewriteTree<T>(node: T, replace: (node: AnyNode) => unknown): T {
  if (Array.isArray(node)) return rewriteArray(node, replace) as T
  if (typeof node !== 'object' || node === null) return node
  if (isNode(node)) {
    const replacement = replace(node)
    if (replacement !== undefined) return replacement as T
  }
  const changed: [string, unknown][] = []
  for (const [key, child] of Object.entries(node)) {
    const rewritten = rewriteTree(child as unknown, replace)
    if (rewritten !== child) changed.push([key, rewritten])
  }
  return changed.length === 0 ? node : ({ ...node, ...Object.fromEntries(changed) } as T)
}

function rewriteArray(items: readonly unknown[], replace: (node: AnyNode) => unknown): readonly unknown[] {
  const rewritten = items.map((item) => rewriteTree(item, replace))
  return rewritten.every((item, i) => item === items[i]) ? items : rewritten
}

/** Equal but for where they stand in the text, and parentheses around them. */
export function sameTree(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = meaning(a)
  const right = meaning(b)
  return (
    left.length === right.length &&
    left.every(([key, item], i) => key === right[i][0] && sameTree(item, right[i][1]))
  )
}

function meaning(node: object): [string, unknown][] {
  return Object.entries(node)
    .filter(([key]) => key !== 'span' && key !== 'parens' && key !== 'written')
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function isNode(value: object): value is AnyNode {
  return 'kind' in value && typeof value.kind === 'string'
}
