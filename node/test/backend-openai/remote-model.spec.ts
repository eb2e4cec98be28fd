import { DuckMeshError, TextPacker, isTextModel, textModelId } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import { expect } from 'chai'
import {
  RETRY_FIRST_MS,
  RETRY_MOST_MS,
  WATCH_INTERVAL_MS,
} from '../../src/backend-openai/constants.ts'
import type { RemoteModelSettings } from '../../src/backend-openai/index.ts'
import type { ChatBody, Endpoint, StreamPart } from '../../src/backend-openai/interface.ts'
import { RemoteModel } from '../../src/backend-openai/remote-model.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { refusal, rejection } from '../reject.ts'
import { settle } from '../settle.ts'
import { SETTINGS, SPEC } from './specs.ts'

const never = new AbortController().signal

/** An endpoint that works until it is told a code to fail with. */
class ScriptedEndpoint implements Endpoint {
  listFails: ErrorCode | undefined
  chatFails: ErrorCode | undefined
  /** Whether it says a last message of the assistant again. */
  repeats = false
  lists = 0
  readonly bodies: ChatBody[] = []

  async models(): Promise<string[]> {
    this.lists += 1
    if (this.listFails !== undefined) throw new DuckMeshError(this.listFails, 'No list.')
    return [SETTINGS.model]
  }

  async *chat(body: ChatBody, signal: AbortSignal): AsyncGenerator<StreamPart, void, void> {
    this.bodies.push(body)
    signal.throwIfAborted()
    if (this.chatFails !== undefined) throw new DuckMeshError(this.chatFails, 'No chat.')
    const messages = body['messages'] as { role: string; content: string }[]
    const last = messages.at(-1)
    if (this.repeats && last?.role === 'assistant') yield { type: 'text', text: last.content }
    yield { type: 'text', text: 'one two' }
    yield { type: 'finish', reason: 'stop' }
    yield { type: 'usage', promptTokens: 1, completionTokens: 2 }
  }
}

class World {
  readonly clock = new ManualClock(1_000)
  readonly endpoint = new ScriptedEndpoint()
  readonly logs = new NotedLogs()
  changes = 0
  readonly model: RemoteModel

  constructor(settings: Partial<RemoteModelSettings> = {}) {
    const { clock, endpoint, logs: logger } = this
    const onChange = (): void => {
      this.changes += 1
    }
    this.model = new RemoteModel(
      { clock, endpoint, logger, onChange },
      { ...SETTINGS, ...settings },
    )
  }

  get isOffered(): boolean {
    return this.model.info !== undefined
  }

  /** Lets `ms` pass and all that it starts run. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await settle()
    await settle()
  }

  async started(): Promise<this> {
    this.model.start()
    await this.pass(0)
    return this
  }

  /** One answer as a job takes it; the code when it fails. */
  async job(): Promise<string> {
    const generation = this.model.open(SPEC, [])
    let text = ''
    try {
      for await (const group of generation.step(64, never)) text += group.text
      return text
    } catch (error) {
      return (error as DuckMeshError).code
    } finally {
      generation.close()
    }
  }
}

function idsOf(text: string): number[] {
  const packer = new TextPacker()
  return [...packer.push(text), ...packer.flush()].map(({ id }) => id)
}

