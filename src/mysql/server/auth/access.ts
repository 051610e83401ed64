import type { TableRule } from './table-rules.ts'

/** What a user may do, as the users file says it (src/policy holds users to it). */
export interface Access {
  /** `app`: what MySQL lets an account do that has all privileges on its databases; `admin`: what the servers let the proxy do. */
  readonly role: 'app' | 'admin'
  /** The only ones that the user may use; undefined: all. */
  readonly keyspaces: ReadonlySet<string> | undefined
  /** Tables to which the user may not do everything, among others; undefined: none. They are no matter of administrators. */
  readonly tables?: readonly TableRule[] | undefined
  /** Undefined: none of its own. */
  readonly limits?: UserLimits | undefined
}

/** What one user may have of a process. Absent: any number. */
export interface UserLimits {
  readonly connections?: number | undefined
  /** Statements a second. */
  readonly rate?: number | undefined
  /** Statements at once. */
  readonly concurrency?: number | undefined
}

export const USUAL_ACCESS: Access = { role: 'app', keyspaces: undefined }
