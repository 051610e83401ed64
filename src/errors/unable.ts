import { SqlError } from './sql-error.ts'

const CODES: ReadonlySet<string> = new Set(['ER_NOT_SUPPORTED_YET', 'ER_OUT_OF_SORTMEMORY'])

/** It cannot be done so, or there is no memory to do it: another plan may answer. */
export function isUnable(error: unknown): boolean {
  return error instanceof SqlError && CODES.has(error.code)
}
