import type { Plan } from '../../plan/plan.ts'
import { characteristicItems, type Settings, withItems } from '../../tablet/settings.ts'
import type { Transaction } from '../../transaction/transaction.ts'
import type { SessionState } from '../settings/session-state.ts'
import { withVariables } from './user-variables.ts'

export interface StatementSettingsContext {
  readonly transaction: Transaction
  readonly proxy: { readonly isMariadb: boolean }
  readonly state: SessionState
}

/**
 * The session's settings for a statement, with its own and the user variables that it names or is executed `using`. Where it is a
 * transaction by itself it has what SET TRANSACTION said for the next one, as settings: the connection has others again with the
 * statement after it.
 */
export function settingsOfStatement(
  { transaction, proxy, state }: StatementSettingsContext,
  plan: Plan,
  settings: Settings,
  using?: readonly string[],
): Settings {
  const names = using === undefined ? plan.userVariables : [...plan.userVariables, ...using]
  const given = withVariables(settings, state, names, plan.assigns)
  const own = plan.settings ? withItems(given, new Map([...given.items, ...plan.settings])) : given
  const next = plan.isTableless === true ? undefined : transaction.nextOfStatement()
  if (next === undefined) return own
  const once = characteristicItems(next, proxy.isMariadb)
  return withItems(own, new Map([...own.items, ...once]))
}
