import { type BoundParam, isUnsigned } from '../../mysql/codec/stmt-execute.ts'
import { binaryValue } from '../../values/binary-value.ts'
import { nullValue, type Value } from '../../values/value.ts'

/** A param of COM_STMT_EXECUTE as the text value that vindexes take. */
export function paramValue(param: BoundParam): Value {
  return param.bytes === null ? nullValue : binaryValue(param.type, isUnsigned(param), param.bytes)
}
