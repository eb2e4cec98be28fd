/** Says whether this machine can compute on a device, before a model is loaded for it. */
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { listSupportedBackends } from 'onnxruntime-node'
import { EngineError } from '../errors.ts'
import { DEVICES } from './device.ts'
import type { Device } from './device.ts'
import { tryDevice } from './try-device.ts'

/** What is asked about a machine. */
export interface DeviceMachine {
  /** For instance linux-x64. */
  readonly platform: string
  /** Devices that the runtime's binding was built for. */
  readonly devices: readonly string[]
  /** Names of the files beside the binding, where it looks for providers that are not part of it. */
  readonly libraries: readonly string[]
  /** Computes something small there and nowhere else; rejects in the runtime's words. */
  tryOut(device: Device): Promise<void>
}

/** Files that the CUDA provider consists of; the npm package does not contain them. */
const CUDA_LIBRARIES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so']

/** What else must be there, by device. */
const NEEDS: Readonly<Record<Device, string>> = {
  cpu: 'Install onnxruntime-node again.',
  webgpu:
    'It needs a graphics card with a driver for Vulkan (Linux), Direct3D 12 (Windows) or Metal (macOS).',
  cuda: 'It needs an NVIDIA card, its driver, and CUDA and cuDNN of the versions that onnxruntime was built for, where the system looks for libraries.',
  coreml: 'It needs macOS on a machine that CoreML knows.',
  dml: 'It needs Windows and a graphics card with a driver for Direct3D 12.',
}

/** Longest part of the runtime's words that is passed on, characters. */
const MAX_REASON = 300

/**
 * Whoever asks for a device gets it or an error, never the processor instead. Throws DEVICE_UNAVAILABLE,
 * which says what is missing and what to do.
 */
export async function demandDevice(
  device: Device,
  machine: DeviceMachine = thisMachine(),
): Promise<void> {
  const { devices, libraries, platform } = machine
  if (!devices.includes(device)) {
    const there = devices.join(', ')
    throw unavailable(device, `onnxruntime does not have it on ${platform}, only ${there}.`)
  }
  const missing = CUDA_LIBRARIES.find((name) => device === 'cuda' && !libraries.includes(name))
  if (missing !== undefined) {
    const how = 'ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install'
    throw unavailable(device, `${missing} is not installed; fetch it with \`${how}\`.`)
  }
  try {
    await machine.tryOut(device)
  } catch (cause) {
    throw unavailable(device, NEEDS[device], cause)
  }
}

/** The error of a device that cannot be used; `what` is a sentence. */
export function unavailable(device: Device, what: string, cause?: unknown): EngineError {
  const words = cause instanceof Error ? plain(cause.message) : ''
  const said = words === '' ? '' : ` onnxruntime says: ${words}.`
  const message = `The device "${device}" cannot be used here: ${what}${said} Or set engine.device (--device) to "cpu".`
  const details = { device, reason: words === '' ? what : words }
  return new EngineError('DEVICE_UNAVAILABLE', message, details, cause)
}

/** Without the place in the runtime's sources and the condition that failed there. */
function plain(words: string): string {
  const told = words.replace(/\s+/g, ' ').replace(/^.* was (?:false|true)\. /, '')
  return told.slice(0, MAX_REASON).trim()
}

function thisMachine(): DeviceMachine {
  const { arch, platform } = process
  const known = new Set(listSupportedBackends().map(({ name }) => name))
  return {
    platform: `${platform}-${arch}`,
    devices: DEVICES.filter((device) => known.has(device)),
    libraries: librariesOf(platform, arch),
    tryOut: tryDevice,
  }
}

/** The package keeps the binding in bin/<version of its interface>/<platform>/<arch>. */
function librariesOf(platform: string, arch: string): string[] {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node')
  const bin = path.join(path.dirname(entry), '../bin')
  return readdirSync(bin, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.dirname(file).endsWith(path.join(platform, arch)))
    .map((file) => path.basename(file))
}
