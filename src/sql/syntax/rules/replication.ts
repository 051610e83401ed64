/** Replication and binary logs. Source: MySQL 9.7 manual, "Replication Statements". */
export const replicationRules = `
purge = PURGE rest
`
