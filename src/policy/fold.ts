/**
 * A name as the servers compare those of system schemas and functions: in lower case, by utf8mb3_general_ci's tables, where
 * İ is the capital of i.
 */
export function fold(name: string): string {
  return name.toLowerCase().replaceAll('\u0307', '')
}

/**
 * A name as MySQL finds variables and loadable functions: by the weights of utf8mb3_general_ci, without accents, so that
 * `sql_lög_bin` is sql_log_bin.
 */
export function foldAccents(name: string): string {
  const base = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  return base.replaceAll('ı', 'i').replace(/[ſß]/g, 's')
}
