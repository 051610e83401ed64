/**
 * Tablespaces, servers, spatial reference systems, resource groups, libraries, components, plugins.
 * Source: MySQL 9.7 manual, "Data Definition Statements", "Component, Plugin, and Loadable Function Statements".
 */
export const objectRules = `
create_object = rest
alter_object = rest
drop_object = rest
`
