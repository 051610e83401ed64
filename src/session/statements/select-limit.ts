import type { Plan } from '../../plan/plan.ts'
import { answersRows, type RowsPrimitive } from '../../plan/primitives.ts'
import { type Settings, withItems } from '../../tablet/settings.ts'
import type { Value } from '../../values/value.ts'

const SELECT_LIMIT = 'sql_select_limit'

/** sql_select_limit holds for the whole answer of a SELECT without LIMIT, not for what each shard adds to it. */
export function withSelectLimit(
  plan: Plan,
  settings: Settings,
): { readonly plan: Plan; readonly settings: Settings } {
  const { root } = plan
  const limit = settings.items.get(SELECT_LIMIT)
  if (limit === undefined || !answersRows(root)) return { plan, settings }
  const unlimited = withoutSelectLimit(settings)
  // A statement over copies is run whole, with all of the session's settings.
  const isWhole = root.kind === 'Unsupported' || root.kind === 'Federate'
  if (hasLimit(root) || isWhole) return { plan, settings: unlimited }
  const value: Value = { type: 'UINT64', bytes: Buffer.from(limit, 'latin1') }
  const limited: RowsPrimitive = { kind: 'Limit', input: root, count: { kind: 'Constant', value } }
  return { plan: { ...plan, root: limited }, settings: unlimited }
}

/** For queries whose rows are no answer to a client. */
export function withoutSelectLimit(settings: Settings): Settings {
  if (!settings.items.has(SELECT_LIMIT)) return settings
  const items = new Map(settings.items)
  items.delete(SELECT_LIMIT)
  return withItems(settings, items)
}

function hasLimit(root: RowsPrimitive): boolean {
  return root.kind === 'Limit' || ('input' in root && hasLimit(root.input))
}
