/**
 * Errors that a client may see, as MySQL numbers and words them.
 * Source: MySQL 9.7 Error Reference, "Server Error Message Reference".
 */
const sqlErrors = {
  ER_OUT_OF_SORTMEMORY: { errno: 1038, sqlState: 'HY001' },
  ER_CON_COUNT_ERROR: { errno: 1040, sqlState: '08004' },
  ER_BAD_HOST_ERROR: { errno: 1042, sqlState: '08S01' },
  ER_HANDSHAKE_ERROR: { errno: 1043, sqlState: '08S01' },
  ER_DB_CREATE_EXISTS: { errno: 1007, sqlState: 'HY000' },
  ER_DB_DROP_EXISTS: { errno: 1008, sqlState: 'HY000' },
  ER_NO_SUCH_DB: { errno: 3503, sqlState: '42Y07' },
  ER_WRONG_DB_NAME: { errno: 1102, sqlState: '42000' },
  ER_DBACCESS_DENIED_ERROR: { errno: 1044, sqlState: '42000' },
  ER_ACCESS_DENIED_ERROR: { errno: 1045, sqlState: '28000' },
  ER_NO_DB_ERROR: { errno: 1046, sqlState: '3D000' },
  ER_UNKNOWN_COM_ERROR: { errno: 1047, sqlState: '08S01' },
  ER_BAD_NULL_ERROR: { errno: 1048, sqlState: '23000' },
  ER_BAD_DB_ERROR: { errno: 1049, sqlState: '42000' },
  ER_TABLE_EXISTS_ERROR: { errno: 1050, sqlState: '42S01' },
  ER_NON_UNIQ_ERROR: { errno: 1052, sqlState: '23000' },
  ER_SERVER_SHUTDOWN: { errno: 1053, sqlState: '08S01' },
  ER_BAD_FIELD_ERROR: { errno: 1054, sqlState: '42S22' },
  ER_DUP_ENTRY: { errno: 1062, sqlState: '23000' },
  ER_PARSE_ERROR: { errno: 1064, sqlState: '42000' },
  ER_WRONG_FIELD_TERMINATORS: { errno: 1083, sqlState: '42000' },
  ER_EMPTY_QUERY: { errno: 1065, sqlState: '42000' },
  ER_NONUNIQ_TABLE: { errno: 1066, sqlState: '42000' },
  ER_NET_READ_INTERRUPTED: { errno: 1159, sqlState: '08S01' },
  ER_UPDATE_TABLE_USED: { errno: 1093, sqlState: 'HY000' },
  ER_NO_SUCH_THREAD: { errno: 1094, sqlState: 'HY000' },
  ER_KILL_DENIED_ERROR: { errno: 1095, sqlState: 'HY000' },
  ER_UNKNOWN_ERROR: { errno: 1105, sqlState: 'HY000' },
  ER_UNKNOWN_CHARACTER_SET: { errno: 1115, sqlState: '42000' },
  ER_TOO_MANY_TABLES: { errno: 1116, sqlState: 'HY000' },
  ER_WRONG_VALUE_COUNT_ON_ROW: { errno: 1136, sqlState: '21S01' },
  ER_WRONG_OBJECT: { errno: 1347, sqlState: 'HY000' },
  ER_NO_SUCH_TABLE: { errno: 1146, sqlState: '42S02' },
  ER_NET_PACKET_TOO_LARGE: { errno: 1153, sqlState: '08S01' },
  ER_NET_READ_ERROR: { errno: 1158, sqlState: '08S01' },
  ER_NET_PACKETS_OUT_OF_ORDER: { errno: 1156, sqlState: '08S01' },
  ER_KEY_DOES_NOT_EXITS: { errno: 1176, sqlState: '42000' },
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: { errno: 1792, sqlState: '25006' },
  ER_CANT_DO_THIS_DURING_AN_TRANSACTION: { errno: 1179, sqlState: '25000' },
  ER_UNKNOWN_SYSTEM_VARIABLE: { errno: 1193, sqlState: 'HY000' },
  ER_USER_LIMIT_REACHED: { errno: 1226, sqlState: '42000' },
  ER_TOO_MANY_USER_CONNECTIONS: { errno: 1203, sqlState: '42000' },
  ER_WRONG_ARGUMENTS: { errno: 1210, sqlState: 'HY000' },
  ER_SUBQUERY_NO_1_ROW: { errno: 1242, sqlState: '21000' },
  ER_NO_DEFAULT: { errno: 1230, sqlState: '42000' },
  ER_WRONG_VALUE_FOR_VAR: { errno: 1231, sqlState: '42000' },
  ER_WRONG_TYPE_FOR_VAR: { errno: 1232, sqlState: '42000' },
  ER_NOT_SUPPORTED_YET: { errno: 1235, sqlState: '42000' },
  ER_INCORRECT_GLOBAL_LOCAL_VAR: { errno: 1238, sqlState: 'HY000' },
  ER_UNKNOWN_TABLE: { errno: 1109, sqlState: '42S02' },
  ER_UNKNOWN_STMT_HANDLER: { errno: 1243, sqlState: 'HY000' },
  ER_STACK_OVERRUN_NEED_MORE: { errno: 1436, sqlState: 'HY000' },
  ER_NOT_SUPPORTED_AUTH_MODE: { errno: 1251, sqlState: '08004' },
  ER_COLLATION_CHARSET_MISMATCH: { errno: 1253, sqlState: '42000' },
  ER_UNKNOWN_COLLATION: { errno: 1273, sqlState: 'HY000' },
  ER_TABLEACCESS_DENIED_ERROR: { errno: 1142, sqlState: '42000' },
  ER_SPECIFIC_ACCESS_DENIED_ERROR: { errno: 1227, sqlState: '42000' },
  ER_PROCACCESS_DENIED_ERROR: { errno: 1370, sqlState: '42000' },
  ER_PS_MANY_PARAM: { errno: 1390, sqlState: 'HY000' },
  ER_CANT_CHANGE_TX_CHARACTERISTICS: { errno: 1568, sqlState: '25001' },
  ER_STMT_HAS_NO_OPEN_CURSOR: { errno: 1421, sqlState: 'HY000' },
  /** MariaDB's. */
  ER_SP_UNDECLARED_VAR: { errno: 1327, sqlState: '42000' },
  ER_GET_STACKED_DA_WITHOUT_ACTIVE_HANDLER: { errno: 3004, sqlState: '0Z002' },
  ER_TABLE_NOT_LOCKED: { errno: 1100, sqlState: 'HY000' },
  ER_VIEW_SELECT_TMPTABLE: { errno: 1352, sqlState: 'HY000' },
  ER_UNKNOWN_VIEW: { errno: 4092, sqlState: '42S02' },
  ER_BAD_TABLE_ERROR: { errno: 1051, sqlState: '42S02' },
  ER_SP_DOES_NOT_EXIST: { errno: 1305, sqlState: '42000' },
  ER_LOCK_WAIT_TIMEOUT: { errno: 1205, sqlState: 'HY000' },
  ER_QUERY_INTERRUPTED: { errno: 1317, sqlState: '70100' },
  ER_MAX_PREPARED_STMT_COUNT_REACHED: { errno: 1461, sqlState: '42000' },
  ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: { errno: 1366, sqlState: 'HY000' },
  ER_NON_DML_DYNAMIC_PARAMETERS: { errno: 6413, sqlState: 'HY000' },
  ER_UNSUPPORTED_PS: { errno: 1295, sqlState: 'HY000' },
  ER_WRONG_PARAMCOUNT_TO_STORED: { errno: 1318, sqlState: '42000' },
  ER_DATA_OUT_OF_RANGE: { errno: 1690, sqlState: '22003' },
  ER_INTERNAL_ERROR: { errno: 1815, sqlState: 'HY000' },
  ER_MALFORMED_PACKET: { errno: 1835, sqlState: 'HY000' },
  ER_INNODB_READ_ONLY: { errno: 1874, sqlState: 'HY000' },
  ER_CLIENT_INTERACTION_TIMEOUT: { errno: 4031, sqlState: 'HY000' },
  ER_DA_GLOBAL_CONN_LIMIT: { errno: 4081, sqlState: 'HY000' },
  ER_DA_CONN_LIMIT: { errno: 4082, sqlState: 'HY000' },
  ER_CAPACITY_EXCEEDED: { errno: 3170, sqlState: 'HY000' },
  ER_CLIENT_LOCAL_FILES_DISABLED: { errno: 3948, sqlState: '42000' },
  /** MariaDB's. */
  ER_LOAD_INFILE_CAPABILITY_DISABLED: { errno: 4166, sqlState: 'HY000' },
  ER_SECURE_TRANSPORT_REQUIRED: { errno: 3159, sqlState: 'HY000' },
  ER_QUERY_TIMEOUT: { errno: 3024, sqlState: 'HY000' },
  ER_MUST_CHANGE_PASSWORD_LOGIN: { errno: 1862, sqlState: 'HY000' },
  ER_ROW_IS_REFERENCED_2: { errno: 1451, sqlState: '23000' },
  ER_NO_REFERENCED_ROW_2: { errno: 1452, sqlState: '23000' },
  ER_FK_DEPTH_EXCEEDED: { errno: 3008, sqlState: 'HY000' },
  ER_GET_ERRMSG: { errno: 1296, sqlState: 'HY000' },
  CR_SERVER_LOST: { errno: 2013, sqlState: 'HY000' },
} as const satisfies Record<string, { errno: number; sqlState: string }>

