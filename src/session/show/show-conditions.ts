import type { Condition } from '../../errors/condition.ts'
import type { Show } from '../../sql/ast.ts'
import { NAMES } from '../../tablet/settings.ts'
import { columnFlags, fieldTypes } from '../../values/types.ts'
import type { KeptWarnings } from '../commands/kept-warnings.ts'
import { inOwnWords, type OwnWordsContext } from '../commands/own-words.ts'
import type { ProxyContext } from '../proxy-context.ts'
import { namesCollationId } from '../settings/character-set.ts'
import type { SessionState } from '../settings/session-state.ts'
import { numberColumn, textColumn } from './columns.ts'
import type { ShownTable } from './shown-table.ts'

export interface ConditionsContext {
  readonly client: OwnWordsContext['client']
  readonly proxy: OwnWordsContext['proxy'] & Pick<ProxyContext, 'isMariadb'>
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
  const conditions = await fetchConditions(context, what)
  // Beyond max_error_count they are counted only.
  const count = what === 'WARNINGS' ? context.state.warningCount : conditions.length
  const name = what === 'WARNINGS' ? '@@session.warning_count' : '@@session.error_count'
  return { columns: [numberColumn(name)], rows: [[String(count)]] }
}

/** The conditions of the statement before; of `what` ERRORS those alone. */
export async function fetchConditions(
  context: ConditionsContext,
  what: string,
): Promise<readonly Condition[]> {
  const { state, warnings } = context
  const kept = await warnings.fetch()
  // Nothing is left of an error whose transaction has been rolled back since.
  if (kept !== undefined && kept.length > 0)
    state.keepWarnings(kept, Math.max(kept.length, state.warningCount))
  const all = state.warnings.map((each) => ({
    ...each,
    message: inOwnWords(context, { errno: each.code, message: each.message }),
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
