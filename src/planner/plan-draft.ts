import type { Plan, Shortcut } from '../plan/plan.ts'
import type { RowsPrimitive, RunDdl, SendWrite, SplitInsert, Unsupported } from '../plan/primitives.ts'

/** What planning one kind of statement yields, before it becomes a plan. */
export type PlanDraft =
  | QueryDraft
  | WriteDraft
  | InsertDraft
  | RunDdl
  | { readonly kind: 'Session' }
  | Unsupported

interface Connection {
  readonly userVariables: readonly string[]
  readonly reserves?: boolean
}

export interface QueryDraft extends Connection {
  readonly kind: 'Query'
  readonly shortcut?: Shortcut
  readonly root: RowsPrimitive
  readonly locks: boolean
}

export type WriteDraft = SendWrite & Connection
export type InsertDraft = SplitInsert & Connection

export function planOfDraft(draft: PlanDraft): Plan {
  switch (draft.kind) {
    case 'Query': {
      const { kind: _, reserves = false, ...rest } = draft
      return { ...rest, reserves }
    }
    case 'Write': {
      const { userVariables, reserves = false, ...root } = draft
      const { routing, query } = root
      return { root, shortcut: { routing, query }, userVariables, locks: true, reserves }
    }
    case 'Insert': {
      const { userVariables, reserves = false, ...root } = draft
      return { root, userVariables, locks: true, reserves }
    }
    default:
      return { root: draft, userVariables: [], locks: true, reserves: false }
  }
}
