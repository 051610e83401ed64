/** One line of the diagnostics area, as SHOW WARNINGS has it. */
export interface Condition {
  readonly level: 'Note' | 'Warning' | 'Error'
  readonly code: number
  readonly message: string
}
