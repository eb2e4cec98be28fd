/** Memory of one draw, used again by the next: a vocabulary's worth of numbers per token keeps the collector busy. */
const arrays = new Map<string, Float64Array>()

/** An array of this length with anything in it, valid until the same name is asked for again. */
export function scratch(name: 'scores' | 'weights', length: number): Float64Array {
  const known = arrays.get(name)
  if (known?.length === length) return known
  const fresh = new Float64Array(length)
  arrays.set(name, fresh)
  return fresh
}
