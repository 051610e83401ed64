import type { Query } from '../../sql/ast.ts'
import { type Part, rewrite } from '../../sql/visit.ts'

/** Without arguments it speaks of the query block that it stands in. */
const HINT = '/*+ NO_SEMIJOIN() */'

/**
 * The query, whose subqueries within outer joins are not made semi-joins: MySQL materialises these by a hash join that forgets what
 * their tables are joined by, where it takes tables to be costly to read, as it does temporary ones.
 * Source: seen on MySQL 9.7: `a LEFT JOIN b ON EXISTS (SELECT 1 FROM c JOIN d USING (id, ref))` over temporary tables.
 */
export function withoutSemijoins(query: Query): Query {
  return rewrite(query, (node) =>
    node.kind === 'Join' && (node.type === 'LEFT' || node.type === 'RIGHT') ? hinted(node) : undefined,
  )
}

/** A block has one comment of hints: the client's own stays. */
function hinted<T extends Part>(part: T): T {
  return rewrite(part, (node) =>
    node.kind === 'Select' && node.hints === undefined ? hinted({ ...node, hints: [HINT] }) : undefined,
  )
}
