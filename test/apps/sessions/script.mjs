// The statements of session.sql as questions: what each answers.
import { readFileSync } from 'node:fs'

export const script = readFileSync(new URL('session.sql', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('--'))

/** @param {(sql: string) => Promise<unknown>} ask @param {string} how it asks: a name is used once */
export function questionsOf(ask, how) {
  const question = (sql) => ask(sql).catch(toldError)
  return Object.fromEntries(script.map((sql, at) => [`${how} ${at + 1}: ${sql}`, () => question(sql)]))
}

/** Without what a driver adds, as the connection's id. */
export const toldError = (error) => [error.errno, error.sqlState, error.sqlMessage ?? error.message]
