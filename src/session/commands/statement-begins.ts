import type { Scan } from '../../sql/scan.ts'
import type { SessionState } from '../settings/session-state.ts'
import type { KeptWarnings } from './kept-warnings.ts'

export interface StatementBeginsContext {
  readonly state: SessionState
  readonly warnings: KeptWarnings
}

/** What the statement before left behind is forgotten, unless this one asks for it. */
export function statementBegins({ state, warnings }: StatementBeginsContext, scan: Scan): void {
  if (state.signal !== undefined && !asksForWarnings(scan)) state.signal = undefined
  if ((!warnings.holding && state.warningCount === 0) || asksForWarnings(scan)) return
  warnings.drop()
  state.warnings = []
}

/** Statements that ask about the one before must not disturb what it left behind. */
function asksForWarnings(scan: Scan): boolean {
  if (scan.kind === 'GET') return true
  if (scan.kind !== 'SHOW' && scan.kind !== 'SELECT') return false
  const key = scan.key.toUpperCase()
  if (scan.kind === 'SHOW') return key.includes('WARNINGS') || key.includes('ERRORS')
  return key.includes('@@') && (key.includes('WARNING_COUNT') || key.includes('ERROR_COUNT'))
}
