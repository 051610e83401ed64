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
  /** As its server has it; absent where only a VSchema speaks of the column. */
  readonly stored?: StoredColumn
}

/** What a copy of a column needs to be taken for the column itself. */
export interface StoredColumn {
  /** SQL text (a binary string) that defines it in another table: what is generated is a value there. */
  readonly definition: string
  /** The same for one that is left empty, whatever the column may be. */
  readonly emptyDefinition: string
  /** Its type without a name, of a column that may be NULL. */
  readonly unnamedDefinition?: string
  /** The columns that it is generated of, where it is. */
  readonly computedOf?: readonly string[]
  /** One that MySQL computes of others, with their names: what depends on these depends on it. */
  readonly generated?: { readonly definition: string; readonly of: readonly string[] }
  /** Flags that its definition packet has for being part of keys (PRI_KEY_FLAG and its kin). */
  readonly keyFlags: number
}

/** A key of a table. */
export interface StoredKey {
  readonly kind: 'PRIMARY' | 'UNIQUE' | 'plain' | 'SPATIAL'
  readonly name: string
  readonly parts: readonly StoredKeyPart[]
}

export interface StoredKeyPart {
  readonly column: string
  /** SQL text of the part (a binary string): the column, of which perhaps only the beginning counts. */
  readonly text: string
}

/** A view as its server has it. */
export interface StoredView {
  /** SQL text (a binary string), in which tables and columns have their databases in front; empty where it may not be read. */
  readonly query: string
  /** In which the view is. */
  readonly database: string
}
