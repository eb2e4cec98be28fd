/** Says in the log where models run when that is not the processor. */
import type { Logger } from '@duckmesh/protocols'
import { isSlower } from '../engine/index.ts'
import type { ModelInfo } from '../engine/index.ts'

/** Never silently slower: a device that is gets a warning, and goes on serving because it was asked for. */
export function tellDevices(
  models: readonly Pick<ModelInfo, 'cid' | 'device'>[],
  logger: Pick<Logger, 'info' | 'warn'>,
): void {
  for (const { cid, device } of models) {
    if (device === undefined) continue
    const fields = { cid, ...device }
    if (isSlower(device)) logger.warn('model.slower_than_cpu', fields)
    else logger.info('model.device', fields)
  }
}
