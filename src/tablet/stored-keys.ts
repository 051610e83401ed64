import { groupBy } from '../base/group-by.ts'
import type { StoredKey, StoredKeyPart } from '../values/column.ts'
import { quoteName } from '../values/sql-literal.ts'
import type { KeyPart, TableKeys } from './schema-reader.ts'

/** The keys of a table as a copy of it may have them: those of expressions aside, and FULLTEXT ones of texts' beginnings. */
export function storedKeys({ parts }: TableKeys): readonly StoredKey[] {
  const byName = groupBy(parts, ({ key }) => key)
  return [...byName].flatMap(([name, own]) => {
    const isWhole = own.every(({ column }) => column !== undefined)
    return isWhole ? [{ kind: kindOf(name, own[0]!), name, parts: own.map(storedPart) }] : []
  })
}

function kindOf(name: string, { isUnique, type }: KeyPart): StoredKey['kind'] {
  if (name === 'PRIMARY') return 'PRIMARY'
  if (type === 'SPATIAL') return 'SPATIAL'
  return isUnique ? 'UNIQUE' : 'plain'
}

function storedPart({ column = '', prefix, isDescending, type }: KeyPart): StoredKeyPart {
  const length = type === 'FULLTEXT' ? 1 : type === 'SPATIAL' ? null : prefix
  const name = length === null ? quoteName(column) : `${quoteName(column)}(${length})`
  return { column, text: isDescending ? `${name} DESC` : name }
}
