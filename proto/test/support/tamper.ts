/** Breaks one field of a valid message, as a domain value or on the wire. */
import * as v1 from '../../src/generated/duckmesh.js'
import { CODECS } from '../../vectors/build.ts'
import { SAMPLES } from '../../vectors/samples.ts'
import type { Codec } from '../../src/codec/interface.ts'

interface WireClass {
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
}

export function codecOf(name: string): Codec<unknown> {
  const codec = CODECS.get(name)
  if (codec === undefined) throw new TypeError(`no codec ${name}`)
  return codec
}

/** Generated class of a codec; their names differ only in the first letter. */
export function wireClassOf(name: string): WireClass {
  const classes = v1 as unknown as Record<string, WireClass>
  const found = classes[`${name.charAt(0).toUpperCase()}${name.slice(1)}`]
  if (found === undefined) throw new TypeError(`no generated class for ${name}`)
  return found
}

/** The first sample that has a value where the path starts. */
export function sampleOf(name: string, path: string): unknown {
  const [head = ''] = path.split('.')
  const samples = SAMPLES[name as keyof typeof SAMPLES] as readonly unknown[]
  const sample = samples.find((value) => head in (value as object))
  return structuredClone(sample ?? samples[0])
}

/** Sets what lies at the path of dots; `undefined` removes it. */
function setAt(target: object, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let holder = target as Record<string, unknown>
  for (const key of keys) holder = holder[key] as Record<string, unknown>
  if (value === undefined) delete holder[last]
  else holder[last] = value
}

/** A sample with another domain value at the path. */
export function tamperedValue(name: string, path: string, value: unknown): unknown {
  const sample = sampleOf(name, path)
  setAt(sample as object, path, value)
  return sample
}

/** The bytes of a sample with another wire value at the path. */
export function tamperedBytes(name: string, path: string, value: unknown): Uint8Array {
  const wire = wireClassOf(name).decode(codecOf(name).encode(sampleOf(name, path)))
  setAt(wire, path, value)
  return Uint8Array.from(wireClassOf(name).encode(wire).finish())
}
