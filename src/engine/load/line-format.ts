import { SqlError } from '../../errors/sql-error.ts'
import type { FileFormat } from '../../plan/write-primitives.ts'
import type { Bindings } from '../bindings.ts'
import { bindValue } from '../plan-value.ts'

/** What lines and fields of a file begin and end with; -1 and no bytes where there is no such thing. */
export interface LineFormat {
  readonly fieldEnd: Buffer
  readonly lineStart: Buffer
  readonly lineEnd: Buffer
  readonly enclosed: number
  readonly escaped: number
}

const TAB = Buffer.from('\t')
const NEW_LINE = Buffer.from('\n')
const BACKSLASH = Buffer.from('\\')
const NOTHING = Buffer.alloc(0)

/**
 * The format of this execution, with MySQL's defaults; undefined for rows of a fixed size, whose fields only the server knows.
 * Throws ER_WRONG_FIELD_TERMINATORS as the servers do.
 */
export function lineFormat(
  format: FileFormat,
  bindings: Bindings,
  { noBackslashEscapes }: { readonly noBackslashEscapes: boolean },
): LineFormat | undefined {
  const bytes = (term: Exclude<keyof FileFormat, 'charset'>, usual: Buffer): Buffer => {
    const value = format[term]
    return value === undefined ? usual : Buffer.from(bindValue(value, bindings).bytes)
  }
  const fieldEnd = bytes('terminated', TAB)
  const enclosed = bytes('enclosed', NOTHING)
  const escaped = bytes('escaped', noBackslashEscapes ? NOTHING : BACKSLASH)
  const lineEnd = bytes('linesTerminated', NEW_LINE)
  if (enclosed.length > 1 || escaped.length > 1) throw wrongTerminators()
  if (fieldEnd.length === 0) return undefined
  return {
    fieldEnd,
    lineStart: bytes('starting', NOTHING),
    // One that is the same ends fields alone: lines are so many fields then.
    lineEnd: lineEnd.equals(fieldEnd) ? NOTHING : lineEnd,
    enclosed: enclosed[0] ?? -1,
    escaped: escaped[0] ?? -1,
  }
}

function wrongTerminators(): SqlError {
  return new SqlError(
    'ER_WRONG_FIELD_TERMINATORS',
    'Field separator argument is not what is expected; check the manual',
  )
}
