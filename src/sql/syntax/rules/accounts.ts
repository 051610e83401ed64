/** Accounts, roles and privileges. Source: MySQL 9.7 manual, "Account Management Statements". */
export const accountRules = `
create_account = {USER | ROLE} rest
alter_account = USER rest
drop_account = {USER | ROLE} rest
rename_account = USER rest
grant = GRANT rest
revoke = REVOKE rest
`
