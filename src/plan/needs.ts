/** What an ordinary user lacks for a statement, as the error names it. */
export type Denial =
  /** 1227: one of these privileges. */
  | { readonly kind: 'Privilege'; readonly privileges: string }
  /** 1142: `command` on a table. */
  | { readonly kind: 'Table'; readonly command: string; readonly schema: string; readonly table: string }
  /** 1044: anything in a database. */
  | { readonly kind: 'Database'; readonly database: string }
  /** 1370: `command` on a stored routine. */
  | { readonly kind: 'Routine'; readonly command: string; readonly routine: string }
  /** 1045: files of the server. */
  | { readonly kind: 'Account' }

/** A keyspace, or another database of the servers, that a statement names or reaches. */
export interface Reach {
  readonly schema: string
  /** Absent where the statement concerns more than one table of it, or none. */
  readonly table?: string
  /** The name stands in a text that is passed on, and may be that of a table or an alias. */
  readonly isGuess?: true
}

/** What a statement needs of its user (src/policy). Decided when the plan is made, asked for each execution. */
export interface Needs {
  /** Only an administrator may run it. */
  readonly denied?: Denial
  /** As SELECT, INSERT …, for 1142 on one of `reaches`. */
  readonly command: string
  /** For users who may not use every keyspace. */
  readonly reaches: readonly Reach[]
  /** For users who may not do everything to each table. */
  readonly tables: readonly TableNeed[]
}

/** Something that is done to a table. */
export interface TableNeed {
  readonly right: 'read' | 'write' | 'ddl'
  /** For 1142. */
  readonly command: string
  readonly keyspace: string
  readonly table: string
}
