import type { Word } from '../lexer.ts'
import type { TokenStream } from './token-stream.ts'

const simpleUnits: ReadonlySet<string> = new Set([
  'MICROSECOND',
  'SECOND',
  'MINUTE',
  'HOUR',
  'DAY',
  'WEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
  'SQL_TSI_SECOND',
  'SQL_TSI_MINUTE',
  'SQL_TSI_HOUR',
  'SQL_TSI_DAY',
  'SQL_TSI_WEEK',
  'SQL_TSI_MONTH',
  'SQL_TSI_QUARTER',
  'SQL_TSI_YEAR',
])

const compoundUnits: ReadonlySet<string> = new Set([
  'SECOND_MICROSECOND',
  'MINUTE_MICROSECOND',
  'MINUTE_SECOND',
  'HOUR_MICROSECOND',
  'HOUR_SECOND',
  'HOUR_MINUTE',
  'DAY_MICROSECOND',
  'DAY_SECOND',
  'DAY_MINUTE',
  'DAY_HOUR',
  'YEAR_MONTH',
])

/** Unit of INTERVAL and EXTRACT. */
export function parseUnit(p: TokenStream): string {
  return takeUnit(p, (word) => simpleUnits.has(word) || compoundUnits.has(word))
}

/** Unit of TIMESTAMPADD and TIMESTAMPDIFF. */
export function parseSimpleUnit(p: TokenStream): string {
  return takeUnit(p, (word) => simpleUnits.has(word))
}

function takeUnit(p: TokenStream, isUnit: (word: Word | '') => boolean): string {
  const { word } = p
  if (!isUnit(word)) p.fail()
  p.advance()
  return word
}
