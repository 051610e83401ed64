import type { ValueType } from './value.ts'

/** What is known of a column of a table, from a VSchema or from a database. */
export interface Column {
  readonly name: string
  /** Absent when nobody says. */
  readonly type?: ValueType
  readonly collation?: string
  readonly nullable: boolean
  /** Not part of `*`. */
  readonly invisible: boolean
  /** MySQL's own AUTO_INCREMENT. */
  readonly autoIncrement: boolean
  /** SQL text of the default value. */
  readonly default?: string
  readonly size?: number
  readonly scale?: number
  /** Members of an ENUM or SET. */
  readonly values: readonly string[]
}
