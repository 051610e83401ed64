import type { Condition } from '../../errors/condition.ts'
import type { Show } from '../../sql/ast.ts'
import { NAMES } from '../../tablet/settings.ts'
import { columnFlags, fieldTypes } from '../../values/types.ts'
import type { KeptWarnings } from '../commands/kept-warnings.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { namesCollationId } from '../settings/character-set.ts'
import type { SessionState } from '../settings/session-state.ts'
import { numberColumn, textColumn } from './columns.ts'
import type { ShownTable } from './shown-table.ts'

export interface ConditionsContext {
  readonly proxy: Pick<ProxyContext, 'isMariadb' | 'inKeyspaceNames'>
  readonly state: SessionState
  readonly warnings: KeptWarnings
}

/** SHOW WARNINGS, SHOW ERRORS. */
export async function conditionsTable(context: ConditionsContext, show: Show): Promise<ShownTable> {
  const { proxy, state } = context
  const conditions = limited(await fetchConditions(context, show.what), show)
  const { isMariadb } = proxy
  // Defined as the servers define it: clients compare.
  const isText = {
    collationId: namesCollationId(state.settings.items.get(NAMES)!, isMariadb),
    flags: columnFlags.notNull,
    decimals: isMariadb ? 39 : 31,
  }
  const code = { type: fieldTypes.long, columnLength: isMariadb ? 4 : 5 }
  return {
    columns: [
      { ...textColumn('Level', 7), ...isText },
      { ...numberColumn('Code'), ...code, flags: numberColumn('Code').flags | columnFlags.notNull },
      { ...textColumn('Message', 512), ...isText },
    ],
    rows: conditions.map(({ level, code, message }) => [level, String(code), Buffer.from(message)]),
  }
}

/** SHOW COUNT(*) WARNINGS, SHOW COUNT(*) ERRORS. */
export async function countTable(
  context: ConditionsContext,
  what: 'WARNINGS' | 'ERRORS',
): Promise<ShownTable> {
  const { length } = await fetchConditions(context, what)
  const name = what === 'WARNINGS' ? '@@session.warning_count' : '@@session.error_count'
  return { columns: [numberColumn(name)], rows: [[String(length)]] }
}

/** The conditions of the statement before. */
async function fetchConditions(
  { proxy, state, warnings }: ConditionsContext,
  what: string,
): Promise<readonly Condition[]> {
  const kept = await warnings.fetch()
  // Nothing is left of an error whose transaction has been rolled back since.
  if (kept !== undefined && kept.length > 0) state.warnings = kept
  const all = state.warnings.map((each) => ({
    ...each,
    message: proxy.inKeyspaceNames({ errno: each.code, message: each.message }),
  }))
  return what === 'ERRORS' ? all.filter(({ level }) => level === 'Error') : all
}

function limited(conditions: readonly Condition[], { limit }: Show): readonly Condition[] {
  const number = (literal: unknown) => Number((literal as { text: string }).text)
  if (limit === undefined) return conditions
  const { count, offset } = limit
  const start = offset === undefined ? 0 : number(offset)
  return conditions.slice(start, start + number(count))
}
