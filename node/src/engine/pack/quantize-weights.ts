/** Four-bit weights, as onnxruntime's MatMulNBits reads them. */

/** Weights that share a scale. */
export const Q4_BLOCK = 32

/** A matrix of [rows, columns]: packed [rows, blocks, 16] bytes, and scales [rows · blocks]. */
export interface QuantizedMatrix {
  readonly packed: Uint8Array
  readonly scales: Float32Array
}

/**
 * Symmetric around code 8: a weight w becomes round(w / scale) + 8 in 0..15, the scale being the entry
 * of largest magnitude divided by -8, so that this one is met exactly. Two codes to a byte, the first in
 * the low half. Only float32 rounding is used, so all machines pack the same bytes.
 * @param columns a multiple of 32
 */
export function quantizeMatrix(
  values: Float32Array,
  rows: number,
  columns: number,
): QuantizedMatrix {
  const blocks = columns / Q4_BLOCK
  const packed = new Uint8Array((rows * columns) / 2)
  const scales = new Float32Array(rows * blocks)
  for (let block = 0; block < scales.length; block++) {
    const start = block * Q4_BLOCK
    const held = values.subarray(start, start + Q4_BLOCK)
    const scale = Math.fround(largest(held) / -8) || 1
    scales[block] = scale
    held.forEach((value, i) => {
      const code = Math.max(0, Math.min(15, Math.round(Math.fround(value / scale)) + 8))
      const byte = (start + i) >> 1
      packed[byte] = (packed[byte] ?? 0) | (code << (4 * (i & 1)))
    })
  }
  return { packed, scales }
}

/** The entry of largest magnitude, with its sign. */
function largest(values: Float32Array): number {
  return values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
}
