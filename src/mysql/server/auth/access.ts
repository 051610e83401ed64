/** What a user may do, as the users file says it (src/policy holds users to it). */
export interface Access {
  /** `app`: what MySQL lets an account do that has all privileges on its databases; `admin`: what the servers let the proxy do. */
  readonly role: 'app' | 'admin'
  /** The only ones that the user may use; undefined: all. */
  readonly keyspaces: ReadonlySet<string> | undefined
}

export const USUAL_ACCESS: Access = { role: 'app', keyspaces: undefined }
