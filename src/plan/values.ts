import type { Value } from '../values/value.ts'
import type { QueryTemplate } from './text.ts'

/** A value known at execution without MySQL. NULL in an equality meets no row (`nullSafe`: it maps like any value). */
export type PlanValue =
  | { readonly kind: 'Slot'; readonly slot: number; readonly nullSafe?: boolean }
  | { readonly kind: 'Param'; readonly param: number; readonly nullSafe?: boolean }
  | { readonly kind: 'Constant'; readonly value: Value; readonly nullSafe?: boolean }
  /** An integer that the session knows, by the name that `QueryPiece` gives it: LAST_INSERT_ID(). */
  | { readonly kind: 'Session'; readonly session: string; readonly nullSafe?: boolean }
  /** Cell of the row that another primitive has just given: a join's key. */
  | { readonly kind: 'Cell'; readonly column: number; readonly nullSafe?: boolean }
  /** What MySQL computes from constants before the statement goes anywhere (`5 + 15`, `@a`); all of a plan are in its `computed`. */
  | { readonly kind: 'Computed'; readonly text: QueryTemplate; readonly nullSafe?: boolean }
  /** `-slot`, where the sign is not part of the literal. */
  | { readonly kind: 'Negated'; readonly value: PlanValue }

/** The items of an IN list: all in one `list` slot (any length), or one by one. */
export type PlanList =
  | { readonly kind: 'Slot'; readonly slot: number }
  /** Value number `column` of each tuple in a `rows` slot: `(a, b) IN ((1, 2), (3, 4))`. */
  | { readonly kind: 'Column'; readonly slot: number; readonly column: number }
  | { readonly kind: 'Values'; readonly values: readonly PlanValue[] }
  /** One column of many rows of another primitive: the keys of a batched join. */
  | { readonly kind: 'Cells'; readonly column: number }
