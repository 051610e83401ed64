import { bindLiterally } from '../../engine/bind.ts'
import { StreamRows } from '../../engine/outer-rows.ts'
import { ServerError } from '../../errors/server-error.ts'
import { runQuery } from '../../mysql/client/simple-command.ts'
import type { QueryTemplate } from '../../plan/text.ts'
import { isText, type Value, value } from '../../values/value.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { Execution } from './execution.ts'
import { losslessTexts } from './row-texts.ts'
import { withoutSelectLimit } from './select-limit.ts'
import type { ShardAccess } from './shard-access.ts'
import { streamColumn } from './stream-column.ts'
import { withVariables } from './user-variables.ts'

export interface ComputeContext {
  readonly shards: ShardAccess
  readonly state: SessionState
}

/**
 * Has a server compute what decides where the statement goes: all of it in one question, with the session's settings. What it
 * refuses stays untold: the statement goes to all shards, and they say what is wrong.
 */
export async function computeValues(context: ComputeContext, execution: Execution): Promise<void> {
  const { plan, bindings } = execution
  const known = new Map<QueryTemplate, Value>()
  const asked: { readonly text: QueryTemplate; readonly sql: string }[] = []
  for (const text of plan.computed ?? []) {
    const { sql } = bindLiterally({ kind: 'Template', template: text }, bindings)
    const integer = knownInteger(sql, context.state)
    if (integer === undefined) asked.push({ text, sql })
    else known.set(text, value('INT64', integer))
  }
  if (asked.length > 0) {
    const values = await valuesOf(
      context,
      execution,
      asked.map(({ sql }) => sql),
    )
    for (const [i, each] of values.entries()) known.set(asked[i]!.text, each)
  }
  bindings.computed = known
}

/** Of a variable alone, far from the bounds of 64 bits. */
function knownInteger(sql: string, { userVariables }: SessionState): string | undefined {
  const name = /^@`?([\w$.]+)`?$/.exec(sql)?.[1]?.toLowerCase()
  const variable = name === undefined ? undefined : userVariables.get(name)
  const isKnown = variable?.kind === 'signed' && /^(?:0|-?[1-9]\d{0,14})$/.test(variable.text)
  return isKnown ? variable.text : undefined
}

async function valuesOf(
  { shards, state }: ComputeContext,
  { plan, reading }: Execution,
  exprs: readonly string[],
): Promise<readonly Value[]> {
  const keyspace = plan.shortcut?.routing.keyspace ?? ''
  const shard = shards.pick(keyspace, shards.of(keyspace).shards.length)
  const target = shards.target(keyspace, shard, reading.target.tabletType)
  const own = withVariables(state.settingsFor(reading), state, plan.userVariables)
  const settings = withoutSelectLimit(losslessTexts(own))
  try {
    return await shards.on(target, settings, async ({ connection, tablet }) => {
      const { columns, rows } = await runQuery(connection, `SELECT ${exprs.join(', ')} LIMIT 1`)
      const row = new StreamRows(
        rows,
        columns.map((column) => streamColumn(column, tablet)),
        'text',
      )
      return exprs.map((_, i) => told(row.value(i), reading.charset))
    })
  } catch (error) {
    if (error instanceof ServerError) return []
    throw error
  }
}

/**
 * Texts that are compared in ways of their own are untold: as doubles with integers beyond what these hold, as the client's bytes
 * with binary strings.
 */
function told(computed: Value, charset: string): Value {
  if (!isText(computed.type)) return computed
  const text = Buffer.from(computed.bytes).latin1Slice()
  const isLong = /^\s*[+-]?\d{16}/.test(text)
  const isForeign = charset !== 'utf8mb4' && /[\x80-\xff]/.test(text)
  return isLong || isForeign ? { ...computed, type: 'EXPRESSION' } : computed
}
