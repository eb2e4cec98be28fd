import { systemClock } from '@duckmesh/sdk'
import { expect } from 'chai'
import { OpenAiEndpoint } from '../../src/backend-openai/openai-endpoint.ts'
import { probeEndpoint } from '../../src/backend-openai/probe-endpoint.ts'
import type { ProbeResult } from '../../src/backend-openai/probe-endpoint.ts'
import { PROBE_TIMEOUT_MS } from '../../src/backend-openai/constants.ts'
import type { RemoteModelSettings } from '../../src/backend-openai/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { FakeOpenAi, answering } from './fake-openai.ts'
import type { ChatScript } from './fake-openai.ts'
import { SETTINGS } from './specs.ts'

const never = new AbortController().signal

/** One part, then nothing until the reader is gone. */
const endless: ChatScript = async (_, reply) => {
  await reply.begin().delta('one ')
  await reply.gone
}

describe('probeEndpoint', () => {
  let server: FakeOpenAi

  beforeEach(async () => {
    server = await new FakeOpenAi().start()
  })
  afterEach(() => server.stop())

  function probe(
    clock = systemClock,
    settings: Partial<RemoteModelSettings> = {},
  ): Promise<ProbeResult> {
    const endpoint = new OpenAiEndpoint({ clock, fetch }, { url: server.url })
    return probeEndpoint(endpoint, { ...SETTINGS, ...settings }, clock, never)
  }

  it('breaks a long answer off, then has a short one streamed', async () => {
    server.next.push(endless)
    const { latencyMs, ...rest } = await probe()
    expect(rest).to.deep.equal({ completionTokens: 3, textBytes: 13, continues: false })
    expect(latencyMs).to.be.at.least(0)
    const [long, short] = server.chats
    expect([long?.max_tokens, short?.max_tokens]).to.deep.equal([512, 16])
    expect(short).to.deep.include({ stream: true, stream_options: { include_usage: true } })
    await server.replies[0]?.gone
  })

  const wrong: [string, string, (server: FakeOpenAi) => void][] = [
    ['another model', 'MODEL_NOT_FOUND', (s) => (s.models = ['other'])],
    ['a list that is none', 'BACKEND_FAILED', (s) => (s.list = (reply) => reply.status(200, '{}'))],
    ['a key that is refused', 'BACKEND_FAILED', (s) => (s.list = (reply) => reply.status(401))],
    ['a busy endpoint', 'PROVIDER_BUSY', (s) => (s.script = (_, reply) => reply.status(429))],
    ['no stream', 'BACKEND_FAILED', (s) => (s.script = (_, reply) => reply.json({ choices: [] }))],
    [
      'no usage',
      'BACKEND_FAILED',
      (s) =>
        (s.script = async (_, reply) => {
          await reply.begin().delta('one', 'stop')
          reply.done()
        }),
    ],
    [
      'a stream of nothing',
      'BACKEND_FAILED',
      (s) =>
        (s.script = (_, reply) => {
          reply.begin().done()
        }),
    ],
    [
      'no tokens',
      'BACKEND_FAILED',
      (s) =>
        (s.script = async (_, reply) => {
          await reply.begin().delta('', 'stop')
          await reply.usage(3, 0)
          reply.done()
        }),
    ],
    [
      'an end in the middle',
      'BACKEND_FAILED',
      (s) => {
        s.next.push(endless)
        s.script = async (_, reply) => {
          await reply.begin().delta('one')
          reply.end()
        }
      },
    ],
  ]
  for (const [what, code, arrange] of wrong) {
    it(`rejects ${what} with ${code}`, async () => {
      arrange(server)
      expect((await rejection(probe())).code).to.equal(code)
    })
  }

  const half = 'One, two, three, four, five,'
  const continuations: [string, ChatScript, boolean][] = [
    ['goes on', answering([' six', ', seven']), true],
    // As llama.cpp does with an assistant message that it is not told to continue.
    ['repeats the half answer', answering([`${half} six`, ', seven']), false],
    ['repeats it piece by piece', answering(['One, two,', ' three, four, five, six']), false],
    ['refuses such a request', (_, reply) => reply.status(400), false],
  ]
  for (const [what, script, continues] of continuations) {
    it(`finds out whether an endpoint that ${what} can go on behind a half answer`, async () => {
      server.next.push(answering(['one']), answering(['one']), script)
      const result = await probe(systemClock, { continuation: 'continue_final_message' })
      expect(result.continues).to.equal(continues)
      const [, , last] = server.chats
      expect(last?.messages.at(-1)).to.deep.equal({ role: 'assistant', content: half })
      expect(last).to.include({ continue_final_message: true, add_generation_prompt: false })
    })
  }

  it('rejects an endpoint that breaks while it goes on', async () => {
    const broken: ChatScript = (_, reply) => reply.status(500)
    server.next.push(answering(['one']), answering(['one']), broken)
    const result = rejection(probe(systemClock, { continuation: 'prefill' }))
    expect((await result).code).to.equal('BACKEND_FAILED')
  })

  it('rejects an endpoint that works on for nobody with TIMED_OUT', async () => {
    const clock = new ManualClock()
    // One place, and the broken answer keeps it.
    server.next.push(endless)
    server.script = (_, reply) => reply.gone
    const result = rejection(probe(clock))
    await server.chatted(2)
    clock.advance(PROBE_TIMEOUT_MS)
    expect((await result).code).to.equal('TIMED_OUT')
  })

  it('measures what it takes until the first part by the clock it is given', async () => {
    const clock = new ManualClock()
    server.next.push(endless)
    server.script = async (request, reply) => {
      clock.advance(250)
      await answering(['one'])(request, reply)
    }
    expect((await probe(clock)).latencyMs).to.equal(250)
  })
})
