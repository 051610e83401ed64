import type { Condition } from '../errors/condition.ts'
import type { RowStream } from './row-stream.ts'

/** What a plan that has run answers. */
export type Outcome =
  /** The caller reads and closes the stream. */
  { readonly kind: 'Rows'; readonly stream: RowStream } | ({ readonly kind: 'Ok' } & OkOutcome)

export interface OkOutcome {
  readonly affectedRows: number | bigint
  /** 0: none. */
  readonly lastInsertId: number | bigint
  readonly warnings: number
  readonly info: string
  readonly conditions: readonly Condition[]
  /** The id is one that the statement brought itself: LAST_INSERT_ID() stays as it was. */
  readonly bringsIds: boolean
}
