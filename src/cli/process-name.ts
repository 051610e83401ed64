import { hostname } from 'node:os'

/** As people who look for it name a process: `host pid`. */
export function processName(): string {
  return `${hostname()} ${process.pid}`
}