export type SqlErrorCode = keyof typeof sqlErrors

/** An expected failure, told to the client as a MySQL ERR packet. Handlers look at `code` or `errno`, never at the text. */
export class SqlError extends Error {
  readonly code: SqlErrorCode
  readonly errno: number
  readonly sqlState: string

  constructor(code: SqlErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SqlError'
    this.code = code
    this.errno = sqlErrors[code].errno
    this.sqlState = sqlErrors[code].sqlState
  }
}

/** A variable that cannot have the value. */
export function wrongValue(name: string, value: string): SqlError {
  return new SqlError('ER_WRONG_VALUE_FOR_VAR', `Variable '${name}' can't be set to the value of '${value}'`)
}

/** A construct that Shardgate understands but does not plan: 1235, naming the construct. */
export function notSupported(construct: string): SqlError {
  return new SqlError('ER_NOT_SUPPORTED_YET', `This version of Shardgate doesn't yet support '${construct}'`)
}

export function unknownDatabase(name: string): SqlError {
  return new SqlError('ER_BAD_DB_ERROR', `Unknown database '${name}'`)
}

export function noDatabaseSelected(): SqlError {
  return new SqlError('ER_NO_DB_ERROR', 'No database selected')
}

/** The client has not said that it would send files, or the proxy is told not to ask for any. */
export function localFilesDisabled(isMariadb: boolean): SqlError {
  return isMariadb
    ? new SqlError(
        'ER_LOAD_INFILE_CAPABILITY_DISABLED',
        'The used command is not allowed because the MariaDB server or client has disabled the local infile capability',
      )
    : new SqlError(
        'ER_CLIENT_LOCAL_FILES_DISABLED',
        'Loading local data is disabled; this must be enabled on both the client and server sides',
      )
}

export function emptyQuery(): SqlError {
  return new SqlError('ER_EMPTY_QUERY', 'Query was empty')
}
