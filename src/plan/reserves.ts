/** Why a connection is reserved, where a statement of another kind ends it: `LOCK TABLES` until `UNLOCK TABLES`. */
export const TABLE_LOCKS = 'LOCK TABLES'
