import type { Plan } from '../../plan/plan.ts'
import { characteristicItems, makeSettings, type Settings } from '../../tablet/settings.ts'
import type { Transaction } from '../../transaction/transaction.ts'

/**
 * The session's settings for a statement. Where it is a transaction by itself it has what SET TRANSACTION said for the next
 * one, as settings: the connection has others again with the statement after it.
 */
export function settingsOfStatement(
  context: { readonly transaction: Transaction; readonly proxy: { readonly isMariadb: boolean } },
  plan: Plan,
  settings: Settings,
): Settings {
  const next = plan.isTableless === true ? undefined : context.transaction.nextOfStatement()
  if (next === undefined) return settings
  const once = characteristicItems(next, context.proxy.isMariadb)
  return makeSettings(new Map([...settings.items, ...once]), settings.kind)
}
