import type { Ddl } from '../../sql/ast.ts'
import { type Tokens, tokenize } from '../../sql/lexer.ts'
import { print } from '../../sql/print.ts'
import type { PlanContext } from '../plan-context.ts'

export interface BodyToken {
  readonly type: Tokens['types'][number]
  readonly text: string
  /** In upper case; '' for what is no bare word. */
  readonly bare: string
}

/** The words of a stored program's text. */
export function programWords(
  text: string,
  { sqlMode = 0, serverVersion = 0 }: PlanContext,
): readonly BodyToken[] {
  const { types, starts, ends } = tokenize(text, { mode: sqlMode, serverVersion })
  return types.map((type, i): BodyToken => {
    const own = text.slice(starts[i], ends[i])
    return { type, text: own, bare: type === 'Ident' ? own.toUpperCase() : '' }
  })
}

/** Of a trigger what stands behind FOR EACH ROW. */
export function bodyOf(statement: Ddl, context: PlanContext): readonly BodyToken[] {
  const tokens = programWords(print(statement, context.sqlMode ?? 0), context)
  if (statement.object !== 'trigger') return tokens.slice(1) // CREATE
  const words = ['FOR', 'EACH', 'ROW']
  const at = tokens.findIndex((_, i) => words.every((word, w) => tokens[i + w]?.bare === word))
  return tokens.slice(at + words.length)
}

/** Words with which rows of tables are read or written, or something is done that is no row's. */
const OUTSIDE: ReadonlySet<string> = new Set(
  'FROM JOIN TABLE INSERT UPDATE DELETE REPLACE CALL LOAD TRUNCATE CREATE DROP ALTER RENAME PREPARE EXECUTE HANDLER LOCK NEXTVAL LASTVAL SETVAL NEXT PREVIOUS'.split(
    ' ',
  ),
)
/** They are functions where a parenthesis follows. */
const ALSO_FUNCTIONS: ReadonlySet<string> = new Set(['INSERT', 'REPLACE'])

export function isOutside({ bare }: BodyToken, next: BodyToken | undefined): boolean {
  if (!OUTSIDE.has(bare)) return false
  return !(ALSO_FUNCTIONS.has(bare) && next?.text === '(')
}
