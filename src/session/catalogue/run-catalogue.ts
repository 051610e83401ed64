import { beginPlan } from '../../engine/begin-plan.ts'
import type { RowStream, StreamColumn } from '../../engine/row-stream.ts'
import { toldAs } from '../../engine/told-as.ts'
import { ServerError } from '../../errors/server-error.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import { decodeColumnDef, encodeColumnDef } from '../../mysql/codec/column-def.ts'
import { HEADER_BYTES } from '../../mysql/codec/constants.ts'
import type { Statement } from '../../sql/ast.ts'
import { tablesOf } from '../../sql/tables-of.ts'
import { makeSettings } from '../../tablet/settings.ts'
import { isSystemSchema } from '../../vschema/system-schemas.ts'
import type { Execution } from '../statements/execution.ts'
import { placeValues } from '../statements/place-values.ts'
import { planned } from '../statements/planned.ts'
import { answerRows, type RunContext, runStatement } from '../statements/run-statement.ts'
import { SessionPort } from '../statements/session-port.ts'
import { settingsOfStatement } from '../statements/statement-settings.ts'
import { carriesAny } from '../statements/user-variables.ts'
import type { CatalogueContext } from './catalogue-context.ts'
import { catalogueText } from './catalogue-text.ts'

export type CatalogueRunContext = CatalogueContext & RunContext

/** A query of information_schema over the rows of all keyspaces that it can be about. */
export async function runCatalogue(
  context: CatalogueRunContext,
  statement: Statement,
  execution: Execution,
): Promise<void> {
  const { sql, reading } = execution
  const text = await catalogueText(context, { sql, statement, reading })
  const rewritten = planned(execution, text)
  const { plan, bindings } = rewritten
  await placeValues(context, rewritten)
  const begun = beginPlan(plan, bindings, context.shards)
  const asksOthers = tablesOf(statement).some(
    ({ qualifier }) => !isSystemSchema(qualifier ?? reading.target.keyspace),
  )
  if (asksOthers || begun.kind !== 'OneShard' || carriesAny(plan) || plan.reserves !== undefined)
    return runStatement(context, rewritten)
  const { keyspace, shard, query } = begun
  const settings = settingsOfStatement(context, plan, context.state.settingsFor(reading))
  const defined = await definitionsOf(context, sql)
  const port = new SessionPort(context, rewritten, settings)
  const [stream] = await port.openStreams({ keyspace, shards: [shard], query })
  await answerRows(context, withDefinitions(stream!, defined), {
    conditions: async () => ofClient(await port.conditions()),
    ofCopies: () => port.ofCopies(),
  })
}

const ER_PARSE_ERROR = 1064

type Conditions = Awaited<ReturnType<SessionPort['conditions']>>

/** Without what MySQL says of utf8mb3, in which its own tables are. */
function ofClient({ conditions, count }: Conditions): Conditions {
  const others = conditions.filter(({ message }) => !/utf8mb3/i.test(message))
  return { conditions: others, count: count - (conditions.length - others.length) }
}

/**
 * How a server defines the columns of the query over its own tables, which it is asked for no rows of. Undefined where it
 * answers an error: for its rows alone, for the text has been read and planned.
 */
async function definitionsOf(
  { shards, state }: CatalogueRunContext,
  sql: string,
): Promise<readonly Buffer[] | undefined> {
  const settings = makeSettings(
    new Map([...state.settings.items, ['sql_select_limit', '0']]),
    state.settings.kind,
  )
  try {
    return await shards.on(shards.anyTarget(), settings, async ({ connection }) => {
      return (await runQuery(connection, sql)).columns
    })
  } catch (error) {
    if (error instanceof ServerError && error.errno !== ER_PARSE_ERROR) return undefined
    throw error
  }
}

/** The columns as the system tables define them: rows that were put together are of no table. */
function withDefinitions(stream: RowStream, defined: readonly Buffer[] = []): RowStream {
  const columns = stream.columns.map((column, i): StreamColumn => {
    const definition = defined[i]
    if (definition === undefined) return column
    const { type, ...told } = decodeColumnDef(definition)
    if (stream.format === 'text' || type === column.type) return { ...column, definition }
    // Binary rows are read by the type.
    const named = { ...decodeColumnDef(column.definition), name: told.name, orgName: told.orgName }
    return { ...column, definition: encodeColumnDef(named, 0).subarray(HEADER_BYTES) }
  })
  return toldAs(stream, columns)
}
