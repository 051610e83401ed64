/** Accounts, roles and privileges. Source: MySQL 9.7 manual, "Account Management Statements". */
export const accountRules = `
user_word = USER | SESSION_USER | SYSTEM_USER
create_account = user_word [if_not_exists] new_user# [DEFAULT ROLE role_list] user_options
  | ROLE [if_not_exists] role_list
new_user = user {identified_with INITIAL AUTHENTICATION initial_identification
  | [identification] [AND identification [AND identification]]}
initial_identification = identified_by | identified_with AS hashed_password
identification = identified_by | identified_with [AS hashed_password | by_password]
identified_by = IDENTIFIED by_password
identified_with = IDENTIFIED WITH ident_or_string
by_password = BY {RANDOM PASSWORD | string}
hashed_password = string | hex

user_options = [REQUIRE tls_requirement] [WITH resource_option+] account_option* [{COMMENT | ATTRIBUTE} string]
tls_requirement = SSL | X509 | NONE | tls_option {[AND] tls_option}*
tls_option = {SUBJECT | ISSUER | CIPHER} string
resource_option = {MAX_QUERIES_PER_HOUR | MAX_UPDATES_PER_HOUR | MAX_CONNECTIONS_PER_HOUR | MAX_USER_CONNECTIONS} number
account_option = ACCOUNT {LOCK | UNLOCK} | PASSWORD password_option
  | FAILED_LOGIN_ATTEMPTS whole_number | PASSWORD_LOCK_TIME {whole_number | UNBOUNDED}
password_option = EXPIRE [NEVER | DEFAULT | INTERVAL whole_number DAY] | HISTORY {whole_number | DEFAULT}
  | REUSE INTERVAL {whole_number DAY | DEFAULT} | REQUIRE CURRENT [DEFAULT | OPTIONAL]

alter_account = user_word [if_exists] {own_change | user DEFAULT ROLE {ALL | NONE | role_list} | user registration
  | user_change# user_options}
own_change = user_word ( ) {registration | DISCARD OLD PASSWORD | identified_by [REPLACE string] [retain_password]}
retain_password = RETAIN CURRENT PASSWORD
registration = factor {INITIATE REGISTRATION | UNREGISTER | FINISH REGISTRATION SET CHALLENGE_RESPONSE AS hashed_password}
factor = int31 FACTOR
user_change = user [identification_change | DISCARD OLD PASSWORD
  | ADD factor identification [ADD factor identification]
  | MODIFY factor identification [MODIFY factor identification]
  | DROP factor [DROP factor]]
identification_change = identified_by [REPLACE string] [retain_password]
  | identified_with [AS hashed_password [retain_password] | BY RANDOM PASSWORD [retain_password]
    | BY string [REPLACE string] [retain_password]]

drop_account = user_word [if_exists] user_list | ROLE [if_exists] role_list
rename_account = user_word {user TO user}#

grant = GRANT {PROXY ON user TO user_list [with_grant] | grant_privileges | grant_roles}
grant_privileges = ALL [PRIVILEGES] ON privilege_level TO user_list [with_grant] [grant_as]
  | wide_privilege# ON privilege_level TO user_list [with_grant] [grant_as]
  | privilege# ON [TABLE] privilege_object TO user_list [with_grant] [grant_as]
  | privilege# ON routine_kind privilege_object TO user_list [with_grant] [grant_as] ~here
with_grant = WITH GRANT OPTION
grant_as = AS user [WITH ROLE {DEFAULT | NONE | ALL [EXCEPT role_list] | role_list}]
grant_roles = {role no_paren | ~privilege}# TO user_list [WITH ADMIN OPTION]

revoke = REVOKE [if_exists] {revoked revoked_from | privilege# ON routine_kind privilege_object revoked_from ~here
  | {role no_paren | ~privilege}# revoked_from}
revoked = PROXY ON user | ALL [PRIVILEGES] {ON privilege_level | , GRANT OPTION}
  | wide_privilege# ON privilege_level | privilege# ON [TABLE] privilege_object
revoked_from = FROM user_list [IGNORE UNKNOWN USER]

privilege_level = [TABLE | routine_kind] privilege_object
routine_kind = FUNCTION | PROCEDURE | LIBRARY
privilege_object = '*' [. '*'] | ident [. {'*' | ident}]
privilege = {SELECT | INSERT | UPDATE | REFERENCES} [column_names] | wide_privilege
column_names = ( ident_list )
wide_privilege = {SELECT | INSERT | UPDATE | REFERENCES} no_paren
  | DELETE | USAGE | INDEX | EXECUTE | RELOAD | SHUTDOWN | PROCESS | FILE | SUPER | EVENT | TRIGGER
  | ALTER [ROUTINE] | CREATE [TEMPORARY TABLES | VIEW | ROUTINE | USER | TABLESPACE | ROLE] | DROP [ROLE]
  | GRANT OPTION | SHOW {DATABASES | SCHEMAS | VIEW} | LOCK TABLES | REPLICATION {SLAVE | CLIENT}
  | ~{{role_ident | string} at_name} | {role_ident | string} [column_names]
`
