import { integerPower, nthRoot, sineCosine } from './exact-trigonometry.ts'

/** Cosine and sine tables of rotary position embedding, each [positions, headSize / 2]. */
export interface RotaryTables {
  readonly cosines: Float32Array
  readonly sines: Float32Array
}

/** angle(p, j) = p · theta^(−2j / headSize), in float64 and rounded once to float32. */
export function rotaryTables(positions: number, headSize: number, theta: number): RotaryTables {
  const half = headSize / 2
  const root = nthRoot(theta, half)
  const frequencies = Array.from({ length: half }, (_, j) => 1 / integerPower(root, j))
  const cosines = new Float32Array(positions * half)
  const sines = new Float32Array(positions * half)
  for (let p = 0; p < positions; p++) {
    frequencies.forEach((frequency, j) => {
      const { sine, cosine } = sineCosine(p * frequency)
      cosines[p * half + j] = cosine
      sines[p * half + j] = sine
    })
  }
  return { cosines, sines }
}
