/** Table maintenance, loading, caches and the server itself. Source: MySQL 9.7 manual, "Database Administration Statements". */
export const adminRules = `
flush = FLUSH rest
`
