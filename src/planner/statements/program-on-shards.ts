import type { Ddl } from '../../sql/ast.ts'
import { type Tokens, tokenize } from '../../sql/lexer.ts'
import { print } from '../../sql/print.ts'
import { decodeBinary, unquote } from '../../sql/text.ts'
import { sameColumn } from '../../vschema/model.ts'
import { findTable } from '../binding/find-table.ts'
import type { PlanContext } from '../plan-context.ts'

/**
 * Why the shards cannot run a program each for itself as one server would; undefined where they can: a trigger that looks at the
 * row alone and leaves its place, a function of its arguments. Judged by the words of its text, which errs towards refusing.
 */
export function programObstacle(statement: Ddl, context: PlanContext): string | undefined {
  if (statement.object !== 'trigger' && statement.object !== 'function')
    return 'its shards see their own rows'
  const body = bodyOf(statement, context)
  const word = body.find((token, at) => isOutside(token, body[at + 1]))
  if (word !== undefined) return `its body has ${word.bare}: each shard would see its own rows`
  if (body.some(({ type }) => type === 'UserVariable')) return 'each shard would have its own user variables'
  return statement.object === 'trigger' ? triggerObstacle(statement, body, context) : undefined
}

interface BodyToken {
  readonly type: Tokens['types'][number]
  readonly text: string
  /** In upper case; '' for what is no bare word. */
  readonly bare: string
}

/** Of a trigger what stands behind FOR EACH ROW. */
function bodyOf(statement: Ddl, { sqlMode = 0, serverVersion = 0 }: PlanContext): readonly BodyToken[] {
  const text = print(statement, sqlMode)
  const { types, starts, ends } = tokenize(text, { mode: sqlMode, serverVersion })
  const tokens = types.map((type, i): BodyToken => {
    const own = text.slice(starts[i], ends[i])
    return { type, text: own, bare: type === 'Ident' ? own.toUpperCase() : '' }
  })
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

function isOutside({ bare }: BodyToken, next: BodyToken | undefined): boolean {
  if (!OUTSIDE.has(bare)) return false
  return !(ALSO_FUNCTIONS.has(bare) && next?.text === '(')
}

function triggerObstacle(
  { names }: Ddl,
  body: readonly BodyToken[],
  context: PlanContext,
): string | undefined {
  const table = findTable(names[0]!, context)
  if (table.type === 'reference')
    return 'what it makes of a row might differ between the copies of a reference table'
  const placing = [...table.columnVindexes.flatMap(({ columns }) => columns), table.autoIncrement?.column]
  const hasInto = body.some(({ bare }) => bare === 'INTO')
  const moved = placing.find(
    (column) =>
      column !== undefined &&
      body.some((_, at) => isAssigned(column, body.slice(at, at + ASSIGNED_TOKENS), hasInto)),
  )
  return moved === undefined ? undefined : `it may set NEW.${moved}, by which rows are placed`
}

/** `NEW . column =` */
const ASSIGNED_TOKENS = 4

function isAssigned(column: string, [row, dot, name, sign]: readonly BodyToken[], hasInto: boolean): boolean {
  if (row?.bare !== 'NEW' || dot?.text !== '.' || name === undefined) return false
  const named = name.type === 'Quoted' ? unquote(name.text) : decodeBinary(name.text)
  return sameColumn(named, column) && (hasInto || sign?.text === '=' || sign?.text === ':=')
}
