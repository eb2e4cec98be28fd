/** What was found out about a model that runs on a device instead of the processor. */
import type { Device } from './device.ts'
import type { NodePlacement } from './node-placement.ts'

/** A prompt, one token of one sequence, one token of each of eight sequences; or a text that is encoded. */
export type WorkloadName = 'prompt' | 'one' | 'eight' | 'text'

export interface DeviceReport extends NodePlacement {
  readonly device: Device
  /** Largest difference from a calibration vector of the manifest. */
  readonly selfTestDifference: number
  /** Largest difference of any number from what the processor computes for the same input. */
  readonly maxDifference: number
  /** Speed as a multiple of the processor's, measured side by side at load; below 1 the device is slower. */
  readonly speed: Readonly<Partial<Record<WorkloadName, number>>>
}

/** Whether anything that was measured is slower there than on the processor. */
export function isSlower({ speed }: Pick<DeviceReport, 'speed'>): boolean {
  return Object.values(speed).some((times) => times < 1)
}
