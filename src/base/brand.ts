declare const brand: unique symbol

/** A structural type made nominal, so that a keyspace id is not any other byte array. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