describe('RemoteModel', () => {
  it('is offered after its probe, as an opaque text model', async () => {
    const world = new World()
    expect(world.isOffered).to.equal(false)
    await world.started()
    expect(world.model.info).to.deep.equal({
      modelId: textModelId('remote'),
      cid: '',
      name: 'remote',
      contextLength: 1_024,
      determinism: 'opaque',
      task: 'text-generation',
    })
    expect(isTextModel(world.model.modelId)).to.equal(true)
    expect(world.changes).to.equal(1)
    expect(world.logs.of('backend.offered')).to.deep.equal([
      { name: 'remote', latencyMs: 0, completionTokens: 2, textBytes: 7, continues: false },
    ])
  })

  it('is not offered while the probe fails; the pauses double up to five minutes', async () => {
    const world = new World()
    world.endpoint.chatFails = 'BACKEND_FAILED'
    await world.started()
    const pauses: number[] = []
    for (let i = 0; i < 8; i++) {
      const [next = 0] = world.clock.pending
      pauses.push(next - world.clock.now())
      await world.pass(next - world.clock.now())
    }
    const expected = [1, 2, 4, 8, 16, 32].map((times) => times * RETRY_FIRST_MS)
    expect(pauses).to.deep.equal([...expected, RETRY_MOST_MS, RETRY_MOST_MS])
    expect(world.isOffered).to.equal(false)
    expect(world.changes).to.equal(0)
    expect(world.logs.of('backend.not_offered')[0]).to.deep.equal({
      name: 'remote',
      code: 'BACKEND_FAILED',
      retryMs: RETRY_FIRST_MS,
    })
    world.endpoint.chatFails = undefined
    await world.pass(RETRY_MOST_MS)
    expect(world.isOffered).to.equal(true)
  })

  it('is looked at once a minute, which asks for no answer', async () => {
    const world = await new World().started()
    const { length } = world.endpoint.bodies
    await world.pass(WATCH_INTERVAL_MS)
    await world.pass(WATCH_INTERVAL_MS)
    expect(world.endpoint.lists).to.equal(3)
    expect(world.endpoint.bodies).to.have.length(length)
    expect(world.isOffered).to.equal(true)
  })

  it('is withdrawn when the endpoint is gone, and back after a probe', async () => {
    const world = await new World().started()
    world.endpoint.listFails = 'BACKEND_UNREACHABLE'
    await world.pass(WATCH_INTERVAL_MS)
    expect(world.isOffered).to.equal(false)
    expect(world.changes).to.equal(2)
    world.endpoint.listFails = undefined
    await world.pass(RETRY_FIRST_MS)
    expect(world.isOffered).to.equal(true)
    expect(world.changes).to.equal(3)
  })

  it('stays when the endpoint is only busy', async () => {
    const world = await new World().started()
    world.endpoint.listFails = 'PROVIDER_BUSY'
    await world.pass(WATCH_INTERVAL_MS)
    world.endpoint.chatFails = 'PROVIDER_BUSY'
    expect(await world.job()).to.equal('PROVIDER_BUSY')
    world.endpoint.chatFails = 'SPEC_INVALID'
    expect(await world.job()).to.equal('SPEC_INVALID')
    expect(world.isOffered).to.equal(true)
  })

  for (const code of [
    'BACKEND_FAILED',
    'BACKEND_UNREACHABLE',
    'MODEL_NOT_FOUND',
    'TIMED_OUT',
  ] as const) {
    it(`is withdrawn when a job fails with ${code}, until a probe passed`, async () => {
      const world = await new World().started()
      expect(await world.job()).to.equal('one two')
      world.endpoint.chatFails = code
      expect(await world.job()).to.equal(code)
      expect(world.isOffered).to.equal(false)
      expect(refusal(() => world.model.open(SPEC, [])).code).to.equal('BACKEND_UNREACHABLE')
      world.endpoint.chatFails = undefined
      await world.pass(RETRY_FIRST_MS - 1)
      expect(world.isOffered, 'probes cost tokens: not two within 5 s').to.equal(false)
      await world.pass(1)
      expect(world.isOffered).to.equal(true)
    })
  }

  it('opens no more answers than it has slots', async () => {
    const world = await new World().started()
    const [first] = [world.model.open(SPEC, []), world.model.open(SPEC, [])]
    expect(refusal(() => world.model.open(SPEC, [])).code).to.equal('ENGINE_BUSY')
    first.close()
    first.close()
    world.model.open(SPEC, [])
    expect(refusal(() => world.model.open(SPEC, [])).code).to.equal('ENGINE_BUSY')
  })

  it('takes no embeddings and no classifications', async () => {
    const world = await new World().started()
    const numbers = { ...SPEC, task: 'embed', texts: ['a'] } as const
    const spec = { ...numbers, texts: [...numbers.texts] }
    expect(refusal(() => world.model.open(spec, [])).code).to.equal('NOT_SUPPORTED')
  })

  it('counts the prompt by its text, and leaves the answer what the context has', async () => {
    const world = await new World({ contextLength: 40 }).started()
    const generation = world.model.open(SPEC, [])
    // 4 + 5 + 8 bytes.
    expect(generation.tokensIn).to.equal(5)
    await generation.step(1, never).next()
    expect(world.endpoint.bodies.at(-1)).to.include({ max_tokens: 35 })
    generation.close()
    const long = { ...SPEC, messages: [{ role: 'user', content: 'x'.repeat(148) }] }
    expect(
      world.model.open({ ...long, messages: [{ role: 'user', content: 'x'.repeat(144) }] }, [])
        .tokensIn,
    ).to.equal(39)
    const error = refusal(() => world.model.open(long, []))
    expect(error.code).to.equal('PROMPT_TOO_LONG')
    expect(error.details).to.deep.equal({ tokensIn: 40, contextLength: 40 })
  })

  it('goes on from a prefix with what is left of the answer', async () => {
    const world = await new World({ continuation: 'prefill' }).started()
    const ids = idsOf('half an ')
    const generation = world.model.open(SPEC, ids)
    expect(generation.tokensIn).to.equal(5 + 2)
    await generation.step(1, never).next()
    const body = world.endpoint.bodies.at(-1)
    expect(body).to.deep.include({
      messages: [...SPEC.messages, { role: 'assistant', content: 'half an ' }],
      max_tokens: 62,
    })
    generation.close()
    const wrong = refusal(() => world.model.open(SPEC, [0xffff_ffff]))
    expect(wrong.code).to.equal('SPEC_INVALID')
    const without = await new World().started()
    expect(refusal(() => without.model.open(SPEC, ids)).code).to.equal('NOT_SUPPORTED')
  })

  it('does not go on where the endpoint would repeat what others delivered', async () => {
    const world = new World({ continuation: 'prefill' })
    world.endpoint.repeats = true
    await world.started()
    expect(world.isOffered).to.equal(true)
    expect(world.logs.of('backend.offered')[0]).to.include({ continues: false })
    expect(refusal(() => world.model.open(SPEC, idsOf('half an '))).code).to.equal('NOT_SUPPORTED')
    expect(await world.job()).to.equal('one two')
  })

  it('ends open answers when it stops, and looks no more', async () => {
    const world = await new World().started()
    const generation = world.model.open(SPEC, [])
    world.model.stop()
    const error = await rejection(generation.step(1, never).next())
    expect(error.code).to.equal('CANCELLED')
    expect(world.clock.pending).to.deep.equal([])
    const { lists } = world.endpoint
    await world.pass(WATCH_INTERVAL_MS)
    expect(world.endpoint.lists).to.equal(lists)
  })
})
