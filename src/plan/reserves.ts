/** Why a connection is reserved, where a statement of another kind ends it: `LOCK TABLES` until `UNLOCK TABLES`. */
export const TABLE_LOCKS = 'LOCK TABLES'
/** As `TABLE_LOCKS`, but a transaction that begins does not end it. */
export const READ_LOCK = 'FLUSH TABLES WITH READ LOCK'
/** Until the session has dropped the last of them. */
export const TEMPORARY_TABLES = 'temporary table'
/** Until the session has released the last of its locks by name. */
export const NAMED_LOCKS = 'GET_LOCK()'
