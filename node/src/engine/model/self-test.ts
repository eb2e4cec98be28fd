/** Calibration vectors, recomputed. */
import { EngineError } from '../errors.ts'
import type { CalibrationVector } from './manifest.ts'

/** Largest difference of a raw logit that a node may show at load; float32 kernels differ by 1e-5. */
export const SELF_TEST_TOLERANCE = 1e-3

/**
 * Recomputes the calibration vectors of a manifest. A machine that is off would be accused of
 * cheating by every verifier, so its model must not be offered. Throws MODEL_SELF_TEST_FAILED.
 * @param compute logits behind the ids, or what else the model answers
 */
export async function selfTest(
  compute: (ids: readonly number[]) => Promise<Float32Array>,
  calibration: readonly CalibrationVector[],
): Promise<void> {
  for (const { ids, top } of calibration) {
    const numbers = await compute(ids)
    for (const [id, expected] of top) {
      const difference = Math.abs((numbers[id] ?? Infinity) - expected)
      if (!(difference <= SELF_TEST_TOLERANCE)) throw failed(difference)
    }
  }
}

function failed(difference: number): EngineError {
  const message =
    'The model computes other numbers here than it was published with, so it is not offered. ' +
    'Delete its pack and pack it again; if that does not help, this processor is not supported.'
  const details = { difference, tolerance: SELF_TEST_TOLERANCE }
  return new EngineError('MODEL_SELF_TEST_FAILED', message, details)
}
