import { bindQuery } from '../../engine/bind.ts'
import type { Bindings } from '../../engine/bindings.ts'
import { describeInsert } from '../../engine/describe-insert.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Primitive } from '../../plan/primitives.ts'

/** How COM_STMT_PREPARE is put to a shard, which describes the statement's params and columns. */
export interface DescribedPlan {
  /** Any shard of it will do. '' stands for any keyspace. */
  readonly keyspace: string
  /** The statement as a shard must see it; undefined: the client's own text. */
  readonly sql: string | undefined
}

export function describePlan({ root, shortcut }: Plan, bindings: Bindings): DescribedPlan {
  const keyspace = shortcut?.routing.keyspace ?? keyspaceOf(root)
  if (root.kind === 'Insert' && root.reads === undefined)
    return { keyspace, sql: describeInsert(root, bindings).sql }
  const ddl = root.kind === 'CreateSelected' ? root.ddl : root
  const query = ddl.kind === 'Ddl' ? ddl.query : shortcut?.query
  const bound = query === undefined ? undefined : bindQuery(query, bindings)
  return { keyspace, sql: bound?.kind === 'Text' ? bound.sql : undefined }
}

/** Any keyspace that the tree of primitives reaches. */
function keyspaceOf(root: Primitive): string {
  if (root.kind === 'Route') return root.routing.keyspace
  if (root.kind === 'CreateSelected') return root.ddl.keyspace
  if (root.kind === 'Join') return keyspaceOf(root.left.rows)
  if ('keyspace' in root) return root.keyspace
  if ('input' in root) return keyspaceOf(root.input)
  return root.kind === 'Concatenate' ? keyspaceOf(root.inputs[0]!) : ''
}
