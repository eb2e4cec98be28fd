/** Turns domain values into wire bytes and back; both directions check every rule of the message. */
export interface Codec<T> {
  readonly name: string
  /** Largest encoding in bytes, checked before anything is parsed. */
  readonly maxBytes: number
  /** Throws ProtoError when the value breaks a rule of the message. */
  encode(value: T): Uint8Array
  /** Throws ProtoError and nothing else. The value shares no memory with `bytes`. */
  decode(bytes: Uint8Array): T
}

/**
 * One value of a message. The wire side is what protobufjs takes and gives; `undefined` stands for a field
 * that is not on the wire. `path` names the field in errors.
 */
export interface Field<T> {
  readonly optional?: false
  fromWire(wire: unknown, path: string): T
  toWire(value: T, path: string): unknown
}

/** A field that the domain type may lack. */
export interface OptionalField<T> extends Omit<Field<T>, 'optional'> {
  readonly optional: true
  /** An empty list counts as absent. */
  readonly absentWhenEmpty?: true
}

/** A field for every property of T, optional fields exactly for optional properties. */
export type StructFields<T> = {
  readonly [K in keyof T]-?: object extends Pick<T, K> ? OptionalField<T[K]> : Field<T[K]>
}

/** A field for every `kind` of a union whose members look like `{kind: 'chunk', chunk: Chunk}`. */
export type UnionFields<U extends { kind: string }> = {
  readonly [K in U['kind']]: Field<Extract<U, { kind: K }> extends Record<K, infer V> ? V : never>
}

/** A union, with the names of its members on the wire. */
export interface UnionField<T> extends Field<T> {
  readonly kinds: readonly string[]
}

/** The part of a generated message class that a codec uses. */
export interface WireMessage {
  encode(message: object): { finish(): Uint8Array }
  decode(reader: never): object
}
