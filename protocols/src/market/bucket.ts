import { DuckMeshError } from '../errors.ts'

/** Largest bucket: no context is longer. */
const MAX_BUCKET = 2 ** 30

/**
 * Smallest power of two that is at least `tokens` (K-7): what is said of a prompt's length in public.
 *
 * @throws DuckMeshError FIELD_OUT_OF_RANGE unless 1 <= tokens <= 2^30
 */
export function sizeBucket(tokens: number): number {
  if (!Number.isInteger(tokens) || tokens < 1 || tokens > MAX_BUCKET) {
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'A prompt has 1 to 2^30 tokens.', {
      details: { tokens },
    })
  }
  return 2 ** Math.ceil(Math.log2(tokens))
}
