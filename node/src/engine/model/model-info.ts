/** A loaded model as it is offered. */
import type { DeviceReport } from '../device/device-report.ts'
import type { ModelInfo } from '../interface.ts'
import type { LoadedManifest } from './manifest.ts'

/**
 * The one place where it is decided what is promised about a model's answers. The tolerance of a manifest is
 * that of processors; nobody has measured that of a device, so what runs there is opaque whatever the
 * manifest says: its answers are never compared with others, and cannot be called wrong for a last digit.
 * @param device what was found where it runs; left out: it runs on the processor
 */
export function modelInfo(
  { manifest, cid, modelId }: LoadedManifest,
  device?: DeviceReport,
): ModelInfo {
  const { name, contextLength, labels, task } = manifest
  const determinism = device === undefined ? manifest.determinism : 'opaque'
  return {
    ...{ modelId, cid, name, contextLength, determinism, task },
    ...(device === undefined ? {} : { device }),
    ...(labels === undefined ? {} : { labels }),
  }
}
