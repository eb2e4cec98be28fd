import { EngineError } from '../errors.ts'
import type { LanguageModel, SequenceCache } from '../run/interface.ts'
import type { CalibrationVector } from './manifest.ts'

/** Largest difference of a raw logit that a node may show at load; float32 kernels differ by 1e-5. */
export const SELF_TEST_TOLERANCE = 1e-3

/**
 * Recomputes the calibration vectors of a manifest. A machine that is off would be accused of
 * cheating by every verifier, so its model must not be offered. Throws MODEL_SELF_TEST_FAILED.
 */
export async function selfTest<C extends SequenceCache>(
  model: LanguageModel<C>,
  calibration: readonly CalibrationVector[],
): Promise<void> {
  for (const { ids, top } of calibration) {
    const logits = await model.prefill(model.createCache(), ids)
    for (const [id, expected] of top) {
      const difference = Math.abs((logits[id] ?? Infinity) - expected)
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
