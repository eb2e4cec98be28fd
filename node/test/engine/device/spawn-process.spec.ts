/** Tests: models in processes of their own, as they run on devices. */
import { expect } from 'chai'
import { EngineHost } from '../../../src/engine/index.ts'
import type { Device, PackedModel } from '../../../src/engine/index.ts'
import { spawnProcess } from '../../../src/engine/device/spawn-process.ts'
import type { ProcessHandle } from '../../../src/engine/device/spawn-process.ts'
import type { EngineComponents } from '../../../src/engine/worker-handle.ts'
import { goldenCases, packedDuckling } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'
import { longRequest, NEVER, readAll, request } from '../support/requests.ts'

/** No machine has both. */
const ELSEWHERE: Device = process.platform === 'win32' ? 'coreml' : 'dml'

describe('engine/device/spawn-process', function () {
  this.timeout(60_000)
  let pack: PackedModel & { remove: () => Promise<void> }
  before(async () => {
    pack = await packedDuckling()
  })
  after(async () => {
    await pack.remove()
  })
  let own: EngineHost
  const handles: ProcessHandle[] = []
  const components: Partial<EngineComponents> = {
    spawn(init, listener) {
      const handle = spawnProcess(init, listener)
      handles.push(handle)
      return handle
    },
  }
  afterEach(async () => {
    await own.stop()
    handles.length = 0
  })

  it('answers as a worker does, one session to a process, and outlives a crash of native code', async () => {
    own = new EngineHost({ folders: [pack.folder, pack.folder], components })
    await own.start()
    const pids = handles.map(({ pid }) => pid)
    expect(new Set([...pids, process.pid]).size).to.equal(3)
    const [golden] = await goldenCases()
    const ask = async (): Promise<number[]> =>
      (await readAll(await own.open(pack.modelId, request(golden?.prompt ?? ''), NEVER))).ids
    expect(await ask()).to.deep.equal(golden?.completionIds)
    const running = await own.open(pack.modelId, longRequest(), NEVER)
    const step = running.step(400, NEVER)
    await step.next()
    process.kill(handles[0]?.pid ?? 0, 'SIGSEGV')
    const { details } = await expectCode('ENGINE_CRASHED', async () => {
      for (;;) if ((await step.next()).done === true) break
    })
    expect(details).to.deep.equal({ reason: 'signal SIGSEGV' })
    expect(await ask()).to.deep.equal(golden?.completionIds)
    expect(handles).to.have.length(3)
    expect(own.stats()).to.include({ crashes: 1, openGenerations: 0 })
  })

  it('is how models run on a device, which is refused with its reason when it is not there', async () => {
    // Without a stand-in: the device decides that there is a process.
    own = new EngineHost({ folders: [pack.folder], device: ELSEWHERE })
    const { details } = await expectCode('DEVICE_UNAVAILABLE', () => own.start())
    expect(details).to.include({ device: ELSEWHERE })
    expect(own.models()).to.deep.equal([])
  })

  it('serves on WebGPU as opaque, or refuses where there is no adapter or it computes wrong', async function () {
    this.timeout(300_000)
    own = new EngineHost({ folders: [pack.folder], device: 'webgpu' })
    const refused = await own.start().then(
      () => null,
      (error: unknown) => error as { code: string },
    )
    if (refused !== null) {
      expect(refused.code).to.be.oneOf(['DEVICE_UNAVAILABLE', 'MODEL_SELF_TEST_FAILED'])
      return
    }
    const [model] = own.models()
    expect(model?.determinism).to.equal('opaque')
    expect(model?.device?.deviceNodes).to.be.above(0)
    const generation = await own.open(pack.modelId, request('What is 6 times 7?'), NEVER)
    expect((await readAll(generation)).text).to.equal('6 times 7 is 42.')
  })

  it('gives a device up whose process dies before it is ready, three times', async () => {
    let spawned = 0
    own = new EngineHost({
      folders: [pack.folder],
      device: 'webgpu',
      components: {
        spawn(_init, listener) {
          spawned++
          queueMicrotask(() => {
            listener.down('signal SIGSEGV')
          })
          return { send: () => undefined, terminate: () => Promise.resolve() }
        },
        schedule(task, delayMs) {
          if (delayMs < 10_000) queueMicrotask(task)
          return () => undefined
        },
      },
    })
    const { details, message } = await expectCode('DEVICE_UNAVAILABLE', () => own.start())
    expect(message).to.contain('driver')
    expect(details).to.deep.equal({ device: 'webgpu', reason: 'signal SIGSEGV' })
    expect(spawned).to.equal(3)
  })

  it('starts models on a device one after the other, for each is timed', async () => {
    const ready: (() => void)[] = []
    const info = { modelId: pack.modelId, cid: pack.cid, name: 'm', contextLength: 9 } as const
    own = new EngineHost({
      folders: ['first', 'second'],
      device: 'webgpu',
      components: {
        spawn(_init, listener) {
          ready.push(() => {
            const told = { ...info, determinism: 'opaque', task: 'text-generation' } as const
            listener.report({ type: 'ready', info: told })
          })
          return { send: () => undefined, terminate: () => Promise.resolve() }
        },
      },
    })
    const starting = own.start()
    expect(ready).to.have.length(1)
    ready[0]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(ready).to.have.length(2)
    ready[1]?.()
    await starting
  })
})
