import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where Debian keeps servers; not on the PATH of every user. */
const MORE_DIRS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin']

/** Path of the first of `names` that is an executable file, on PATH or where servers usually are. */
export function findProgram(...names: readonly string[]): string | undefined {
  const dirs = [...(process.env['PATH'] ?? '').split(delimiter).filter((dir) => dir !== ''), ...MORE_DIRS]
  for (const name of names) {
    const found = dirs.map((dir) => join(dir, name)).find(isExecutable)
    if (found) return found
  }
  return undefined
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
