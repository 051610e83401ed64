import type { Column } from './column.ts'

const RULES = ['RESTRICT', 'NO ACTION', 'CASCADE', 'SET NULL', 'SET DEFAULT'] as const

/** What becomes of rows that refer to a row which is deleted, or gets another key. */
export type ForeignKeyRule = (typeof RULES)[number]

export function isForeignKeyRule(words: string): words is ForeignKeyRule {
  return RULES.some((rule) => rule === words)
}

/** A foreign key as information_schema tells of it. */
export interface StoredForeignKey {
  readonly name: string
  readonly columns: readonly string[]
  /** What it refers to. */
  readonly parent: string
  readonly parentColumns: readonly string[]
  /** The parent is in another database. */
  readonly isForeign?: true
  readonly onDelete: ForeignKeyRule
  readonly onUpdate: ForeignKeyRule
}

/** A foreign key of a table, the child, that refers to another of its keyspace, or to itself. */
export interface ForeignKey extends StoredForeignKey {
  readonly keyspace: string
  readonly child: string
  /** `parentColumns` as the parent has them. */
  readonly parentTypes: readonly Column[]
  /** Columns of the child with ON UPDATE CURRENT_TIMESTAMP: what a rule changes leaves them as they are. */
  readonly dated: readonly string[]
}

export function isSelfReferring({ child, parent }: Pick<ForeignKey, 'child' | 'parent'>): boolean {
  return child === parent
}

/** The rule changes rows of the child; otherwise they stand in the way. */
export function isAction(rule: ForeignKeyRule): boolean {
  return rule === 'CASCADE' || rule === 'SET NULL'
}
