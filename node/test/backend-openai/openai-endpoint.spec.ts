import { DuckMeshError } from '@duckmesh/protocols'
import { systemClock } from '@duckmesh/sdk'
import { expect } from 'chai'
import type { Endpoint, StreamPart } from '../../src/backend-openai/interface.ts'
import { MAX_EVENT_CHARS, READ_TIMEOUT_MS } from '../../src/backend-openai/constants.ts'
import { OpenAiEndpoint } from '../../src/backend-openai/openai-endpoint.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { FakeOpenAi, answering } from './fake-openai.ts'
import type { ChatScript } from './fake-openai.ts'

const never = new AbortController().signal

describe('OpenAiEndpoint', () => {
  let server: FakeOpenAi
  let endpoint: Endpoint

  beforeEach(async () => {
    server = await new FakeOpenAi().start()
    endpoint = at({})
  })
  afterEach(() => server.stop())

  function at(over: { apiKey?: string; clock?: ManualClock }): Endpoint {
    const { clock = systemClock, ...settings } = over
    return new OpenAiEndpoint({ clock, fetch }, { url: server.url, ...settings })
  }

  async function chat(script: ChatScript, signal = never): Promise<StreamPart[]> {
    server.script = script
    const parts: StreamPart[] = []
    for await (const part of endpoint.chat({ model: 'm' }, signal)) parts.push(part)
    return parts
  }

  const textOf = (parts: readonly StreamPart[]): string =>
    parts.map((part) => (part.type === 'text' ? part.text : '')).join('')

  it('lists models, with the key in the header and nowhere else', async () => {
    server.models = ['a', 'b']
    expect(await at({ apiKey: 'sk-1' }).models(never)).to.deep.equal(['a', 'b'])
    expect(await endpoint.models(never)).to.deep.equal(['a', 'b'])
    expect(server.authorizations).to.deep.equal(['Bearer sk-1', undefined])
  })

  it('streams an answer as parts, wherever its bytes are cut', async () => {
    const parts = await chat(async (_, reply) => {
      reply.begin()
      const events = [
        ': a comment',
        'data: {"choices": [{"delta": {"content": "naïve 🦆"}}]}',
        'data: {"choices": [{"delta": {}, "finish_reason": "length"}]}',
        'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}',
      ]
      for (const byte of Buffer.from(events.map((event) => `${event}\n\n`).join(''))) {
        await reply.raw(Uint8Array.of(byte))
      }
      reply.done()
    })
    expect(parts).to.deep.equal([
      { type: 'text', text: 'naïve 🦆' },
      { type: 'quiet' },
      { type: 'finish', reason: 'length' },
      { type: 'usage', promptTokens: 3, completionTokens: 2 },
    ])
  })

  it('takes an end without reason or without mark, but not without both', async () => {
    const finish = { type: 'finish', reason: 'stop' }
    const marked = await chat(async (_, reply) => {
      await reply.begin().delta('a')
      reply.done()
    })
    expect(marked.at(-1)).to.deep.equal(finish)
    const reasoned = await chat(async (_, reply) => {
      await reply.begin().delta('a', 'stop')
      reply.end()
    })
    expect(reasoned.at(-1)).to.deep.equal(finish)
    const broken = chat(async (_, reply) => {
      await reply.begin().delta('a')
      reply.end()
    })
    expect((await rejection(broken)).code).to.equal('BACKEND_FAILED')
  })

  const statuses = [
    [400, 'SPEC_INVALID'],
    [401, 'BACKEND_FAILED'],
    [403, 'BACKEND_FAILED'],
    [404, 'MODEL_NOT_FOUND'],
    [413, 'SPEC_INVALID'],
    [422, 'SPEC_INVALID'],
    [429, 'PROVIDER_BUSY'],
    [500, 'BACKEND_FAILED'],
    [503, 'PROVIDER_BUSY'],
  ] as const
  for (const [status, code] of statuses) {
    it(`turns HTTP ${status} into ${code}, with nothing of what the endpoint says`, async () => {
      const error = await rejection(chat((_, reply) => reply.status(status)))
      expect(error.code).to.equal(code)
      expect(error.details).to.deep.equal({ status })
      expect(`${error.message} ${String(error.cause)}`).to.not.contain('secret')
    })
  }

  const wrong: [string, ChatScript][] = [
    ['JSON where a stream is asked for', (_, reply) => reply.json({ choices: [] })],
    ['an event that is no JSON', (_, reply) => void reply.begin().raw('data: {"secret\n\n')],
    ['an error in the stream', (_, reply) => void reply.begin().event({ error: 'secret' })],
    [
      'a line that does not end',
      async (_, reply) => {
        reply.begin()
        const piece = 'x'.repeat(64 * 1024)
        await reply.raw('data: ')
        for (let sent = 0; sent <= 2 * MAX_EVENT_CHARS && !reply.isGone; sent += piece.length) {
          await Promise.race([reply.raw(piece), reply.gone])
        }
      },
    ],
  ]
  for (const [what, script] of wrong) {
    it(`rejects ${what} with BACKEND_FAILED and closes the connection`, async () => {
      const error = await rejection(chat(script))
      expect(error.code).to.equal('BACKEND_FAILED')
      expect(error.message).to.not.contain('secret')
      if (server.replies[0]?.isGone !== true) await server.replies[0]?.gone
    })
  }

  it('follows no redirect: prompt and key stay where they were sent', async () => {
    const error = await rejection(chat((_, reply) => reply.redirect(`${server.url}/models`)))
    expect(error.code).to.equal('BACKEND_FAILED')
    expect(error.details).to.deep.equal({ status: 307 })
    expect(server.lists).to.equal(0)
  })

  it('gives what came before a connection broke, then rejects with BACKEND_UNREACHABLE', async () => {
    server.script = async (_, reply) => {
      await reply.begin().delta('half')
      await reply.gone
    }
    const parts = endpoint.chat({}, never)
    expect((await parts.next()).value).to.deep.equal({ type: 'text', text: 'half' })
    server.replies[0]?.drop()
    expect((await rejection(parts.next())).code).to.equal('BACKEND_UNREACHABLE')
  })

  it('rejects with BACKEND_UNREACHABLE where nobody listens', async () => {
    await server.stop()
    const dead = new OpenAiEndpoint({ clock: systemClock, fetch }, { url: 'http://127.0.0.1:1/v1' })
    expect((await rejection(dead.models(never))).code).to.equal('BACKEND_UNREACHABLE')
    expect((await rejection(dead.chat({}, never).next())).code).to.equal('BACKEND_UNREACHABLE')
  })

  it('rejects with TIMED_OUT when a read takes too long, at the start and in the middle', async () => {
    const clock = new ManualClock()
    endpoint = at({ clock })
    server.script = async (_, reply) => {
      if (server.chats.length === 2) await reply.begin().delta('a')
      await reply.gone
    }
    const silent = rejection(endpoint.chat({}, never).next())
    await server.chatted(1)
    clock.advance(READ_TIMEOUT_MS)
    expect((await silent).code).to.equal('TIMED_OUT')
    const stalled = endpoint.chat({}, never)
    await stalled.next()
    // Nobody reads now, so nobody is late.
    expect(clock.pending).to.deep.equal([])
    const late = rejection(stalled.next())
    await clock.timerSet()
    clock.advance(READ_TIMEOUT_MS)
    expect((await late).code).to.equal('TIMED_OUT')
    await Promise.all(server.replies.map(({ gone }) => gone))
  })

  it('ends the request at once on abort, also one that the endpoint goes on with', async () => {
    const stop = new AbortController()
    server.script = async (_, reply) => {
      reply.begin()
      while (!reply.isGone) await Promise.race([reply.delta('and '), reply.gone])
    }
    const parts = endpoint.chat({}, stop.signal)
    await parts.next()
    stop.abort(new DuckMeshError('CANCELLED', 'Enough.'))
    const error = await rejection(drain(parts))
    expect(error.code).to.equal('CANCELLED')
    await server.replies[0]?.gone
  })

  it('closes the connection when the reader leaves', async () => {
    server.script = async (_, reply) => {
      await reply.begin().delta('a')
      await reply.gone
    }
    const parts = endpoint.chat({}, never)
    await parts.next()
    await parts.return()
    await server.replies[0]?.gone
  })

  it('does not read ahead: an endpoint that is not read from cannot send on', async () => {
    const piece = 'x'.repeat(64 * 1024)
    let sent = 0
    server.script = async (_, reply) => {
      reply.begin()
      while (!reply.isGone && sent < 4_096) {
        await Promise.race([reply.delta(piece), reply.gone])
        sent += 1
      }
    }
    const parts = endpoint.chat({}, never)
    await parts.next()
    // Turns of the event loop in which a reader that ran ahead would take thousands.
    for (let i = 0; i < 2_000; i++) await new Promise((resolve) => setImmediate(resolve))
    expect(sent).to.be.below(1_000)
    await parts.return()
  })

  it('rejects a list that is none, and one without end, with BACKEND_FAILED', async () => {
    for (const text of ['secret', '{"data": [{"name": "secret"}]}', '[]']) {
      server.list = (reply) => reply.status(200, text)
      const error = await rejection(endpoint.models(never))
      expect(error.code).to.equal('BACKEND_FAILED')
      expect(error.message).to.not.contain('secret')
    }
    server.list = (reply) => {
      reply.begin('application/json')
      void (async () => {
        while (!reply.isGone) await Promise.race([reply.raw(' '.repeat(65_536)), reply.gone])
      })()
    }
    expect((await rejection(endpoint.models(never))).code).to.equal('BACKEND_FAILED')
    server.list = (reply) => reply.status(503)
    expect((await rejection(endpoint.models(never))).code).to.equal('PROVIDER_BUSY')
  })

  it('takes many events in one piece', async () => {
    const deltas = Array.from({ length: 500 }, (_, i) => `${i} `)
    expect(textOf(await chat(answering(deltas)))).to.equal(deltas.join(''))
  })
})

async function drain(parts: AsyncGenerator<StreamPart, void, void>): Promise<void> {
  while ((await parts.next()).done !== true);
}
