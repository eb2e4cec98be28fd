/** Tests: what must be found out about a model before it is served, on the processor and elsewhere. */
import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { DeviceMachine } from '../../../src/engine/device/demand-device.ts'
import type { SessionPlace } from '../../../src/engine/device/device.ts'
import { openTested } from '../../../src/engine/device/open-tested.ts'
import type { TestableKind } from '../../../src/engine/device/open-tested.ts'
import { expectCode } from '../support/expect-code.ts'

const EXPECTED = { calibration: [{ ids: [1], top: [[0, 5] as [number, number]] }], tolerance: 0.25 }

const MACHINE: DeviceMachine = {
  platform: 'moon-x64',
  devices: ['cpu', 'webgpu'],
  libraries: [],
  tryOut: () => Promise.resolve(),
}

interface FakeSession {
  place: SessionPlace
  release(): Promise<void>
}

/** A model that answers with one number, by where it runs; its trace says that these providers ran a node each. */
class FakeKind implements TestableKind<FakeSession, string> {
  readonly opened: SessionPlace[] = []
  released = 0
  answers = { cpu: 5, device: 5 }
  /** Of what is longer than a calibration vector. */
  longAnswers = { cpu: 7, device: 7 }
  providers = ['WebGpuExecutionProvider', 'CPUExecutionProvider']

  open(place: SessionPlace): Promise<FakeSession> {
    this.opened.push(place)
    const release = async (): Promise<void> => {
      this.released++
      if (place.tracePrefix === undefined) return
      const events = this.providers.map((provider, i) => ({
        cat: 'Node',
        name: `${i}_kernel_time`,
        dur: 1,
        args: { provider, node_index: `${i}` },
      }))
      await writeFile(`${place.tracePrefix}_now.json`, JSON.stringify(events))
    }
    return Promise.resolve({ place, release })
  }

  compute({ place }: FakeSession): Promise<Float32Array> {
    return Promise.resolve(Float32Array.of(this.#of(place, this.answers)))
  }

  settle({ place }: FakeSession): Promise<string> {
    return Promise.resolve(place.device ?? 'cpu')
  }

  workloads({ place }: FakeSession): ReturnType<TestableKind<FakeSession, string>['workloads']> {
    const run = (): Promise<Float32Array> =>
      Promise.resolve(Float32Array.of(this.#of(place, this.longAnswers)))
    return [{ name: 'prompt', run, end: () => undefined }]
  }

  #of({ device }: SessionPlace, numbers: FakeKind['answers']): number {
    return device === undefined || device === 'cpu' ? numbers.cpu : numbers.device
  }
}

const onDevice = (kind: FakeKind): ReturnType<typeof openTested<FakeSession, string>> =>
  openTested(kind, { device: 'webgpu', threads: 3 }, EXPECTED, MACHINE)

describe('engine/device/open-tested', () => {
  it('only computes the calibration vectors on the processor', async () => {
    const kind = new FakeKind()
    const tested = await openTested(kind, { threads: 2 }, EXPECTED)
    expect(tested.model.place).to.deep.equal({ threads: 2 })
    expect(tested).to.not.have.property('report')
    expect(tested.traits).to.equal('cpu')
    expect(kind.opened).to.have.length(1)
    kind.answers.cpu = 5.2
    await expectCode('MODEL_SELF_TEST_FAILED', () => openTested(kind, { threads: 2 }, EXPECTED))
  })

  it('reports which nodes ran on the device, how much it differs, and how fast it is', async () => {
    const kind = new FakeKind()
    kind.answers.device = 5.125
    kind.longAnswers.device = 7.25
    const { model, report, traits } = await onDevice(kind)
    expect(model.place).to.deep.equal({ device: 'webgpu', threads: 3 })
    expect(traits).to.equal('webgpu')
    const { speed, ...found } = report ?? { speed: {} }
    expect(found).to.deep.equal({
      ...{ device: 'webgpu', nodes: 2, deviceNodes: 1, deviceTime: 0.5 },
      ...{ selfTestDifference: 0.125, maxDifference: 0.25 },
    })
    expect(speed.prompt).to.be.above(0)
    const [traced, , beside] = kind.opened
    expect(existsSync(path.dirname(traced?.tracePrefix ?? '.')), 'traces left behind').to.equal(
      false,
    )
    expect(beside, 'measured beside the processor').to.deep.equal({ threads: 3 })
    expect(kind.released, 'all but the model').to.equal(kind.opened.length - 1)
  })

  it('refuses a device that takes none of the nodes', async () => {
    const kind = new FakeKind()
    kind.providers = ['CPUExecutionProvider']
    const { message } = await expectCode('DEVICE_UNAVAILABLE', () => onDevice(kind))
    expect(message).to.contain('it takes no part of this model')
  })

  it("holds the device to the manifest's tolerance: vectors, and longer inputs beside the processor", async () => {
    const kind = new FakeKind()
    kind.answers.device = 5.3
    const vectors = await expectCode('MODEL_SELF_TEST_FAILED', () => onDevice(kind))
    expect(vectors.details['tolerance']).to.equal(0.25)
    kind.answers.device = 5
    kind.longAnswers.device = 7.3
    const longer = await expectCode('MODEL_SELF_TEST_FAILED', () => onDevice(kind))
    expect(longer.details).to.include({ device: 'webgpu', tolerance: 0.25, name: 'prompt' })
  })

  it('does not open a model for a device that is not there', async () => {
    const kind = new FakeKind()
    await expectCode('DEVICE_UNAVAILABLE', () =>
      openTested(kind, { device: 'cuda', threads: 1 }, EXPECTED, MACHINE),
    )
    expect(kind.opened).to.deep.equal([])
  })
})
