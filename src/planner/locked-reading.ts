import { type AnyNode, type Part, rewrite, someNode } from '../sql/visit.ts'

/** Its queries lock what they look at, so that it does not change meanwhile. */
export function reading<T extends Part>(part: T): T {
  return rewrite(part, (node) => {
    if (node.kind !== 'Select') return undefined
    const select = rewrite(node, (inner) => (inner === node ? undefined : readingOf(inner)))
    // MySQL finds JSON_TABLE() in two locking clauses (3569) where one query in another locks, too.
    const isLockable = select.from.length > 0 && !someNode(select.from, ({ kind }) => kind === 'JsonTable')
    return !isLockable || select.locks !== undefined
      ? select
      : { ...select, locks: [{ kind: 'Lock', mode: 'SHARE MODE', span: node.span }] }
  })
}

/** Of a query in a query. */
function readingOf(node: AnyNode): AnyNode | undefined {
  return node.kind === 'Select' ? reading(node) : undefined
}
