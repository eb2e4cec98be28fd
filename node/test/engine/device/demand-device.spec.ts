/** Tests: a device is had or refused with the reason, never replaced. */
import { expect } from 'chai'
import { demandDevice } from '../../../src/engine/device/demand-device.ts'
import type { DeviceMachine } from '../../../src/engine/device/demand-device.ts'
import type { Device } from '../../../src/engine/device/device.ts'
import { tryDevice } from '../../../src/engine/device/try-device.ts'
import { expectCode } from '../support/expect-code.ts'

/** No machine has both. */
const ELSEWHERE: Device = process.platform === 'win32' ? 'coreml' : 'dml'

const CUDA = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so']

function machine(over: Partial<DeviceMachine> = {}): DeviceMachine & { tried: Device[] } {
  const tried: Device[] = []
  const tryOut = (device: Device): Promise<void> => {
    tried.push(device)
    return Promise.resolve()
  }
  const plain = { platform: 'linux-x64', devices: ['cpu', 'webgpu', 'cuda'], libraries: CUDA }
  return { ...plain, tryOut, ...over, tried }
}

describe('engine/device/demand-device', () => {
  it('tries out what the runtime has, and nothing else', async () => {
    const here = machine()
    for (const device of ['webgpu', 'cuda'] as const) await demandDevice(device, here)
    expect(here.tried).to.deep.equal(['webgpu', 'cuda'])
    const { details, message } = await expectCode('DEVICE_UNAVAILABLE', () =>
      demandDevice('coreml', here),
    )
    expect(message).to.contain('not have it on linux-x64, only cpu, webgpu, cuda.')
    expect(message).to.contain('engine.device')
    expect(details).to.include({ device: 'coreml' })
    expect(here.tried).to.have.length(2)
  })

  it('says which library of CUDA is missing and how to fetch it, before it loads any', async () => {
    for (const [present, missing] of [
      [[], CUDA[0]],
      [[CUDA[0] ?? ''], CUDA[1]],
    ] as const) {
      const here = machine({ libraries: present })
      const { message } = await expectCode('DEVICE_UNAVAILABLE', () => demandDevice('cuda', here))
      expect(message)
        .to.contain(`${missing ?? ''} is not installed`)
        .and.contain('cuda12')
      expect(here.tried).to.deep.equal([])
    }
  })

  it('passes on what the runtime says, and what the device needs', async () => {
    const words = `/src/a.cc:136 f() status == Success was false. Failed to get a WebGPU adapter:\n ${'x'.repeat(1_000)}`
    const here = machine({ tryOut: () => Promise.reject(new Error(words)) })
    const { details, message } = await expectCode('DEVICE_UNAVAILABLE', () =>
      demandDevice('webgpu', here),
    )
    expect(message).to.contain('Vulkan').and.contain('says: Failed to get a WebGPU adapter: xxx')
    expect(details['reason']).to.match(/^Failed to get a WebGPU adapter: x+$/)
    expect(String(details['reason'])).to.have.length(300)
  })

  it('asks the real runtime when nothing else is given', async () => {
    await demandDevice('cpu')
    const { message } = await expectCode('DEVICE_UNAVAILABLE', () => demandDevice(ELSEWHERE))
    expect(message).to.contain(`${process.platform}-${process.arch}, only cpu`)
  })
})

describe('engine/device/try-device', () => {
  it('rejects where the runtime has no such device', async () => {
    await tryDevice('cpu')
    let words = ''
    await tryDevice(ELSEWHERE).catch((error: unknown) => (words = String(error)))
    expect(words).to.contain(ELSEWHERE)
  })
})
