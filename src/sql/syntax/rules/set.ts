/** What SET does besides assigning to variables. Source: MySQL 9.7 manual, "SET PASSWORD", "SET ROLE", "SET RESOURCE GROUP". */
export const setRules = `
set = SET set_account | set_variables
set_account = PASSWORD [FOR user] {equals string | TO RANDOM} [REPLACE string] [RETAIN CURRENT PASSWORD]
  | ROLE {NONE | DEFAULT | ALL [EXCEPT role_list] | role_list}
  | DEFAULT ROLE {NONE | ALL | role_list} TO role_list
  | RESOURCE GROUP ident [FOR set_thread thread_more*]
set_thread = whole_number
thread_more = [,] set_thread
`
