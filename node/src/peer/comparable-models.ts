/** Redundant jobs are for models whose answers can be compared; this node may run one so that they cannot. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { MODE_REDUNDANT } from '@duckmesh/protocols/dispatch'
import type { ModelInfo } from '../engine/index.ts'

/**
 * Rule T-6 for models that have a manifest and are opaque here, for instance because they run on a graphics card: others
 * may serve the same model redundantly, this node passes. Throws NOT_SUPPORTED.
 * @param models what this node serves
 */
export function demandComparable(
  { mode, modelId }: { mode: number; modelId: Hex },
  models: readonly Pick<ModelInfo, 'determinism' | 'modelId'>[],
): void {
  const model = models.find((one) => one.modelId === modelId)
  if (mode !== MODE_REDUNDANT || model?.determinism !== 'opaque') return
  throw new DuckMeshError('NOT_SUPPORTED', 'The model is opaque here, so it is not compared.', {
    details: { determinism: 'opaque' },
  })
}
