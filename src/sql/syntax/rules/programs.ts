/** Stored programs and events, with their bodies. Source: MySQL 9.7 manual, "Compound Statement Syntax". */
export const programRules = `
create_program = {PROCEDURE | FUNCTION | TRIGGER | EVENT} rest
alter_program = {PROCEDURE | FUNCTION | EVENT} rest
drop_program = {PROCEDURE | FUNCTION | TRIGGER | EVENT} rest
`
