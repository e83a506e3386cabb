// How long a Protobuf value is: the lower three bits of the tag before it.
export const VARINT = 0
export const FIXED64 = 1
export const DELIMITED = 2
export const GROUP_START = 3
export const GROUP_END = 4
export const FIXED32 = 5
