/** One line of the diagnostics area, as SHOW WARNINGS has it. */
export interface Condition {
  readonly level: 'Note' | 'Warning' | 'Error'
  readonly code: number
  readonly message: string
  /** Of a statement of several rows, where it is known: the number of the row that it is about, from 1. */
  readonly row?: number
}
