import { expect } from 'chai'
import fc from 'fast-check'
import type { JobSpec } from '@duckmesh/proto'
import type { OpenGeneration, StepFinish, TokenGroup } from '../../../src/dispatch/index.ts'
import { gate } from '../../support/scripted-engine.ts'
import { Fleet } from '../support/fleet.ts'
import type { FleetProvider } from '../support/fleet.ts'

const ANSWER = 'Die Ente 🦆 schwimmt über den Fluß — « vite », dit-elle. 鴨子游過河。'
const BYTES = new TextEncoder().encode(ANSWER)

/**
 * A model whose every token is one byte of UTF-8, as byte-level vocabularies have them: a character comes out with
 * its last token, and until then its bytes are held back. It replays a prefix for its text state only.
 */
function serveBytes(provider: FleetProvider, pause?: { at: number; wait: Promise<void> }): void {
  provider.engine.open = (_modelId, spec, prefixIds) =>
    Promise.resolve(open(spec, prefixIds, pause))
}

function open(
  spec: JobSpec,
  prefixIds: readonly number[],
  pause?: { at: number; wait: Promise<void> },
): OpenGeneration {
  const decoder = new TextDecoder()
  decoder.decode(Uint8Array.from(prefixIds), { stream: true })
  const state = { tokens: prefixIds.length }
  async function* step(most: number): AsyncGenerator<TokenGroup, StepFinish> {
    for (let left = most; left > 0 && state.tokens < BYTES.length; left -= 1) {
      if (pause?.at === state.tokens) await pause.wait
      const id = BYTES[state.tokens] ?? 0
      state.tokens += 1
      yield { ids: [id], text: decoder.decode(Uint8Array.of(id), { stream: true }) }
    }
    if (state.tokens >= BYTES.length) return { finishReason: 'stop' }
    return { finishReason: state.tokens >= spec.maxTokens ? 'length' : null }
  }
  return { tokensIn: 10 + prefixIds.length, step, close: () => undefined }
}

/** Runs the answer with a break after each of these token counts; the last provider ends it. */
async function broken(breaks: readonly number[]): Promise<{ text: string; deltas: string[] }> {
  const fleet = new Fleet(breaks.length + 1)
  const gates = breaks.map(() => gate())
  for (const provider of fleet.providers) {
    const at = breaks[provider.index]
    const held = gates[provider.index]
    serveBytes(
      provider,
      at === undefined || held === undefined ? undefined : { at, wait: held.wait },
    )
  }
  const job = await fleet.stream({ maxTokens: 200 })
  const finishing = fleet.finish(job)
  for (const [index, tokens] of breaks.entries()) {
    await fleet.until(() => fleet.sent('chunk').length === tokens, `token ${tokens}`)
    await fleet.quiet()
    fleet.at(index).cut()
    gates[index]?.open()
  }
  const { outcome, events } = await finishing
  expect(outcome.failure).to.equal(undefined)
  expect(outcome.ids).to.deep.equal([...BYTES])
  const deltas = events.flatMap((event) => (event.type === 'text' ? [event.text] : []))
  return { text: outcome.text, deltas }
}

describe('text that goes on at another provider', () => {
  it('joins wherever the bytes of a character are cut', async () => {
    const duck = new TextEncoder().encode(ANSWER.slice(0, ANSWER.indexOf('🦆'))).length
    for (const at of [duck, duck + 1, duck + 2, duck + 3, duck + 4]) {
      const { text, deltas } = await broken([at])
      expect(text).to.equal(ANSWER)
      expect(deltas.join('')).to.equal(ANSWER)
    }
  })

  it('joins over several breaks inside one character', async () => {
    const duck = new TextEncoder().encode(ANSWER.slice(0, ANSWER.indexOf('🦆'))).length
    expect((await broken([duck + 1, duck + 2, duck + 3])).text).to.equal(ANSWER)
  })

  it('joins at any pair of breaks', async () => {
    const position = fc.integer({ min: 1, max: BYTES.length - 1 })
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(position, { minLength: 1, maxLength: 2 }), async (breaks) => {
        const { text } = await broken([...breaks].sort((a, b) => a - b))
        expect(text).to.equal(ANSWER)
      }),
      { numRuns: 12 },
    )
  })
})
