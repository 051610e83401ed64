import { SqlError } from '../errors/sql-error.ts'

/**
 * How many nodes and lists of nodes may lie on the way from a tree's root to a leaf. The parser bounds what it is inside
 * of; but a chain (`a + b + c`) nests to the left behind its back, and `((a + …) + …) + …` could add chain to chain.
 * Recursive walks were seen to exhaust the default stack from 1,900 levels on, in Node 20 and 24.
 */
export const TREE_LEVELS_MAX = 1600

/** Throws SqlError 1436 when the tree has more than TREE_LEVELS_MAX levels; `tokens` is how many it was read from. */
export function checkDepth<T extends object>(root: T, tokens: number): T {
  // No token makes more than four levels: nearly every statement is spared the walk.
  if (tokens * 4 > TREE_LEVELS_MAX) walk(root)
  return root
}

/**
 * Breadth first, without recursion: one level, then what is directly below it. Literals, most nodes of a long text, are
 * left out, for nothing is below them.
 */
function walk(root: object): void {
  let level: object[] = [root]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > TREE_LEVELS_MAX) {
      throw new SqlError(
        'ER_STACK_OVERRUN_NEED_MORE',
        `The statement is nested deeper than ${TREE_LEVELS_MAX} levels of operators, calls and subqueries`,
      )
    }
    const next: object[] = []
    for (const value of level as Record<string, unknown>[]) {
      for (const key in value) {
        const field = value[key]
        if (typeof field !== 'object' || field === null || key === 'span') continue
        if (!('kind' in field) || field.kind !== 'Literal') next.push(field)
      }
    }
    level = next
  }
}
