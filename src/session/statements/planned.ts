import type { Execution } from './execution.ts'

/** The execution of another text, by its own plan, in a statement's place; the text has the values of its params in it. */
export function planned(execution: Execution, sql: string): Execution {
  const { reading } = execution
  const scan = reading.scan(sql)
  return {
    ...execution,
    sql,
    plan: reading.planOf(sql, scan),
    bindings: reading.bindingsOf(sql, scan),
    verbatim: () => execution.ofText({ kind: 'Text', sql, params: [] }),
  }
}
