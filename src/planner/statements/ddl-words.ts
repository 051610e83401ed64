import type { Ddl } from '../../sql/ast.ts'
import { tokenize } from '../../sql/lexer.ts'
import { print } from '../../sql/print.ts'
import type { PlanContext } from '../plan-context.ts'

export type DdlReading = Pick<PlanContext, 'sqlMode' | 'serverVersion'>

/** The tokens of a DDL statement; `words` has what is not quoted in upper case, `texts` all as it is written. */
export interface DdlWords {
  readonly words: readonly string[]
  readonly texts: readonly string[]
}

export function wordsOf(statement: Ddl, { sqlMode = 0, serverVersion = 0 }: DdlReading): DdlWords {
  const text = print(statement, sqlMode)
  const { types, starts, ends } = tokenize(text, { mode: sqlMode, serverVersion })
  const texts = types.map((_, i) => text.slice(starts[i], ends[i]))
  return { texts, words: types.map((type, i) => (type === 'Ident' ? texts[i]!.toUpperCase() : texts[i]!)) }
}

/** It defines a foreign key: REFERENCES is a word that stands nowhere else. */
export function addsForeignKey({ verb, object }: Ddl, { words }: DdlWords): boolean {
  return object === 'table' && (verb === 'create' || verb === 'alter') && words.includes('REFERENCES')
}
