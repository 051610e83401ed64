import { SqlError } from '../errors/sql-error.ts'

/**
 * How many nodes may lie on the way from a tree's root to a leaf. The parser bounds what it is inside of; but a chain
 * (`a + b + c`) nests to the left behind its back, and `((a + …) + …) + …` could add chain to chain. Recursive walks
 * were seen to exhaust Node's default stack from 1900 levels on.
 */
export const TREE_LEVELS_MAX = 1600

/** Throws SqlError 1436 when the tree has more than TREE_LEVELS_MAX levels; `tokens` is how many it was read from. */
export function checkDepth<T extends object>(root: T, tokens: number): T {
  // No token makes more than two nodes: nearly every statement is spared the walk.
  if (tokens * 2 > TREE_LEVELS_MAX) walk(root)
  return root
}

/**
 * Breadth first, without recursion: the nodes of one level, then those below them. Literals, most nodes of a long text,
 * are left out, for nothing is below them.
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
    // Arrays and objects without kind are no levels of their own: they are appended to the level while it is read.
    for (let i = 0; i < level.length; i++) {
      const value = level[i] as Record<string, unknown>
      for (const key in value) {
        const field = value[key]
        if (typeof field !== 'object' || field === null || key === 'span') continue
        if (!('kind' in field)) level.push(field)
        else if (field.kind !== 'Literal') next.push(field)
      }
    }
    level = next
  }
}
