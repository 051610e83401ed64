import type { Ddl } from '../../sql/ast.ts'
import { decodeBinary, unquote } from '../../sql/text.ts'
import { sameColumn } from '../../vschema/model.ts'
import { findTable } from '../binding/find-table.ts'
import type { PlanContext } from '../plan-context.ts'
import { eventObstacle } from './event-on-shards.ts'
import { type BodyToken, bodyOf, isOutside } from './program-words.ts'

/**
 * Why the shards cannot run a program each for itself as one server would; undefined where they can: a trigger that looks at the
 * row alone and leaves its place, a function of its arguments, an event that writes rows one by one. Judged by the words of its
 * text, which errs towards refusing. A procedure is judged when it is called.
 */
export function programObstacle(statement: Ddl, context: PlanContext): string | undefined {
  if (statement.object === 'procedure') return undefined
  if (statement.object === 'event') return eventObstacle(statement, context)
  if (statement.object !== 'trigger' && statement.object !== 'function')
    return 'its shards see their own rows'
  const body = bodyOf(statement, context)
  const word = body.find((token, at) => isOutside(token, body[at + 1]))
  if (word !== undefined) return `its body has ${word.bare}: each shard would see its own rows`
  if (body.some(({ type }) => type === 'UserVariable')) return 'each shard would have its own user variables'
  return statement.object === 'trigger' ? triggerObstacle(statement, body, context) : undefined
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
