import { SqlError } from '../../errors/sql-error.ts'
import type { Ddl, Statement } from '../../sql/ast.ts'
import { parseStatement } from '../../sql/parse.ts'
import { print } from '../../sql/print.ts'
import { someNode } from '../../sql/visit.ts'
import { keyspaceOf } from '../binding/find-table.ts'
import { Unplanned } from '../binding/unplanned.ts'
import type { PlanContext } from '../plan-context.ts'
import { planWrite } from '../plan-write.ts'
import { programWords } from './program-words.ts'

/**
 * Why an event cannot run on each shard as it would on one server; undefined for one UPDATE or DELETE that all shards get as it
 * stands, and for an ALTER EVENT without a body.
 */
export function eventObstacle(statement: Ddl, context: PlanContext): string | undefined {
  const body = bodyText(statement, context)
  if (body === undefined) return undefined
  const { sqlMode = 0, serverVersion = 0 } = context
  // A name in the body is of the event's own database.
  const keyspace = statement.objectName && keyspaceOf(statement.objectName, context)
  let parsed: Statement
  try {
    parsed = parseStatement(body, { mode: sqlMode, serverVersion })
  } catch (error) {
    if (error instanceof SqlError) return NOT_KNOWN
    throw error
  }
  if (parsed.kind !== 'Update' && parsed.kind !== 'Delete') return NOT_KNOWN
  if (someNode(parsed, ({ kind }) => kind === 'UserVariable' || kind === 'Subquery')) return NOT_KNOWN
  try {
    const { root } = planWrite(parsed, {
      ...context,
      ...(keyspace !== undefined && { defaultKeyspace: keyspace }),
    })
    if (root.kind !== 'Write' || root.several !== undefined || root.singleShardOnly !== undefined)
      return NOT_KNOWN
    if (root.replicated === true) return 'the copies of a reference table might become others'
    return root.query.kind === 'Verbatim' ? undefined : 'its shards have other names and values than it names'
  } catch (error) {
    if (error instanceof Unplanned) return NOT_KNOWN
    throw error
  }
}

const NOT_KNOWN = 'its body is no single UPDATE or DELETE that each shard can carry out for its own rows'

/** What stands behind DO. */
function bodyText(statement: Ddl, context: PlanContext): string | undefined {
  const text = print(statement, context.sqlMode ?? 0)
  let end = 0
  for (const { text: word, bare } of programWords(text, context)) {
    end = text.indexOf(word, end) + word.length
    if (bare === 'DO') return text.slice(end)
  }
  return undefined
}
