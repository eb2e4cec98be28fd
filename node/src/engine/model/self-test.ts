/** Calibration vectors, recomputed. */
import { EngineError } from '../errors.ts'
import type { CalibrationVector } from './manifest.ts'

/** Largest difference of a raw logit that a node may show at load; float32 kernels differ by 1e-5. */
export const SELF_TEST_TOLERANCE = 1e-3

/**
 * Recomputes the calibration vectors of a manifest. A machine that is off would be accused of
 * cheating by every verifier, so its model must not be offered. Throws MODEL_SELF_TEST_FAILED.
 * @param compute logits behind the ids, or what else the model answers
 * @returns the largest difference
 */
export async function selfTest(
  compute: (ids: readonly number[]) => Promise<Float32Array>,
  calibration: readonly CalibrationVector[],
  tolerance: number = SELF_TEST_TOLERANCE,
): Promise<number> {
  let largest = 0
  for (const { ids, top } of calibration) {
    const numbers = await compute(ids)
    for (const [id, expected] of top) {
      const difference = Math.abs((numbers[id] ?? Infinity) - expected)
      if (!(difference <= tolerance)) throw failed(difference, tolerance)
      largest = Math.max(largest, difference)
    }
  }
  return largest
}

function failed(difference: number, tolerance: number): EngineError {
  const message =
    'The model computes other numbers here than it was published with, so it is not offered. ' +
    'Delete its pack and pack it again; if that does not help, this processor or device is not supported.'
  return new EngineError('MODEL_SELF_TEST_FAILED', message, { difference, tolerance })
}
