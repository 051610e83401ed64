import type { Query, Select } from '../sql/ast.ts'
import { isMariaDb } from '../sql/keywords.ts'
import type { PlanContext } from './plan-context.ts'

export interface OwnSettings {
  /** Without the hints that set them. */
  readonly query: Select
  /** Items of a SET statement, by the names of variables. */
  readonly settings: ReadonlyMap<string, string>
}

/**
 * What the SELECT sets for itself by the hint SET_VAR(), of the variables that hold for a whole answer or for all that shards are
 * asked on the way. Others stay where they are. Undefined where there is none.
 * Source: MySQL 9.7 manual, "Optimizer Hints", "Variable-Setting Hint Syntax": of a variable that is set twice the first counts.
 */
export function ownSettings(ast: Query, { serverVersion = 0 }: PlanContext): OwnSettings | undefined {
  if (ast.kind !== 'Select' || ast.hints === undefined || isMariaDb(serverVersion)) return undefined
  const settings = new Map<string, string>()
  const left = ast.hints.flatMap((comment) => {
    const hint = comment.replace(SET_VAR, (whole, written: string, value: string) => {
      const name = written.toLowerCase()
      if (!VALUES.get(name)?.test(value)) return whole
      if (!settings.has(name)) settings.set(name, value)
      return ''
    })
    return NOTHING.test(hint) ? [] : [hint]
  })
  if (settings.size === 0) return undefined
  const { hints: _, ...query } = ast
  return { query: { ...query, ...(left.length > 0 && { hints: left }) }, settings }
}

const SET_VAR = /\bSET_VAR\s*\(\s*(\w+)\s*=\s*('[^'\\]*'|\w+)\s*\)/gi
const NOTHING = /^\/\*\+\s*\*\/$/
/** Of a value that is none a server warns. */
const VALUES: ReadonlyMap<string, RegExp> = new Map([
  ['sql_select_limit', /^\d{1,19}$/],
  ['time_zone', /^'[+-](?:0?\d|1[0-3]):[0-5]\d'$/],
])
