/** `table` or `keyspace.table`, with or without backticks; undefined for other text. Neither name holds a dot. */
export function splitTableName(
  text: string,
): { readonly keyspace?: string; readonly table: string } | undefined {
  const parts = text.split('.').map(unquoted)
  if (parts.some((part) => part === '')) return undefined
  if (parts.length === 1) return { table: parts[0] }
  return parts.length === 2 ? { keyspace: parts[0], table: parts[1] } : undefined
}

function unquoted(name: string): string {
  const isQuoted = name.length > 1 && name.startsWith('`') && name.endsWith('`')
  return isQuoted ? name.slice(1, -1).replaceAll('``', '`') : name
}
