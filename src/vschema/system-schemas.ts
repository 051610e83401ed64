/** Schemas that every server has for itself: none of them is a keyspace. */
export const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
])

export function isSystemSchema(name: string | undefined): boolean {
  return name !== undefined && SYSTEM_SCHEMAS.has(name.toLowerCase())
}
