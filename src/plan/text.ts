import type { PlanValue } from './values.ts'

/** `Verbatim`: the client's bytes unchanged. */
export type QueryText =
  | { readonly kind: 'Verbatim' }
  | { readonly kind: 'Template'; readonly template: QueryTemplate }

/** Pieces of SQL text (binary strings, see src/sql) with holes for the statement's own literals and params. */
export type QueryTemplate = readonly QueryPiece[]
export type QueryPiece =
  | string
  /** The source text of a literal, of an IN list without its parentheses, or of VALUES rows. */
  | { readonly slot: number }
  /** What MySQL has made of an expression, which is Computed: as a literal. */
  | { readonly computed: QueryTemplate }
  /** A `?`: the statement's param `param` (from 0) is passed on at this place. */
  | { readonly param: number }
  /** SQL text of what the session knows better than a shard: `last_insert_id`, `database`, `@name` (lower case), `shown @name`, `number @name` … */
  | { readonly session: string }
  /** `offset + count` of a LIMIT, so that each shard sends no more than the merge can need. */
  | { readonly limitSum: readonly [PlanValue, PlanValue] }
  /** These columns of the rows that another primitive has just given, as a list: `(1, 'a'), (2, 'b')`, or `1, 2` of one. */
  | { readonly rows: readonly number[] }
  /** This column of the first of those rows. */
  | { readonly cell: number }
  /** An item of a select list, under the name that the client's own text of it gives its column. */
  | { readonly item: QueryTemplate; readonly name: readonly (string | { readonly slot: number })[] }
