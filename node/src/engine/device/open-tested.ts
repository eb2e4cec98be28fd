/** Opens a model where it is to run and makes sure that it computes there what it should. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { EngineError } from '../errors.ts'
import type { CalibrationVector } from '../model/manifest.ts'
import { selfTest } from '../model/self-test.ts'
import { comparePlaces } from './compare-places.ts'
import { demandDevice, unavailable } from './demand-device.ts'
import type { DeviceMachine } from './demand-device.ts'
import type { Device, SessionPlace } from './device.ts'
import type { DeviceReport, WorkloadName } from './device-report.ts'
import { placementOf } from './node-placement.ts'
import type { NodePlacement } from './node-placement.ts'
import type { Workload } from './workloads.ts'

/** A kind of model, as far as it must be known to be tested; T is what it finds out about the machine. */
export interface TestableKind<M extends { release(): Promise<void> }, T> {
  open(place: SessionPlace): Promise<M>
  /** Logits behind the ids, or what else the model answers. */
  compute(model: M, ids: readonly number[]): Promise<Float32Array>
  /** Fits a model that passed to the machine. */
  settle(model: M): Promise<T>
  workloads(model: M): Workload[]
}

/** What a model must reproduce (manifest). */
export interface Expected {
  readonly calibration: readonly CalibrationVector[]
  readonly tolerance: number
}

/** report: of a model that does not run on the processor. */
export interface Tested<M, T> {
  readonly model: M
  readonly traits: T
  readonly report?: DeviceReport
}

/**
 * On the processor: opens, computes the calibration vectors, settles. On another device it also finds out
 * which nodes run there, holds the vectors to the manifest's own tolerance, and computes the same on the
 * processor beside it, held to that tolerance too: vectors are short, and kernels of devices were seen to
 * be right for short prompts and wrong for longer ones. A device that is slower is told.
 * Throws DEVICE_UNAVAILABLE, MODEL_UNSUPPORTED, MODEL_SELF_TEST_FAILED.
 */
export async function openTested<M extends { release(): Promise<void> }, T>(
  kind: TestableKind<M, T>,
  place: SessionPlace,
  expected: Expected,
  machine?: DeviceMachine,
): Promise<Tested<M, T>> {
  const { device = 'cpu', threads } = place
  if (device === 'cpu') {
    const model = await kind.open(place)
    await selfTest((ids) => kind.compute(model, ids), expected.calibration)
    return { model, traits: await kind.settle(model) }
  }
  await demandDevice(device, machine)
  const placement = await tracePlacement(kind, { device, threads })
  if (placement.deviceNodes === 0) throw unavailable(device, 'it takes no part of this model.')
  const model = await kind.open(place)
  const { calibration, tolerance } = expected
  const selfTestDifference = await selfTest(
    (ids) => kind.compute(model, ids),
    calibration,
    tolerance,
  )
  const traits = await kind.settle(model)
  const comparison = await compareWithProcessor(kind, model, { device, threads }, tolerance)
  return { model, traits, report: { device, ...placement, selfTestDifference, ...comparison } }
}

/** Runs everything once in a session of its own, for tracing costs time. */
async function tracePlacement<M extends { release(): Promise<void> }, T>(
  kind: TestableKind<M, T>,
  place: SessionPlace & { readonly device: Device },
): Promise<NodePlacement> {
  const folder = await mkdtemp(path.join(tmpdir(), 'duckmesh-trace-'))
  try {
    const model = await kind.open({ ...place, tracePrefix: path.join(folder, 'trace') })
    for (const workload of kind.workloads(model)) {
      await workload.run()
      workload.end()
    }
    // The trace is written when the session ends.
    await model.release()
    const [file = ''] = await readdir(folder)
    return placementOf(JSON.parse(await readFile(path.join(folder, file), 'utf8')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compareWithProcessor<M extends { release(): Promise<void> }, T>(
  kind: TestableKind<M, T>,
  model: M,
  { device, threads }: SessionPlace & { readonly device: Device },
  tolerance: number,
): Promise<Pick<DeviceReport, 'maxDifference' | 'speed'>> {
  const processor = await kind.open({ threads })
  try {
    await kind.settle(processor)
    return await comparePlaces(kind.workloads(model), kind.workloads(processor), {
      judge: (difference, name) => {
        if (difference > tolerance) throw differs(device, { difference, tolerance, name })
      },
    })
  } finally {
    await processor.release()
  }
}

function differs(
  device: Device,
  found: { difference: number; tolerance: number; name: WorkloadName },
): EngineError {
  const message =
    `The model computes other numbers on "${device}" than on the processor, so it is not offered. ` +
    'Update the driver of the device, or set engine.device (--device) to "cpu".'
  return new EngineError('MODEL_SELF_TEST_FAILED', message, { device, ...found })
}
